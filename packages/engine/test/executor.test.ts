import {
  AccountId,
  accountOwner,
  CanonicalAddress,
  DomainName,
  mailboxDecider,
  mailboxId,
  makeDnsPlan,
  senderDecider
} from "@countersign/core"
import {
  Engine,
  EventStore,
  Executor,
  type Request,
  SenderDirectory,
  Senders,
  TaskQueue,
  type Transaction
} from "@countersign/engine"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { commitOf, eventOf, storedIn } from "./Commits.ts"
import { senderId } from "./Ids.ts"
import { createAccount, engine, frailEngine, mails, pass, world } from "./World.ts"

const account = AccountId.make("acc")
const mailbox = mailboxId(account, CanonicalAddress.make("a@acme.com"))

const request = (command: string, change: Partial<Request> = {}): Request => ({
  account,
  actor: "test",
  correlation: "test",
  command,
  ...change
})

const addSender = (tx: Transaction, id: string, verificationId: string) =>
  Effect.flatMap(tx.read(senderDecider, senderId(id)), ({ at }) =>
    tx.decide(senderDecider, senderId(id), {
      _tag: "AddSender",
      at,
      account,
      owner: accountOwner,
      kind: "email",
      address: "a@acme.com",
      canonical: CanonicalAddress.make("a@acme.com"),
      domain: DomainName.make("acme.com"),
      plan: makeDnsPlan("acme.com", ["t1", "t2", "t3"], "dkim.example.net"),
      metadata: {},
      notifyAccount: false,
      verificationId
    })
  )

const removeSender = (tx: Transaction, id: string, reason: string) =>
  Effect.flatMap(tx.read(senderDecider, senderId(id)), ({ at }) =>
    tx.decide(senderDecider, senderId(id), { _tag: "RemoveSender", at, reason })
  )

const requestLink = (tx: Transaction, id: string) =>
  Effect.flatMap(tx.read(senderDecider, senderId(id)), ({ at }) =>
    tx.decide(senderDecider, senderId(id), { _tag: "RequestLink", at, verificationId: "v2" })
  )

const declineMail = (tx: Transaction) =>
  Effect.flatMap(tx.read(mailboxDecider, mailbox), ({ at }) =>
    tx.decide(mailboxDecider, mailbox, {
      _tag: "DeclineMail",
      at,
      account,
      canonical: CanonicalAddress.make("a@acme.com")
    })
  )

class Reads extends Context.Service<Reads, Array<readonly [stream: string, after: number]>>()("test/Reads") {}

/** An engine whose reads of streams are noted. */
const observed = Engine.layer.pipe(
  Layer.provideMerge(
    Layer.effectContext(
      Effect.gen(function* () {
        const ports = yield* Layer.build(engine)
        const store = Context.get(ports, EventStore)
        const reads: Array<readonly [string, number]> = []
        const readStream: (typeof store)["readStream"] = (stream, after, limit) => {
          reads.push([stream, after])
          return store.readStream(stream, after, limit)
        }
        return ports.pipe(Context.add(EventStore, { ...store, readStream }), Context.add(Reads, reads))
      })
    )
  ),
  Layer.fresh
)

describe("the executor", () => {
  it.effect("runs the script again after a conflict, with the new events alone", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      const reads = yield* Reads
      yield* executor.execute(request("1"), (tx) => addSender(tx, "s", "v1"))
      const mayDecide = yield* Deferred.make<void>()
      const versions: Array<number> = []
      const slow = yield* Effect.forkChild(
        executor.execute(
          request("2"),
          Effect.fnUntraced(function* (tx) {
            versions.push((yield* tx.read(senderDecider, senderId("s"))).version)
            yield* Deferred.await(mayDecide)
            return yield* removeSender(tx, "s", "slow")
          })
        )
      )
      yield* Effect.yieldNow
      yield* executor.execute(request("3"), (tx) => removeSender(tx, "s", "quick"))
      reads.length = 0
      yield* Deferred.succeed(mayDecide, undefined)
      const executed = yield* Fiber.join(slow)
      assert.deepStrictEqual(versions, [2, 3])
      assert.deepStrictEqual(reads, [])
      assert.isTrue(executed._tag === "Done" && !executed.committed)
      assert.deepStrictEqual(yield* storedIn(), ["s", "s", "s"])
    }).pipe(Effect.provide(observed))
  )

  it.effect("commits over streams of two kinds only while what it read of one still holds", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      const mayDecide = yield* Deferred.make<void>()
      const seen: Array<string> = []
      const adding = yield* Effect.forkChild(
        executor.execute(
          request("1"),
          Effect.fnUntraced(function* (tx) {
            seen.push((yield* tx.read(mailboxDecider, mailbox)).state._tag)
            yield* Deferred.await(mayDecide)
            return yield* addSender(tx, "s", "v1")
          })
        )
      )
      yield* Effect.yieldNow
      yield* executor.execute(request("2"), declineMail)
      yield* Deferred.succeed(mayDecide, undefined)
      yield* Fiber.join(adding)
      assert.deepStrictEqual(seen, ["UnknownMailbox", "KnownMailbox"])
      assert.deepStrictEqual(yield* storedIn(), [mailbox, "s", "s"])
    }).pipe(Effect.provide(engine))
  )

  it.effect("does not read again what it is told it knows, and is not misled by it", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      const reads = yield* Reads
      yield* executor.execute(request("1"), (tx) => addSender(tx, "s", "v1"))
      const known = [yield* executor.load(senderDecider, senderId("s"))]
      reads.length = 0
      yield* executor.execute(request("2", { known }), (tx) => removeSender(tx, "s", "known"))
      const late = yield* executor.execute(request("3", { known }), (tx) => removeSender(tx, "s", "outdated"))
      assert.deepStrictEqual(reads, [])
      assert.isTrue(late._tag === "Done" && !late.committed)
    }).pipe(Effect.provide(observed))
  )

  it.effect("commits several senders together or not at all", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      yield* executor.execute(request("1"), (tx) => addSender(tx, "a", "v1"))
      const refusal = yield* Effect.flip(
        executor.execute(request("2"), (tx) => Effect.andThen(removeSender(tx, "a", "test"), requestLink(tx, "b")))
      )
      assert.strictEqual(refusal._tag, "SenderNotFound")
      assert.deepStrictEqual(yield* storedIn(), ["a", "a"])
      assert.strictEqual(yield* (yield* SenderDirectory).count({ account }), 1)
    }).pipe(Effect.provide(engine))
  )

  it.effect("writes nothing for a refusal, not even a receipt", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      const keyed = request("1", { idempotency: { key: "k", fingerprint: "f" } })
      for (let n = 0; n < 2; n++) {
        const refusal = yield* Effect.flip(executor.execute(keyed, (tx) => requestLink(tx, "a")))
        assert.strictEqual(refusal._tag, "SenderNotFound")
      }
      assert.deepStrictEqual(yield* storedIn(), [])
      assert.isTrue(Option.isNone(yield* (yield* EventStore).receipt(account, "key:k")))
      assert.deepStrictEqual(yield* (yield* TaskQueue).list({ limit: 10 }), [])
    }).pipe(Effect.provide(engine))
  )

  it.effect("answers a repetition by its receipt, although it would be refused now", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      const keyed = request("1", { idempotency: { key: "k", fingerprint: "f" } })
      yield* executor.execute(request("0"), (tx) => addSender(tx, "a", "v1"))
      yield* TestClock.adjust("1 minute")
      const first = yield* executor.execute(keyed, (tx) => requestLink(tx, "a"))
      yield* executor.execute(request("2"), (tx) => removeSender(tx, "a", "test"))
      const second = yield* executor.execute(keyed, (tx) => requestLink(tx, "a"))
      assert.strictEqual(second._tag, "Replayed")
      assert.deepStrictEqual(second.outcomes, first.outcomes)
      const other = { ...keyed, idempotency: { key: "k", fingerprint: "another" } }
      assert.strictEqual(
        (yield* Effect.flip(executor.execute(other, (tx) => requestLink(tx, "a"))))._tag,
        "CommandIdReused"
      )
    }).pipe(Effect.provide(engine))
  )

  it.effect("treats another account's stream as none", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      yield* executor.execute(request("1"), (tx) => addSender(tx, "a", "v1"))
      const foreign = request("2", { account: AccountId.make("other") })
      const executed = yield* executor.execute(foreign, (tx) => removeSender(tx, "a", "not mine"))
      assert.isTrue(executed._tag === "Done" && !executed.committed)
      assert.strictEqual(yield* (yield* SenderDirectory).count({ account }), 1)
    }).pipe(Effect.provide(engine))
  )

  it.effect("takes a stream of another kind for none", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      yield* executor.execute(request("1"), declineMail)
      const removed = yield* executor.execute(request("2"), (tx) => removeSender(tx, mailbox, "its id was guessed"))
      assert.isTrue(removed._tag === "Done" && !removed.committed)
      assert.strictEqual((yield* executor.load(senderDecider, senderId(mailbox))).state._tag, "NotAdded")
    }).pipe(Effect.provide(engine))
  )

  it.effect.each([
    ["of an unknown type", { ...eventOf(), type: "SenderSang" }],
    ["of a newer version", { ...eventOf(), schemaVersion: 99 }],
    ["that is no JSON", { ...eventOf(), data: "{" }],
    ["that lacks a field", { ...eventOf(), data: "{}" }]
  ] as const)("fails over a stored event %s, and decides nothing", ([, event]) =>
    Effect.gen(function* () {
      const executor = yield* Executor
      yield* (yield* EventStore).commit([commitOf("s", { event })])
      const failure = yield* Effect.flip(executor.execute(request("1"), (tx) => addSender(tx, "s", "v1")))
      assert.strictEqual(failure._tag, "EventUndecodable")
      assert.deepStrictEqual(yield* storedIn(), ["s"])
    }).pipe(Effect.provide(engine))
  )

  it.effect("reads a stream that is longer than a page", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      for (let life = 0; life < 200; life++) {
        yield* executor.execute(request(`add-${life}`), (tx) => addSender(tx, "s", `v${life}`))
        yield* executor.execute(request(`remove-${life}`), (tx) => removeSender(tx, "s", "test"))
      }
      const whole = yield* executor.load(senderDecider, senderId("s"))
      assert.strictEqual(whole.version, 600)
      assert.isTrue(whole.state._tag === "Sender" && whole.state.removed && whole.state.incarnation === 200)
      const early = yield* executor.load(senderDecider, senderId("s"), 502)
      assert.strictEqual(early.version, 502)
      assert.isTrue(early.state._tag === "Sender" && early.state.incarnation === 168)
    }).pipe(Effect.provide(engine))
  )
})

describe("many at once", () => {
  it.effect("100 adds of one address make one sender and one mail", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const spellings = ["hello@acme.com", "Hello@acme.com", "HELLO@ACME.COM"]
      const added = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, index) => spellings[index % 3] ?? ""),
        (address) => senders.add({ ...caller, owner: accountOwner, address }),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(added.filter(({ created }) => created).length, 1)
      assert.strictEqual(new Set(added.map(({ sender }) => sender.id)).size, 1)
      assert.strictEqual(new Set(added.map(({ sender }) => sender.address)).size, 1)
      assert.strictEqual(yield* senders.count({ account: caller.account }), 1)
      yield* pass("1 hour")
      assert.strictEqual((yield* mails).length, 1)
    }).pipe(Effect.provide(world))
  )

  it.effect("100 adds of different addresses make 100 senders and 100 mails", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const added = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, index) => `hello${index}@acme.com`),
        (address) => senders.add({ ...caller, owner: accountOwner, address }),
        { concurrency: "unbounded" }
      )
      assert.isTrue(added.every(({ created }) => created))
      assert.strictEqual(yield* senders.count({ account: caller.account }), 100)
      yield* pass("1 minute")
      assert.strictEqual(new Set((yield* mails).map(({ to }) => to)).size, 100)
      assert.strictEqual((yield* mails).length, 100)
    }).pipe(Effect.provide(world))
  )

  it.effect("an add whose answer is lost on the way is one sender, and the caller is told so", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { nextCommits } = yield* StorageFaults
      yield* nextCommits("answer-lost")
      const adding = yield* Effect.forkChild(senders.add({ ...caller, owner: accountOwner, address: "a@acme.com" }))
      yield* pass("1 second")
      const { created, sender } = yield* Fiber.join(adding)
      assert.isTrue(created)
      assert.deepStrictEqual(yield* senders.get({ account: caller.account, id: sender.id }), sender)
      assert.strictEqual(yield* senders.count({ account: caller.account }), 1)
    }).pipe(Effect.provide(frailEngine))
  )
})
