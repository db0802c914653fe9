import { accountOwner } from "@countersign/core"
import { type Caller, Senders } from "@countersign/engine"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { createAccount, engine, frailEngine, mails, pass, publish, tokenOf, world } from "./World.ts"

const owner = accountOwner
const keyed = (caller: Caller, key: string, fingerprint = "f"): Caller => ({
  ...caller,
  idempotency: { key, fingerprint }
})

describe("a call with an idempotency key", () => {
  it.effect("answers an add as the first time, whatever became of the sender", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const call = senders.add({ ...keyed(caller, "k"), owner, address: "a@acme.com", metadata: { n: 1 } })
      const first = yield* call
      yield* pass("1 minute")
      yield* senders.confirm({ token: tokenOf((yield* mails)[0]) })
      yield* publish(caller, first.sender.id)
      yield* pass("1 hour")
      assert.strictEqual((yield* senders.get({ account: caller.account, id: first.sender.id })).status, "active")
      assert.deepStrictEqual(yield* call, first)
      yield* senders.remove({ ...caller, id: first.sender.id })
      const again = yield* call
      assert.deepStrictEqual({ ...again.sender, position: first.sender.position }, first.sender)
      assert.isTrue(again.created)
      assert.strictEqual(yield* senders.count({ account: caller.account }), 0)
    }).pipe(Effect.provide(world))
  )

  it.effect("remembers that nothing was created, too", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { sender } = yield* senders.add({ ...caller, owner, address: "a@acme.com" })
      const call = senders.add({ ...keyed(caller, "k"), owner, address: "A@acme.com" })
      assert.isFalse((yield* call).created)
      yield* senders.remove({ ...caller, id: sender.id })
      const again = yield* call
      assert.isFalse(again.created)
      assert.strictEqual(again.sender.address, "a@acme.com")
      assert.strictEqual(yield* senders.count({ account: caller.account }), 0)
    }).pipe(Effect.provide(engine))
  )

  it.effect("answers a resend as the first time, in the cool-down and after removal, and mails once", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { id: sender } = (yield* senders.add({ ...caller, owner, address: "a@acme.com" })).sender
      yield* pass("2 minutes")
      const call = senders.resend({ ...keyed(caller, "k"), id: sender })
      yield* call
      yield* call
      yield* pass("1 hour")
      yield* call
      yield* pass("1 minute")
      assert.strictEqual((yield* mails).length, 2)
      yield* senders.remove({ ...caller, id: sender })
      yield* call
      assert.strictEqual(
        (yield* Effect.flip(senders.resend({ ...keyed(caller, "other"), id: sender })))._tag,
        "SenderNotFound"
      )
    }).pipe(Effect.provide(world))
  )

  it.effect("does not keep a refusal: the same key works once the time has come", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { id: sender } = (yield* senders.add({ ...caller, owner, address: "a@acme.com" })).sender
      const call = senders.resend({ ...keyed(caller, "k"), id: sender })
      assert.strictEqual((yield* Effect.flip(call))._tag, "TooSoon")
      yield* pass("1 minute")
      yield* call
    }).pipe(Effect.provide(world))
  )

  it.effect("answers removals as the first time", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { id: sender } = (yield* senders.add({ ...caller, owner, address: "a@acme.com" })).sender
      yield* senders.add({ ...caller, owner, address: "b@acme.com" })
      const removeOne = senders.remove({ ...keyed(caller, "one"), id: sender })
      const removeAll = senders.removeAll({ ...keyed(caller, "all"), owner })
      assert.deepStrictEqual(yield* removeOne, { count: 1 })
      assert.deepStrictEqual(yield* removeAll, { count: 1 })
      yield* senders.add({ ...caller, owner, address: "a@acme.com" })
      assert.deepStrictEqual(yield* removeOne, { count: 1 })
      assert.deepStrictEqual(yield* removeAll, { count: 1 })
      assert.strictEqual(yield* senders.count({ account: caller.account }), 1)
      const none = senders.removeAll({ ...keyed(caller, "none"), owner: { _tag: "Organization", organization: "o" } })
      assert.deepStrictEqual(yield* none, { count: 0 })
      yield* senders.add({ ...caller, owner: { _tag: "Organization", organization: "o" }, address: "c@acme.com" })
      assert.deepStrictEqual(yield* none, { count: 0 })
    }).pipe(Effect.provide(engine))
  )

  it.effect("is refused for another request, even one that is refused itself", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { id: sender } = (yield* senders.add({ ...keyed(caller, "k"), owner, address: "a@acme.com" })).sender
      const other = keyed(caller, "k", "another fingerprint")
      const refusals = [
        yield* Effect.flip(senders.add({ ...other, owner, address: "b@acme.com" })),
        yield* Effect.flip(senders.resend({ ...other, id: sender })),
        yield* Effect.flip(senders.resend({ ...other, id: "no such sender" })),
        yield* Effect.flip(senders.remove({ ...other, id: sender })),
        yield* Effect.flip(senders.removeAll({ ...other, owner }))
      ]
      assert.deepStrictEqual(new Set(refusals.map(({ _tag }) => _tag)), new Set(["CommandIdReused"]))
      assert.strictEqual(yield* senders.count({ account: caller.account }), 1)
    }).pipe(Effect.provide(engine))
  )

  it.effect(
    "that a host takes for another sender, or for a removal, is refused although its fingerprint is the same",
    () =>
      Effect.gen(function* () {
        const senders = yield* Senders
        const caller = yield* createAccount()
        const { sender } = yield* senders.add({ ...keyed(caller, "k"), owner, address: "a@acme.com" })
        yield* senders.remove({ ...keyed(caller, "removal"), id: sender.id })
        const refusals = [
          yield* Effect.flip(senders.add({ ...keyed(caller, "k"), owner, address: "b@acme.com" })),
          yield* Effect.flip(senders.add({ ...keyed(caller, "removal"), owner, address: "a@acme.com" }))
        ]
        assert.deepStrictEqual(
          refusals.map(({ _tag }) => _tag),
          ["CommandIdReused", "CommandIdReused"]
        )
        assert.strictEqual(yield* senders.count({ account: caller.account }), 0)
      }).pipe(Effect.provide(engine))
  )

  it.effect("belongs to its account", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const one = yield* createAccount()
      const other = yield* createAccount("other@example.com")
      yield* senders.add({ ...keyed(one, "k"), owner, address: "a@acme.com" })
      const added = yield* senders.add({ ...keyed(other, "k", "g"), owner, address: "b@acme.com" })
      assert.isTrue(added.created)
    }).pipe(Effect.provide(engine))
  )

  it.effect("is free again after 24 hours", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      yield* senders.add({ ...keyed(caller, "k"), owner, address: "a@acme.com" })
      yield* pass("24 hours")
      assert.isTrue((yield* senders.add({ ...keyed(caller, "k", "g"), owner, address: "b@acme.com" })).created)
    }).pipe(Effect.provide(engine))
  )

  it.effect("is refused while the first call is still running, and only then", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { holdCommit } = yield* StorageFaults
      const call = senders.add({ ...keyed(caller, "k"), owner, address: "a@acme.com" })
      const held = yield* holdCommit
      const first = yield* Effect.forkChild(call)
      yield* held.arrived
      assert.strictEqual((yield* Effect.flip(call))._tag, "CommandInFlight")
      const other = yield* createAccount("other@example.com")
      const foreign = yield* Effect.forkChild(senders.add({ ...keyed(other, "k"), owner, address: "a@acme.com" }))
      yield* held.release
      assert.deepStrictEqual(yield* call.pipe(Effect.retry({ times: 100 })), yield* Fiber.join(first))
      assert.isTrue((yield* Fiber.join(foreign)).created)
    }).pipe(Effect.provide(frailEngine))
  )

  it.effect("is free for another try when the first failed", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { breakDown, restore } = yield* StorageFaults
      const call = senders.add({ ...keyed(caller, "k"), owner, address: "a@acme.com" })
      yield* breakDown()
      assert.strictEqual((yield* Effect.flip(call))._tag, "StorageUnavailable")
      yield* restore
      assert.isTrue((yield* call).created)
    }).pipe(Effect.provide(frailEngine))
  )
})
