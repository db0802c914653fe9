import { accountOwner } from "@countersign/core"
import { type Caller, MailRefused, Senders, TooSoon } from "@countersign/engine"
import { MemoryDns, MemoryMailer } from "@countersign/memory"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createAccount, mails, pass, publish, tokenOf, world } from "./World.ts"

const add = Effect.fnUntraced(function* (caller: Caller, address = "hello@acme.com") {
  const { sender } = yield* (yield* Senders).add({ ...caller, owner: accountOwner, address })
  yield* pass("1 second")
  return sender.id
})

const waitOf = (refused: { readonly _tag: string }): number =>
  refused instanceof TooSoon ? refused.retryAfter : Number.NaN

const probes = Effect.map(
  Effect.flatMap(MemoryDns, ({ asked }) => asked),
  (asked) => asked.filter(({ type }) => type === "CNAME").length / 3
)

describe("asking for a new link", () => {
  it.effect("is refused for 60 s after the last one, with the time to wait", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const id = yield* add(caller)
      assert.strictEqual(waitOf(yield* Effect.flip(senders.resend({ ...caller, id }))), 59_000)
      yield* pass("58999 millis")
      assert.strictEqual(waitOf(yield* Effect.flip(senders.resend({ ...caller, id }))), 1)
      yield* pass("1 millis")
      yield* senders.resend({ ...caller, id })
      assert.strictEqual(waitOf(yield* Effect.flip(senders.resend({ ...caller, id }))), 60_000)
      yield* pass("1 hour")
      assert.strictEqual((yield* mails).length, 2)
    }).pipe(Effect.provide(world))
  )

  it.effect("keeps the cool-down across removal: the mail of a quick re-add waits for it", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const id = yield* add(caller)
      for (let n = 0; n < 20; n++) {
        yield* senders.remove({ ...caller, id })
        yield* senders.add({ ...caller, owner: accountOwner, address: "hello@acme.com" })
      }
      yield* pass("50 seconds")
      assert.strictEqual((yield* mails).length, 1)
      yield* pass("1 minute")
      assert.strictEqual((yield* mails).length, 2)
    }).pipe(Effect.provide(world))
  )

  it.effect("mails a new link while the mailbox is not verified, whatever the domain says", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const id = yield* add(caller)
      yield* publish(caller, id)
      yield* pass("1 hour")
      assert.strictEqual((yield* senders.get({ account: caller.account, id })).status, "domain-verified")
      yield* senders.resend({ ...caller, id })
      yield* pass("1 minute")
      assert.strictEqual((yield* mails).length, 2)
    }).pipe(Effect.provide(world))
  )

  it.effect("brings an expired and an undeliverable mailbox back", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const { refuseNext } = yield* MemoryMailer
      const caller = yield* createAccount()
      const id = yield* add(caller)
      yield* pass("25 hours")
      assert.strictEqual((yield* senders.get({ account: caller.account, id })).mailbox, "expired")
      yield* refuseNext(new MailRefused({ permanent: true, reason: "550 no such mailbox", code: 550 }))
      yield* senders.resend({ ...caller, id })
      yield* pass("2 minutes")
      assert.strictEqual((yield* senders.get({ account: caller.account, id })).mailbox, "undeliverable")
      yield* senders.resend({ ...caller, id })
      yield* pass("1 minute")
      yield* senders.confirm({ token: tokenOf((yield* mails).at(-1)) })
      assert.strictEqual((yield* senders.get({ account: caller.account, id })).mailbox, "verified")
    }).pipe(Effect.provide(world))
  )

  it.effect(
    "is refused for 30 days after a decline, removal and re-adding included",
    () =>
      Effect.gen(function* () {
        const senders = yield* Senders
        const caller = yield* createAccount()
        const id = yield* add(caller)
        yield* senders.decline({ token: tokenOf((yield* mails)[0]) })
        const month = 30 * 24 * 3_600_000
        assert.strictEqual(waitOf(yield* Effect.flip(senders.resend({ ...caller, id }))), month)
        yield* senders.remove({ ...caller, id })
        const again = yield* senders.add({ ...caller, owner: accountOwner, address: "Hello@acme.com" })
        assert.isTrue(again.created)
        assert.strictEqual(again.sender.mailbox, "declined")
        assert.strictEqual(waitOf(yield* Effect.flip(senders.resend({ ...caller, id }))), month)
        yield* pass("1 day")
        assert.strictEqual((yield* mails).length, 1)
        // Another account does not have to know.
        const other = yield* createAccount("other@example.com")
        yield* add(other)
        assert.strictEqual((yield* mails).length, 2)
        yield* pass("29 days")
        yield* senders.resend({ ...caller, id })
        yield* pass("1 minute")
        assert.strictEqual((yield* mails).length, 3)
      }).pipe(Effect.provide(world)),
    60_000
  )

  it.effect("a decline binds the whole account, whichever owner asks next", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      yield* add(caller)
      yield* senders.decline({ token: tokenOf((yield* mails)[0]) })
      const owner = { _tag: "Organization", organization: "another" } as const
      const added = yield* senders.add({ ...caller, owner, address: "HELLO@acme.com" })
      assert.isTrue(added.created)
      assert.strictEqual(added.sender.mailbox, "declined")
      assert.strictEqual(
        waitOf(yield* Effect.flip(senders.resend({ ...caller, id: added.sender.id }))),
        30 * 24 * 3_600_000
      )
      yield* pass("1 hour")
      assert.strictEqual((yield* mails).length, 1)
    }).pipe(Effect.provide(world))
  )

  it.effect("only probes the domain once the mailbox is verified, at most once in 10 s", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const id = yield* add(caller)
      yield* senders.confirm({ token: tokenOf((yield* mails)[0]) })
      yield* pass("10 hours")
      // The first of an hour asks for the domain's neighbours too.
      yield* senders.resend({ ...caller, id })
      yield* pass("20 seconds")
      const before = yield* probes
      for (let n = 0; n < 25; n++) {
        yield* senders.resend({ ...caller, id })
        yield* pass("1 second")
      }
      // At once, and then every 10 s: in 25 s that is 3.
      assert.strictEqual((yield* probes) - before, 3)
      assert.strictEqual((yield* mails).length, 1)
    }).pipe(Effect.provide(world))
  )
})
