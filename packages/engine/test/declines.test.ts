import { AccountId, accountOwner, mailboxDecider, mailboxId, parseEmailAddress } from "@countersign/core"
import { type Caller, Executor, liftDecline, listDeclines, Senders, verify } from "@countersign/engine"
import { assert, describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Result } from "effect"
import { createAccount, mails, pass, tokenOf, world } from "./World.ts"

const day = 24 * 3_600_000
const sales = { _tag: "Organization", organization: "sales" } as const
const address = "Hello@acme.com"

/** Adds a sender, and lets the owner of its mailbox decline. */
const declined = Effect.fnUntraced(function* (caller: Caller, of = address) {
  const senders = yield* Senders
  const { sender } = yield* senders.add({ ...caller, owner: accountOwner, address: of })
  yield* pass("1 second")
  yield* senders.decline({ token: tokenOf((yield* mails).at(-1)) })
  return { id: sender.id, at: yield* Clock.currentTimeMillis }
})

const listed = (all = false) =>
  Effect.map(listDeclines({ all }), (declines) =>
    declines.map((decline): [string, boolean] => [decline.address, decline.inForce])
  )

const sound = Effect.map(
  verify((problem) => Effect.die(problem)),
  ({ problems }) => assert.strictEqual(problems, 0)
)

describe("the list of declines", () => {
  it.effect("tells who declined whom, since when and until when, while it is in force", () =>
    Effect.gen(function* () {
      const caller = yield* createAccount()
      assert.deepStrictEqual(yield* listDeclines({ all: true }), [])
      const { at } = yield* declined(caller)
      const other = yield* createAccount("other@example.com")
      yield* pass("1 day")
      yield* declined(other, "ada@acme.com")
      const first = { account: caller.account, address: "hello@acme.com", since: at, until: at + 30 * day }
      const [told] = yield* listDeclines({ all: false })
      expect(told).toStrictEqual({ ...first, lifted: undefined, inForce: true })
      assert.deepStrictEqual(yield* listed(), [
        ["hello@acme.com", true],
        ["ada@acme.com", true]
      ])
      yield* pass("29 days")
      assert.deepStrictEqual(yield* listed(), [["ada@acme.com", true]])
      assert.deepStrictEqual(yield* listed(true), [
        ["hello@acme.com", false],
        ["ada@acme.com", true]
      ])
    }).pipe(Effect.provide(world))
  )

  it.effect("is of the whole log, however long it is", () =>
    Effect.gen(function* () {
      const { execute } = yield* Executor
      const { account } = yield* createAccount()
      yield* Effect.forEach(Array.from({ length: 600 }).keys(), (number) => {
        const { canonical } = Result.getOrThrow(parseEmailAddress(`box${number}@acme.com`))
        const mailbox = mailboxId(AccountId.make(account), canonical)
        const command = { _tag: "DeclineMail", at: 0, account: AccountId.make(account), canonical } as const
        return execute({ account: AccountId.make(account), actor: "mailbox", correlation: "test" }, (tx) =>
          tx.decide(mailboxDecider, mailbox, command)
        )
      })
      assert.strictEqual((yield* listed()).length, 600)
      assert.deepStrictEqual((yield* listed()).at(-1), ["box599@acme.com", true])
    }).pipe(Effect.provide(world))
  )

  it.effect("tells who lifted one, and once declined again it stands last and in force", () =>
    Effect.gen(function* () {
      const caller = yield* createAccount()
      yield* declined(caller)
      const { at } = yield* declined(caller, "ada@acme.com")
      yield* pass("1 minute")
      const lift = { account: caller.account, address, by: "jane" }
      assert.isTrue(yield* liftDecline(lift))
      assert.deepStrictEqual(yield* listed(), [["ada@acme.com", true]])
      const [lifted] = yield* listDeclines({ all: true })
      assert.deepStrictEqual(lifted?.lifted, { at: at + 60_000, by: "jane" })
      const senders = yield* Senders
      yield* senders.removeAddress({ ...caller, address })
      yield* declined(caller)
      assert.deepStrictEqual(yield* listed(), [
        ["ada@acme.com", true],
        ["hello@acme.com", true]
      ])
      yield* sound
    }).pipe(Effect.provide(world))
  )
})

describe("lifting a decline", () => {
  it.effect("lets a new link be requested at once, and a mail that waits go out within the hour", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { sender: first } = yield* senders.add({ ...caller, owner: accountOwner, address })
      const { sender: second } = yield* senders.add({ ...caller, owner: sales, address })
      yield* pass("1 second")
      const token = tokenOf((yield* mails).at(0))
      // The second one's next mail waits for its cool-down, and then for the decline.
      yield* senders.remove({ ...caller, id: second.id })
      yield* senders.add({ ...caller, owner: sales, address })
      yield* senders.decline({ token })
      yield* pass("90 minutes")
      assert.strictEqual((yield* mails).length, 2)
      assert.strictEqual((yield* Effect.flip(senders.resend({ ...caller, id: first.id })))._tag, "TooSoon")

      assert.isTrue(yield* liftDecline({ account: caller.account, address, by: "operator" }))
      yield* senders.resend({ ...caller, id: first.id })
      yield* pass("1 second")
      assert.strictEqual((yield* mails).length, 3)
      yield* pass("1 hour")
      assert.strictEqual((yield* mails).length, 4)
      yield* senders.confirm({ token: tokenOf((yield* mails).at(-1)) })
      assert.strictEqual((yield* senders.get({ account: caller.account, id: second.id })).mailbox, "verified")
    }).pipe(Effect.provide(world))
  )

  it.effect("does nothing twice, nor for an address, a spelling or an account that nobody declined", () =>
    Effect.gen(function* () {
      const caller = yield* createAccount()
      yield* declined(caller)
      const lift = (account: string, of: string) => liftDecline({ account, address: of, by: "operator" })
      assert.isFalse(yield* lift(caller.account, "ada@acme.com"))
      assert.isFalse(yield* lift("nobody", address))
      assert.strictEqual((yield* Effect.flip(lift(caller.account, "no address")))._tag, "AddressRefused")
      assert.isTrue(yield* lift(caller.account, "hELLO@ACME.com"))
      assert.isFalse(yield* lift(caller.account, address))
      yield* sound
    }).pipe(Effect.provide(world))
  )

  it.effect("does nothing once the decline is over", () =>
    Effect.gen(function* () {
      const caller = yield* createAccount()
      yield* declined(caller)
      yield* pass("30 days")
      assert.isFalse(yield* liftDecline({ account: caller.account, address, by: "operator" }))
    }).pipe(Effect.provide(world))
  )
})
