import { accountOwner, OrganizationId, type Owner } from "@countersign/core"
import { type Caller, defaultMailLimits, Engine, Senders, SlowPoll, Workers } from "@countersign/engine"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { adaptersOver, createAccount, mails, pass, world } from "./World.ts"

const organization = (id: number): Owner => ({ _tag: "Organization", organization: OrganizationId.make(`org-${id}`) })
const sentCount = Effect.map(mails, ({ length }) => length)

/** The same mailbox for one organization after the other: each is a sender with a mail of its own. */
const addFor = Effect.fnUntraced(function* (caller: Caller, from: number, to: number, address = "victim@acme.com") {
  const senders = yield* Senders
  const ids: Array<string> = []
  for (let id = from; id <= to; id++) {
    const { created, sender } = yield* senders.add({ ...caller, owner: organization(id), address })
    assert.isTrue(created)
    ids.push(sender.id)
  }
  yield* pass("1 second")
  return ids
})

describe("the limits of mail", () => {
  it.effect("delay what goes to one address beyond 5 an hour, silently, and mail it later", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      // The account's first of the day is outside of the limits.
      const ids = yield* addFor(caller, 1, 11)
      assert.strictEqual(yield* sentCount, 6)
      const tags = yield* Effect.forEach(ids, (id) =>
        Effect.map(senders.history({ account: caller.account, id }), (history) =>
          history.map(({ event }) => event._tag)
        )
      )
      // Nothing is written down about the waiting: nobody learns what others do.
      assert.strictEqual(tags.filter((events) => events.includes("VerificationMailSent")).length, 6)
      for (const events of tags) {
        assert.deepStrictEqual(
          events.filter((tag) => !tag.startsWith("Domain") && tag !== "VerificationMailSent"),
          ["SenderAdded", "VerificationRequested"]
        )
      }
      yield* pass("59 minutes")
      assert.strictEqual(yield* sentCount, 6)
      yield* pass("2 minutes")
      assert.strictEqual(yield* sentCount, 11)
    }).pipe(Effect.provide(world))
  )

  it.effect("delay what goes to one address beyond 10 a day", () =>
    Effect.gen(function* () {
      const caller = yield* createAccount()
      yield* addFor(caller, 1, 11)
      yield* pass("2 hours")
      assert.strictEqual(yield* sentCount, 11)
      yield* pass("18 hours")
      yield* addFor(caller, 12, 12)
      yield* pass("3 hours")
      assert.strictEqual(yield* sentCount, 11)
      yield* pass("2 hours")
      assert.strictEqual(yield* sentCount, 12)
    }).pipe(Effect.provide(world))
  )

  it.effect("count one address in all its spellings, and not another", () =>
    Effect.gen(function* () {
      const caller = yield* createAccount()
      for (let id = 1; id <= 8; id++)
        yield* addFor(caller, id, id, id % 2 === 0 ? "Victim@ACME.com" : "victim@acme.com")
      assert.strictEqual(yield* sentCount, 6)
      yield* addFor(caller, 1, 1, "other@acme.com")
      assert.strictEqual(yield* sentCount, 7)
    }).pipe(Effect.provide(world))
  )

  it.effect("let each account's first mail of a day to an address through, up to 20 in all", () =>
    Effect.gen(function* () {
      const first = yield* createAccount()
      yield* addFor(first, 1, 8)
      assert.strictEqual(yield* sentCount, 6)
      const callers = yield* Effect.forEach(
        Array.from({ length: 21 }, (_, index) => index),
        (index) => createAccount(`account-${index}@example.com`)
      )
      yield* Effect.forEach(callers, (caller) => addFor(caller, 1, 1))
      assert.strictEqual(yield* sentCount, 6 + 19)
      yield* pass("1 hour")
      // Two of the first account and two of those who came too late for the twenty.
      assert.strictEqual(yield* sentCount, 6 + 19 + 4)
    }).pipe(Effect.provide(world))
  )

  it.effect("hold an account to its own limit, and no other account", () =>
    Effect.gen(function* () {
      const one = yield* createAccount()
      const other = yield* createAccount("other@example.com")
      const addMany = Effect.fnUntraced(function* (caller: Caller, count: number) {
        const { add } = yield* Senders
        for (let n = 0; n < count; n++) yield* add({ ...caller, owner: accountOwner, address: `a${n}@example${n}.com` })
        yield* pass("1 second")
      })
      yield* addMany(one, 7)
      assert.strictEqual(yield* sentCount, 3)
      yield* addMany(other, 2)
      assert.strictEqual(yield* sentCount, 5)
      yield* pass("1 hour")
      assert.strictEqual(yield* sentCount, 8)
      yield* pass("1 hour")
      assert.strictEqual(yield* sentCount, 9)
    }).pipe(Effect.provide(withLimits({ ...defaultMailLimits, perAccountHour: 3 })))
  )

  it.effect("mail nothing that became void, was removed or expired while it waited", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      yield* addFor(caller, 1, 6)
      const [replaced, removed] = yield* addFor(caller, 7, 8)
      yield* pass("1 minute")
      yield* senders.resend({ ...caller, id: replaced ?? "" })
      yield* senders.remove({ ...caller, id: removed ?? "" })
      yield* pass("2 hours")
      assert.strictEqual(yield* sentCount, 7)
      const current = (yield* senders.history({ account: caller.account, id: replaced ?? "" }))
        .map(({ event }) => event)
        .findLast(({ _tag }) => _tag === "VerificationRequested")
      assert.include(
        (yield* mails).at(-1)?.messageId,
        current?._tag === "VerificationRequested" ? current.verificationId : "?"
      )

      // 6 of 10 are used up: of these, four are mailed in time, and the day is over before the others' turn.
      const late = yield* addFor(caller, 9, 18)
      yield* pass("25 hours")
      const states = yield* Effect.forEach(late, (id) => senders.get({ account: caller.account, id }))
      assert.isTrue(states.every(({ mailbox }) => mailbox === "expired" || mailbox === "pending"))
      const expired = yield* Effect.forEach(late, (id) =>
        Effect.map(senders.history({ account: caller.account, id }), (history) => {
          const names = history.map(({ event }) => event._tag)
          const sent = names.lastIndexOf("VerificationMailSent")
          return names.includes("VerificationExpired") && sent > names.indexOf("VerificationExpired")
        })
      )
      assert.isFalse(expired.includes(true))
    }).pipe(Effect.provide(world))
  )
})

const withLimits = (mailLimits: typeof defaultMailLimits) =>
  Workers.layer.pipe(
    Layer.provide(Layer.succeed(SlowPoll, 60 * 60 * 1_000)),
    Layer.provideMerge(Engine.layer),
    Layer.provideMerge(adaptersOver(MemoryStorage.layerWith({ mailLimits }), MemoryMailer.layer, MemoryDns.layer))
  )
