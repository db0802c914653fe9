import { accountOwner } from "@countersign/core"
import { type Caller, Senders, TaskQueue } from "@countersign/engine"
import { MemoryDns } from "@countersign/memory"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { createAccount, frailWorld, pass, publish, unpublish, world } from "./World.ts"

const minute = 60_000

const probes = Effect.map(
  Effect.flatMap(MemoryDns, ({ asked }) => asked),
  (asked) => asked.filter(({ name, type }) => type === "CNAME" && /^\w+\._domainkey\.acme\.com$/.test(name)).length / 3
)

const add = Effect.fnUntraced(function* (caller: Caller, address: string) {
  return (yield* (yield* Senders).add({ ...caller, owner: accountOwner, address })).sender.id
})

/** When the schedule wants the domain's next probe. */
const scheduled = Effect.map(
  Effect.flatMap(TaskQueue, ({ list }) => list({ kind: "probe", limit: 10 })),
  ([task]) => task?.due ?? Number.NaN
)

describe("a probe of a domain", () => {
  it.effect("that is asked for never makes anything worse, nor later, than the schedule would", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { id: sender } = (yield* senders.add({
        ...caller,
        owner: accountOwner,
        kind: "domain",
        address: "acme.com"
      })).sender
      yield* publish(caller, sender)
      yield* pass("1 minute")
      const due = yield* scheduled
      yield* unpublish(caller, sender)
      const degradation = Effect.map(senders.history({ account: caller.account, id: sender }), (history) =>
        history.map(({ event }) => event).find(({ _tag }) => _tag === "DomainDegraded")
      )
      for (let n = 0; n < 32 * 6 && (yield* degradation) === undefined; n++) {
        yield* senders.probe({ ...caller, id: sender })
        yield* pass("10 minutes")
      }
      // Three scheduled negatives: the one that was due, and those 15 minutes and an hour later.
      const degraded = (yield* degradation)?.at ?? Number.NaN
      assert.isAtLeast(degraded, due + 0.8 * 75 * minute)
      assert.isAtMost(degraded, due + 1.2 * 75 * minute + 50)
    }).pipe(Effect.provide(world), Random.withSeed("asked"))
  )

  it.effect("serves every sender of the account on the domain, and adds within 2 s share one", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      for (let n = 0; n < 50; n++) yield* add(caller, `a${n}@acme.com`)
      yield* pass("2 seconds")
      assert.isAtMost(yield* probes, 2)
      const before = yield* probes
      const last = yield* add(caller, "last@acme.com")
      yield* publish(caller, last)
      yield* pass("1 minute")
      assert.isAtMost((yield* probes) - before, 3)
      assert.strictEqual(yield* senders.count({ account: caller.account, statuses: ["domain-verified"] }), 51)
    }).pipe(Effect.provide(world))
  )

  it.effect("without news writes nothing", () =>
    Effect.gen(function* () {
      const { batches } = yield* StorageFaults
      const caller = yield* createAccount()
      yield* add(caller, "a@acme.com")
      yield* pass("1 hour")
      const [written, seen] = [(yield* batches).length, yield* probes]
      yield* pass("20 hours")
      assert.isAbove((yield* probes) - seen, 15)
      assert.strictEqual((yield* batches).length, written)
    }).pipe(Effect.provide(frailWorld))
  )

  it.effect("is not taken any more once the last sender on the domain is removed", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const sender = yield* add(caller, "a@acme.com")
      yield* pass("1 hour")
      yield* senders.remove({ ...caller, id: sender })
      const before = yield* probes
      yield* pass("2 days")
      assert.strictEqual(yield* probes, before)
      assert.deepStrictEqual(yield* (yield* TaskQueue).list({ kind: "probe", limit: 10 }), [])
    }).pipe(Effect.provide(world))
  )
})
