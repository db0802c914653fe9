import { accountOwner, OrganizationId, type Owner } from "@countersign/core"
import { type Caller, Senders } from "@countersign/engine"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { createAccount, mails, pass, publish, tokenOf, unpublish, world } from "./World.ts"

const organization = (id: string): Owner => ({ _tag: "Organization", organization: OrganizationId.make(id) })

/** Adds an address and confirms its link; active once its domain is verified. */
const addConfirmed = Effect.fnUntraced(function* (caller: Caller, owner: Owner, address: string) {
  const senders = yield* Senders
  const { sender } = yield* senders.add({ ...caller, owner, address })
  yield* pass("2 seconds")
  yield* senders.confirm({ token: tokenOf((yield* mails).findLast(({ to }) => to === address)) })
  return sender.id
})

const effective = Effect.fnUntraced(function* (caller: Caller, organizationId?: string) {
  const found = yield* (yield* Senders).effective({
    account: caller.account,
    ...(organizationId === undefined ? {} : { organization: organizationId })
  })
  return Option.map(found, ({ address }) => address).pipe(Option.getOrUndefined)
})

describe("the effective sender", () => {
  it.effect("is the organization's own before the account's, and never another's", () =>
    Effect.gen(function* () {
      const caller = yield* createAccount()
      const ours = yield* addConfirmed(caller, accountOwner, "account@acme.com")
      yield* publish(caller, ours)
      yield* pass("1 hour")
      assert.strictEqual(yield* effective(caller, "one"), "account@acme.com")
      yield* addConfirmed(caller, organization("one"), "one@acme.com")
      assert.strictEqual(yield* effective(caller, "one"), "one@acme.com")
      assert.strictEqual(yield* effective(caller, "two"), "account@acme.com")
      assert.strictEqual(yield* effective(caller), "account@acme.com")
      const stranger = yield* createAccount("other@example.com")
      assert.isUndefined(yield* effective(stranger, "one"))
    }).pipe(Effect.provide(world))
  )

  it.effect("stays the older one until the new one is active, and is the newest active one then", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const old = yield* addConfirmed(caller, accountOwner, "old@acme.com")
      yield* publish(caller, old)
      yield* pass("1 hour")
      const fresh = yield* addConfirmed(caller, accountOwner, "fresh@example.com")
      assert.strictEqual(
        (yield* senders.current({ account: caller.account, owner: accountOwner })).address,
        "fresh@example.com"
      )
      assert.strictEqual(yield* effective(caller), "old@acme.com")
      yield* publish(caller, fresh)
      yield* senders.probe({ ...caller, id: fresh })
      yield* pass("1 minute")
      assert.strictEqual(yield* effective(caller), "fresh@example.com")
      yield* senders.remove({ ...caller, id: fresh })
      assert.strictEqual(yield* effective(caller), "old@acme.com")
      yield* senders.remove({ ...caller, id: old })
      assert.isUndefined(yield* effective(caller))
    }).pipe(Effect.provide(world))
  )

  it.effect("goes on through the grace period of a degraded domain, and not beyond", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const id = yield* addConfirmed(caller, accountOwner, "hello@acme.com")
      yield* publish(caller, id)
      yield* pass("1 hour")
      yield* unpublish(caller, id)
      yield* pass("36 hours")
      assert.strictEqual((yield* senders.get({ account: caller.account, id })).domainState, "degraded")
      assert.strictEqual(yield* effective(caller), "hello@acme.com")
      yield* pass("72 hours")
      assert.strictEqual((yield* senders.get({ account: caller.account, id })).domainState, "lost")
      assert.isUndefined(yield* effective(caller))
    }).pipe(Effect.provide(world))
  )

  it.effect("is no whole domain, which has no address to send from", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { sender } = yield* senders.add({ ...caller, owner: accountOwner, kind: "domain", address: "acme.com" })
      yield* publish(caller, sender.id)
      yield* pass("1 hour")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender.id })).status, "active")
      assert.isUndefined(yield* effective(caller))
    }).pipe(Effect.provide(world))
  )

  it.effect("has the spelling that was mailed and confirmed, whatever is added later", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const id = yield* addConfirmed(caller, accountOwner, "Billing@acme.com")
      yield* publish(caller, id)
      yield* pass("1 hour")
      const again = yield* senders.add({ ...caller, owner: accountOwner, address: "BILLING@acme.com" })
      assert.isFalse(again.created)
      assert.strictEqual(again.sender.address, "Billing@acme.com")
      assert.strictEqual(yield* effective(caller), "Billing@acme.com")
    }).pipe(Effect.provide(world))
  )
})
