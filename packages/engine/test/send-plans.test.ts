/**
 * Which From a mail may have now: for the effective sender, for a From that is asked for, and when nobody may.
 */
import {
  accountOwner,
  installationAccount,
  KeyId,
  type KeyRingCommand,
  type KeySlot,
  keyRingDecider,
  keyRingId,
  keySlots,
  type OwnerInput
} from "@countersign/core"
import {
  type Caller,
  Executor,
  SenderDirectory,
  Senders,
  type SendPlan,
  SendPlans,
  StorageUnavailable
} from "@countersign/engine"
import { MemoryMailer } from "@countersign/memory"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Fiber, Latch, Layer, Random } from "effect"
import { add as addDomain, dnsWorld, drop, publish } from "./DnsWorld.ts"
import { createAccount, pass, settle, tokenOf } from "./World.ts"

const test = (title: string, body: Effect.Effect<void, unknown, Layer.Success<typeof dnsWorld>>) =>
  it.effect(title, () => body.pipe(Effect.provide(dnsWorld), Random.withSeed(title)))

const toRing = Effect.fnUntraced(function* (command: KeyRingCommand) {
  const request = { account: installationAccount, actor: "operator", correlation: "test" }
  yield* (yield* Executor).execute(request, (tx) => tx.decide(keyRingDecider, keyRingId, command))
})

const keyOf = (slot: KeySlot) => KeyId.make(`key-${slot}`)

/** A ring whose keys are all seen; slot 1 signs. */
const keysSeen = Effect.gen(function* () {
  const at = yield* Clock.currentTimeMillis
  for (const slot of keySlots) {
    yield* toRing({ _tag: "GenerateKey", at, slot, keyId: keyOf(slot), publicKey: `MIG${slot}` })
    yield* toRing({ _tag: "RecordKeySeen", at, slot, keyId: keyOf(slot), keptFor: 0, evidence: [] })
  }
})

const owner = (organization?: string): OwnerInput =>
  organization === undefined ? accountOwner : { _tag: "Organization", organization }

/** An address that is confirmed, on a domain whose records are published. */
const active = Effect.fnUntraced(function* (caller: Caller, address: string, organization?: string) {
  const senders = yield* Senders
  const { sender } = yield* senders.add({ ...caller, owner: owner(organization), address })
  yield* pass("1 second")
  const mail = (yield* (yield* MemoryMailer).accepted).findLast(({ to }) => to === address)
  yield* senders.confirm({ token: tokenOf(mail) })
  yield* publish(sender)
  yield* pass("1 minute")
  return sender
})

const plan = (caller: Caller, from?: string, organization?: string) =>
  Effect.flatMap(Senders, (senders) =>
    senders.sendPlan({
      account: caller.account,
      ...(from === undefined ? {} : { from }),
      ...(organization === undefined ? {} : { organization })
    })
  )

const codes = ({ obstacles }: SendPlan) => obstacles.map(({ code }) => code)

describe("a send plan", () => {
  test(
    "is the effective sender, signed with the slot that signs",
    Effect.gen(function* () {
      yield* keysSeen
      const caller = yield* createAccount()
      const sender = yield* active(caller, "Jane@acme.com")
      const { from, reason, sign, validUntil } = yield* plan(caller)
      assert.deepStrictEqual([from, reason], ["Jane@acme.com", "active"])
      assert.deepStrictEqual(sign, { domain: sender.domain, selector: sender.plan.tokens[0], slot: 1 })
      assert.isAtMost(validUntil - (yield* Clock.currentTimeMillis), 1_000)
      assert.strictEqual((yield* plan(caller, "JANE@ACME.com")).from, "Jane@acme.com")
    })
  )

  test(
    "is the fallback before the sender is active, after it was removed, and for what is nobody's",
    Effect.gen(function* () {
      yield* keysSeen
      const senders = yield* Senders
      const caller = yield* createAccount()
      assert.deepStrictEqual(codes(yield* plan(caller)), ["no-active-sender"])
      const { sender } = yield* senders.add({ ...caller, owner: accountOwner, address: "new@acme.com" })
      yield* pass("1 second")
      assert.deepStrictEqual(codes(yield* plan(caller, "new@acme.com")), ["sender-not-active"])
      const jane = yield* active(caller, "jane@acme.com")
      assert.strictEqual((yield* plan(caller)).sender, jane.id)
      yield* senders.remove({ ...caller, id: jane.id })
      yield* pass("1 second")
      assert.deepStrictEqual(codes(yield* plan(caller, "jane@acme.com")), ["from-not-a-sender"])
      for (const from of ["x@other.com", "new@acme.com.evil.com", "new@sub.acme.com", "no address"]) {
        assert.deepStrictEqual(codes(yield* plan(caller, from)), ["from-not-a-sender"], from)
      }
      assert.isUndefined((yield* plan(caller, "new@acme.com")).sign)
      assert.strictEqual(sender.status, "pending")
    })
  )

  test(
    "keeps organizations apart, and other accounts' senders from each other",
    Effect.gen(function* () {
      yield* keysSeen
      const [one, two] = [yield* createAccount("one@one.com"), yield* createAccount("two@two.com")]
      yield* active(one, "org@acme.com", "o1")
      assert.strictEqual((yield* plan(one, "org@acme.com", "o1")).reason, "active")
      assert.deepStrictEqual(codes(yield* plan(one, "org@acme.com", "o2")), ["from-not-a-sender"])
      assert.deepStrictEqual(codes(yield* plan(one, "org@acme.com")), ["from-not-a-sender"])
      assert.deepStrictEqual(codes(yield* plan(two, "org@acme.com", "o1")), ["from-not-a-sender"])
      const account = yield* active(one, "all@acme.com")
      assert.strictEqual((yield* plan(one, undefined, "o9")).sender, account.id)
    })
  )

  test(
    "lets a whole domain send as any of its addresses, and as no other's",
    Effect.gen(function* () {
      yield* keysSeen
      const caller = yield* createAccount()
      const sender = yield* addDomain(caller, "acme.com")
      yield* publish(sender)
      yield* pass("1 minute")
      assert.strictEqual((yield* plan(caller, "anyone@acme.com")).from, "anyone@acme.com")
      assert.deepStrictEqual(codes(yield* plan(caller, "anyone@sub.acme.com")), ["from-not-a-sender"])
      // The sender's own name is no address.
      assert.deepStrictEqual(codes(yield* plan(caller, "acme.com")), ["from-not-a-sender"])
      assert.deepStrictEqual(codes(yield* plan(caller, "anyone@acme.com", "o1")), ["from-not-a-sender"])
    })
  )

  test(
    "signs with another slot while the record of the one that signs is gone, and with none while no key is seen",
    Effect.gen(function* () {
      const caller = yield* createAccount()
      const sender = yield* active(caller, "jane@acme.com")
      assert.deepStrictEqual(codes(yield* plan(caller)), ["signing-key-unpublished"])
      yield* keysSeen
      yield* pass("1 second")
      assert.strictEqual((yield* plan(caller)).sign?.slot, 1)
      const witness = yield* addDomain(yield* createAccount("w@w.com"), "witness.com")
      yield* publish(witness)
      yield* drop({ ...sender, plan: { ...sender.plan, records: sender.plan.records.slice(0, 1) } })
      yield* pass("2 days")
      assert.strictEqual((yield* plan(caller)).sign?.slot, 2)
      const at = yield* Clock.currentTimeMillis
      for (const slot of [2, 3] as const) yield* toRing({ _tag: "RevokeKey", at, slot })
      yield* pass("1 second")
      assert.deepStrictEqual(codes(yield* plan(caller)), ["record-of-the-key-missing"])
    })
  )

  test(
    "is closed while the log cannot be read, and open again by itself",
    Effect.gen(function* () {
      yield* keysSeen
      const caller = yield* createAccount()
      yield* active(caller, "jane@acme.com")
      assert.strictEqual((yield* plan(caller)).reason, "active")
      const faults = yield* StorageFaults
      yield* faults.breakDown()
      yield* pass("2 seconds")
      const waiting = yield* Effect.forkChild(plan(caller))
      yield* pass("6 seconds")
      const { from, obstacles } = yield* Fiber.join(waiting)
      assert.deepStrictEqual([from, obstacles[0]?.code], [undefined, "storage-unavailable"])
      yield* faults.restore
      yield* pass("1 second")
      assert.strictEqual((yield* plan(caller)).reason, "active")
    })
  )
})

/** Send plans over a directory whose first pages are read at once, and handed over when the test says so. */
const plansOverSlowPages = Effect.gen(function* () {
  const directory = yield* SenderDirectory
  const gates = [yield* Latch.make(), yield* Latch.make()]
  let pages = 0
  let failures = 0
  const page: (typeof directory)["page"] = (query) =>
    Effect.tap(directory.page(query), () => {
      const gate = gates[pages++]
      return gate === undefined ? Effect.void : Latch.await(gate)
    })
  const find: (typeof directory)["find"] = (account, id) =>
    failures-- > 0 ? Effect.fail(new StorageUnavailable({ reason: "a test" })) : directory.find(account, id)
  const slow = Layer.build(Layer.fresh(SendPlans.layer))
  const plans = Context.get(
    yield* Effect.provideService(slow, SenderDirectory, { ...directory, find, page }),
    SendPlans
  )
  return { plans, gates, failNext: (times: number) => Effect.sync(() => (failures = times)) }
})

describe("what is removed while an account is read for the first time", () => {
  test(
    "is signed for by nobody, when two mails ask for the account at once",
    Effect.gen(function* () {
      yield* keysSeen
      const caller = yield* createAccount()
      const jane = yield* active(caller, "jane@acme.com")
      const { plans, gates } = yield* plansOverSlowPages
      const ask = plans.plan({ account: jane.account, from: "jane@acme.com" })
      const both = [yield* Effect.forkChild(ask), yield* Effect.forkChild(ask)]
      yield* settle
      yield* Latch.open(gates[0] ?? assert.fail())
      yield* settle
      yield* (yield* Senders).remove({ ...caller, id: jane.id })
      yield* pass("1 second")
      yield* Latch.open(gates[1] ?? assert.fail())
      yield* pass("1 second")
      yield* Fiber.awaitAll(both)
      assert.deepStrictEqual(codes(yield* ask), ["from-not-a-sender"])
    }).pipe(Effect.scoped)
  )

  test(
    "is signed for by nobody, when the storage fails while the change is read",
    Effect.gen(function* () {
      yield* keysSeen
      const caller = yield* createAccount()
      const jane = yield* active(caller, "jane@acme.com")
      const { plans, gates, failNext } = yield* plansOverSlowPages
      const ask = plans.plan({ account: jane.account, from: "jane@acme.com" })
      const first = yield* Effect.forkChild(ask)
      yield* settle
      yield* (yield* Senders).remove({ ...caller, id: jane.id })
      yield* pass("1 second")
      yield* failNext(1)
      for (const gate of gates) yield* Latch.open(gate)
      yield* pass("10 seconds")
      yield* Fiber.await(first)
      assert.deepStrictEqual(codes(yield* ask), ["from-not-a-sender"])
    }).pipe(Effect.scoped)
  )
})
