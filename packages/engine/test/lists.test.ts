import { accountOwner, OrganizationId, type Owner } from "@countersign/core"
import { type Caller, Senders } from "@countersign/engine"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createAccount, engine, frailEngine, pass, world } from "./World.ts"

const organization = (id: string): Owner => ({ _tag: "Organization", organization: OrganizationId.make(id) })

const addresses = Effect.fnUntraced(function* (caller: Caller, change = {}) {
  const query = { account: caller.account, order: "oldest-first", offset: 0, limit: 100, ...change } as const
  return (yield* (yield* Senders).list(query)).map(({ address }) => address)
})

describe("lists and look-ups", () => {
  it.effect("show an added sender at once, with the metadata it was given", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const metadata = { text: "a", number: 1, flag: true, nothing: null, nested: { deep: ["x"] }, constructor: "own" }
      const { sender } = yield* senders.add({ ...caller, owner: accountOwner, address: "a@acme.com", metadata })
      assert.deepStrictEqual(sender.metadata, metadata)
      assert.deepStrictEqual(yield* senders.get({ account: caller.account, id: sender.id }), sender)
      assert.deepStrictEqual(yield* senders.current({ account: caller.account, owner: accountOwner }), sender)
      yield* senders.add({ ...caller, owner: accountOwner, address: "b@acme.com", metadata: { text: "b" } })
      assert.deepStrictEqual(yield* addresses(caller, { metadata: { text: "a", number: "1" } }), ["a@acme.com"])
      assert.deepStrictEqual(yield* addresses(caller, { metadata: { text: "a", number: "2" } }), [])
      assert.strictEqual(yield* senders.count({ account: caller.account, metadata: { text: "b" } }), 1)
    }).pipe(Effect.provide(engine))
  )

  it.effect("follow the order of the log, a re-added sender being the newest", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      for (const address of ["a@acme.com", "b@acme.com", "c@acme.com"]) {
        yield* senders.add({ ...caller, owner: accountOwner, address })
      }
      const [first] = yield* senders.list({ account: caller.account, order: "oldest-first", offset: 0, limit: 1 })
      yield* senders.remove({ ...caller, id: first?.id ?? "" })
      yield* senders.add({ ...caller, owner: accountOwner, address: "A@acme.com" })
      assert.deepStrictEqual(yield* addresses(caller), ["b@acme.com", "c@acme.com", "A@acme.com"])
      assert.deepStrictEqual(yield* addresses(caller, { order: "newest-first", offset: 1, limit: 1 }), ["c@acme.com"])
      assert.strictEqual(
        (yield* senders.current({ account: caller.account, owner: accountOwner })).address,
        "A@acme.com"
      )
    }).pipe(Effect.provide(engine))
  )

  it.effect("tell owners, kinds and statuses apart", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      yield* senders.add({ ...caller, owner: accountOwner, address: "a@acme.com" })
      yield* senders.add({ ...caller, owner: organization("o"), address: "a@acme.com" })
      yield* senders.add({ ...caller, owner: accountOwner, kind: "domain", address: "acme.com" })
      assert.strictEqual(yield* senders.count({ account: caller.account }), 3)
      assert.deepStrictEqual(yield* addresses(caller, { owner: organization("o") }), ["a@acme.com"])
      assert.deepStrictEqual(yield* addresses(caller, { kind: "domain" }), ["acme.com"])
      assert.deepStrictEqual(yield* addresses(caller, { statuses: ["active"] }), [])
      assert.strictEqual((yield* senders.current({ account: caller.account, owner: accountOwner })).kind, "email")
      assert.strictEqual(yield* senders.count({ account: caller.account, statuses: ["pending"] }), 3)
    }).pipe(Effect.provide(engine))
  )

  it.effect("show a report of what is missing", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { sender } = yield* senders.add({ ...caller, owner: accountOwner, address: "a@acme.com" })
      yield* pass("1 second")
      const report = yield* senders.status({ account: caller.account, id: sender.id })
      assert.strictEqual(report.status, "pending")
      assert.deepStrictEqual(
        report.blockers.map(({ code }) => code),
        ["mailbox-unconfirmed", "domain-unverified"]
      )
      assert.strictEqual(report.findings.length, 3)
      assert.strictEqual(report.evidence.length, 3)
    }).pipe(Effect.provide(world))
  )
})

describe("removing all of an owner's senders", () => {
  it.effect("spares domains, other owners and other accounts", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const other = yield* createAccount("other@example.com")
      for (const address of ["a@acme.com", "b@acme.com"]) {
        yield* senders.add({ ...caller, owner: organization("o"), address })
        yield* senders.add({ ...caller, owner: accountOwner, address })
        yield* senders.add({ ...other, owner: organization("o"), address })
      }
      yield* senders.add({ ...caller, owner: accountOwner, kind: "domain", address: "acme.com" })
      assert.deepStrictEqual(yield* senders.removeAll({ ...caller, owner: organization("o") }), { count: 2 })
      assert.deepStrictEqual(yield* senders.removeAll({ ...caller, owner: accountOwner }), { count: 2 })
      assert.deepStrictEqual(yield* senders.removeAll({ ...caller, owner: accountOwner }), { count: 0 })
      assert.deepStrictEqual(yield* addresses(caller), ["acme.com"])
      assert.strictEqual(yield* senders.count({ account: other.account }), 2)
    }).pipe(Effect.provide(engine))
  )

  it.effect("takes more than a page", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const names = Array.from({ length: 1_001 }, (_, index) => `a${index}@acme.com`)
      yield* Effect.forEach(names, (address) => senders.add({ ...caller, owner: accountOwner, address }), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(yield* senders.removeAll({ ...caller, owner: accountOwner }), { count: 1_001 })
      assert.strictEqual(yield* senders.count({ account: caller.account }), 0)
    }).pipe(Effect.provide(engine))
  )

  it.effect("is all or nothing", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const { nextCommits } = yield* StorageFaults
      const caller = yield* createAccount()
      for (const address of ["a@acme.com", "b@acme.com", "c@acme.com"]) {
        yield* senders.add({ ...caller, owner: accountOwner, address })
      }
      yield* nextCommits("refused")
      assert.strictEqual(
        (yield* Effect.flip(senders.removeAll({ ...caller, owner: accountOwner })))._tag,
        "StorageUnavailable"
      )
      assert.strictEqual(yield* senders.count({ account: caller.account }), 3)
      assert.deepStrictEqual(yield* senders.removeAll({ ...caller, owner: accountOwner }), { count: 3 })
    }).pipe(Effect.provide(frailEngine))
  )

  it.effect("is one commit for all of them, even in a race with one removal", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const { batches } = yield* StorageFaults
      const caller = yield* createAccount()
      const ids: Array<string> = []
      for (const address of ["a@acme.com", "b@acme.com", "c@acme.com"]) {
        ids.push((yield* senders.add({ ...caller, owner: accountOwner, address })).sender.id)
      }
      const before = (yield* batches).length
      const [one, all] = yield* Effect.all(
        [senders.remove({ ...caller, id: ids[1] ?? "" }), senders.removeAll({ ...caller, owner: accountOwner })],
        { concurrency: "unbounded" }
      )
      assert.strictEqual(one.count + all.count, 3)
      assert.strictEqual(yield* senders.count({ account: caller.account }), 0)
      assert.isAtMost((yield* batches).length - before, 2)
    }).pipe(Effect.provide(frailEngine))
  )
})
