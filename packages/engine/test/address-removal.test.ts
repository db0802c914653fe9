import { accountOwner, OrganizationId, type Owner } from "@countersign/core"
import { type Caller, Senders } from "@countersign/engine"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createAccount, engine, frailEngine } from "./World.ts"

const organization = (id: string): Owner => ({ _tag: "Organization", organization: OrganizationId.make(id) })

const addresses = Effect.fnUntraced(function* ({ account }: Caller) {
  const listed = yield* (yield* Senders).list({ account, order: "oldest-first", offset: 0, limit: 100 })
  return listed.map(({ address }) => address)
})

describe("removing an address", () => {
  it.effect("removes it of every owner, in every spelling, and nothing else", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const other = yield* createAccount("other@example.com")
      for (const owner of [accountOwner, organization("o"), organization("p")]) {
        yield* senders.add({ ...caller, owner, address: "Billing@Acme.com" })
      }
      yield* senders.add({ ...caller, owner: accountOwner, address: "billing+tag@acme.com" })
      yield* senders.add({ ...caller, owner: accountOwner, kind: "domain", address: "acme.com" })
      yield* senders.add({ ...other, owner: accountOwner, address: "billing@acme.com" })
      assert.deepStrictEqual(yield* senders.removeAddress({ ...caller, address: "BILLING@acme.COM" }), { count: 3 })
      assert.deepStrictEqual(yield* senders.removeAddress({ ...caller, address: "BILLING@acme.COM" }), { count: 0 })
      assert.deepStrictEqual(yield* addresses(caller), ["billing+tag@acme.com", "acme.com"])
      assert.deepStrictEqual(yield* addresses(other), ["billing@acme.com"])
    }).pipe(Effect.provide(engine))
  )

  it.effect("takes a domain for the sender of the whole domain, in Unicode too", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      for (const address of ["acme.com", "xn--bcher-kva.com"]) {
        yield* senders.add({ ...caller, owner: accountOwner, kind: "domain", address })
      }
      yield* senders.add({ ...caller, owner: accountOwner, address: "a@acme.com" })
      assert.deepStrictEqual(yield* senders.removeAddress({ ...caller, address: "ACME.com" }), { count: 1 })
      assert.deepStrictEqual(yield* senders.removeAddress({ ...caller, address: "Bücher.com" }), { count: 1 })
      assert.deepStrictEqual(yield* addresses(caller), ["a@acme.com"])
    }).pipe(Effect.provide(engine))
  )

  it.effect("finds none of what cannot be an address", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      yield* senders.add({ ...caller, owner: accountOwner, address: "a@acme.com" })
      for (const address of ["", "@", "acme", "a@", "a@acme.com\u0000", "\ud800@acme.com", "x".repeat(10_000)]) {
        assert.deepStrictEqual(yield* senders.removeAddress({ ...caller, address }), { count: 0 })
      }
      assert.deepStrictEqual(yield* addresses(caller), ["a@acme.com"])
    }).pipe(Effect.provide(engine))
  )

  it.effect("takes more than a page of owners, all or none", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const { nextCommits } = yield* StorageFaults
      const caller = yield* createAccount()
      const owners = Array.from({ length: 501 }, (_, index) => organization(`o${index}`))
      yield* Effect.forEach(owners, (owner) => senders.add({ ...caller, owner, address: "a@acme.com" }), {
        concurrency: "unbounded"
      })
      yield* nextCommits("refused")
      const failed = yield* Effect.flip(senders.removeAddress({ ...caller, address: "a@acme.com" }))
      assert.strictEqual(failed._tag, "StorageUnavailable")
      assert.strictEqual(yield* senders.count({ account: caller.account }), 501)
      assert.deepStrictEqual(yield* senders.removeAddress({ ...caller, address: "a@acme.com" }), { count: 501 })
      assert.strictEqual(yield* senders.count({ account: caller.account }), 0)
    }).pipe(Effect.provide(frailEngine))
  )

  it.effect("answers a repetition as the first time, also that there was none", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const keyed = (key: string): Caller => ({ ...caller, idempotency: { key, fingerprint: "f" } })
      const add = senders.add({ ...caller, owner: accountOwner, address: "a@acme.com" })
      assert.deepStrictEqual(yield* senders.removeAddress({ ...keyed("none"), address: "a@acme.com" }), { count: 0 })
      assert.deepStrictEqual(yield* senders.removeAddress({ ...keyed("nothing"), address: "no address" }), { count: 0 })
      yield* add
      assert.deepStrictEqual(yield* senders.removeAddress({ ...keyed("one"), address: "a@acme.com" }), { count: 1 })
      yield* add
      assert.deepStrictEqual(yield* senders.removeAddress({ ...keyed("one"), address: "a@acme.com" }), { count: 1 })
      assert.deepStrictEqual(yield* senders.removeAddress({ ...keyed("none"), address: "a@acme.com" }), { count: 0 })
      assert.deepStrictEqual(yield* addresses(caller), ["a@acme.com"])
    }).pipe(Effect.provide(engine))
  )
})
