import { Senders } from "@countersign/engine"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { createAccount, mails, pass, publish, tokenOf, unpublish, world } from "./World.ts"

const owner = { _tag: "Account" } as const

describe("the lifecycle of a sender", () => {
  it.effect("mails a link, confirms it, finds the records, and the sender may send", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const added = yield* senders.add({ ...caller, owner, address: "Billing@Acme.com" })
      assert.isTrue(added.created)
      assert.strictEqual(added.sender.status, "pending")
      assert.isTrue(Option.isNone(yield* senders.effective({ account: caller.account })))
      yield* pass("1 second")

      const [mail] = yield* mails
      assert.strictEqual(mail?.to, "Billing@acme.com")
      const token = tokenOf(mail)
      assert.deepStrictEqual(yield* senders.readLink({ token }), {
        state: "open",
        address: "Billing@Acme.com",
        accountName: "Acme Ltd"
      })
      assert.strictEqual((yield* senders.confirm({ token })).state, "verified")
      assert.strictEqual((yield* senders.confirm({ token })).state, "verified")
      assert.strictEqual(
        (yield* senders.get({ account: caller.account, id: added.sender.id })).status,
        "email-verified"
      )

      yield* publish(caller, added.sender.id)
      yield* senders.probe({ ...caller, id: added.sender.id })
      yield* pass("30 seconds")
      const report = yield* senders.status({ account: caller.account, id: added.sender.id })
      assert.strictEqual(report.status, "active")
      assert.deepStrictEqual(report.blockers, [])
      const effective = yield* senders.effective({ account: caller.account, organization: "an organization" })
      assert.strictEqual(Option.getOrThrow(effective).address, "Billing@Acme.com")
      assert.deepStrictEqual(
        (yield* senders.history({ account: caller.account, id: added.sender.id })).map(({ event }) => event._tag),
        [
          "SenderAdded",
          "VerificationRequested",
          "VerificationMailSent",
          "DomainProblemFound",
          "EmailVerified",
          "DomainVerified"
        ]
      )
    }).pipe(Effect.provide(world))
  )

  it.effect("counts a proven domain for every sender of the account at once", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const first = yield* senders.add({ ...caller, owner, kind: "domain", address: "acme.com" })
      yield* publish(caller, first.sender.id)
      yield* senders.probe({ ...caller, id: first.sender.id })
      yield* pass("1 minute")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: first.sender.id })).status, "active")
      const second = yield* senders.add({ ...caller, owner, address: "hello@acme.com" })
      assert.strictEqual(second.sender.status, "domain-verified")
      const other = yield* createAccount("other@example.com")
      const foreign = yield* senders.add({ ...other, owner, address: "hello@acme.com" })
      assert.strictEqual(foreign.sender.status, "pending")
    }).pipe(Effect.provide(world))
  )

  it.effect("degrades only after three scheduled negatives over an hour, recovers, and loses after the grace", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { id: sender } = (yield* senders.add({ ...caller, owner, kind: "domain", address: "acme.com" })).sender
      yield* publish(caller, sender)
      yield* pass("1 minute")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).domainState, "verified")
      yield* unpublish(caller, sender)
      for (let n = 0; n < 10; n++) {
        yield* senders.probe({ ...caller, id: sender })
        yield* pass("10 minutes")
      }
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).domainState, "verified")
      yield* pass("30 hours")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).domainState, "degraded")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).status, "active")
      yield* publish(caller, sender)
      yield* pass("5 hours")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).domainState, "verified")
      yield* unpublish(caller, sender)
      yield* pass("120 hours")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).domainState, "lost")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).status, "pending")
    }).pipe(Effect.provide(world))
  )
})
