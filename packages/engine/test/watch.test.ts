/**
 * A domain that somebody looks at is probed every three seconds, and nothing is stored unless something changed.
 */
import { Senders } from "@countersign/engine"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Random } from "effect"
import { type Added, add, dnsWorld, drop, publish, stateOf } from "./DnsWorld.ts"
import { ScriptedDns, say } from "./ScriptedDns.ts"
import { createAccount, pass } from "./World.ts"

const questionsAbout = (domain: string) =>
  Effect.map(ScriptedDns, ({ asked }) => asked.filter(({ name }) => name.endsWith(domain)).length)

const look = ({ account, id }: Added) => Effect.flatMap(Senders, (senders) => senders.dns({ account, id }))

const test = (title: string, body: Effect.Effect<void, unknown, Layer.Success<typeof dnsWorld>>) =>
  it.effect(title, () => body.pipe(Effect.provide(dnsWorld), Random.withSeed(title)), 60_000)

describe("a watched domain", () => {
  test(
    "is active within seconds of the last record, while one that nobody looks at waits for its schedule",
    Effect.gen(function* () {
      const caller = yield* createAccount()
      const [watched, other] = [yield* add(caller, "watched.com"), yield* add(caller, "other.com")]
      yield* pass("2 hours")
      yield* look(watched)
      yield* pass("1 second")
      yield* publish(watched)
      yield* publish(other)
      yield* pass("4 seconds")
      assert.strictEqual(yield* stateOf(watched), "verified")
      assert.strictEqual(yield* stateOf(other), "pending")
    })
  )

  test(
    "costs one question each time while nothing is there, stores nothing, and is left alone after two minutes",
    Effect.gen(function* () {
      const { batches } = yield* StorageFaults
      const sender = yield* add(yield* createAccount(), "watched.com")
      yield* pass("2 hours")
      // The first look finds the neighbours old.
      yield* look(sender)
      yield* pass("3 seconds")
      const written = (yield* batches).length
      const before = yield* questionsAbout("watched.com")
      yield* look(sender)
      yield* pass("1 minute")
      const after = yield* questionsAbout("watched.com")
      assert.strictEqual(after - before, 20)
      yield* pass("70 seconds")
      const settled = yield* questionsAbout("watched.com")
      yield* pass("5 minutes")
      assert.strictEqual(yield* questionsAbout("watched.com"), settled)
      assert.strictEqual((yield* batches).length, written)
    })
  )

  test(
    "is told what changed, although it is not right yet",
    Effect.gen(function* () {
      const sender = yield* add(yield* createAccount(), "watched.com")
      yield* pass("2 hours")
      yield* look(sender)
      const [first] = sender.plan.records
      yield* say(first?.name ?? "", { outcome: "records", records: [{ type: "CNAME", value: first?.value ?? "" }] })
      yield* pass("4 seconds")
      const { records, lastProbe } = yield* look(sender)
      assert.deepStrictEqual(
        records.map(({ verdict }) => verdict),
        ["valid", "missing", "missing"]
      )
      assert.isAbove(lastProbe?.at ?? 0, 2 * 60 * 60 * 1_000)
    })
  )

  test(
    "never falls by being looked at",
    Effect.gen(function* () {
      const sender = yield* add(yield* createAccount(), "watched.com")
      yield* publish(sender)
      yield* pass("1 minute")
      yield* drop(sender)
      for (let n = 0; n < 200; n++) {
        yield* look(sender)
        yield* pass("30 seconds")
      }
      assert.strictEqual(yield* stateOf(sender), "verified")
    })
  )

  test(
    "is not asked about again before a resolver's no has left its cache, where only resolvers are asked",
    Effect.gen(function* () {
      const dns = yield* ScriptedDns
      dns.mode = "resolver"
      const sender = yield* add(yield* createAccount(), "watched.com")
      yield* pass("29 seconds")
      assert.strictEqual(yield* questionsAbout("watched.com"), 0)
      yield* pass("2 hours")
      // The last scheduled probe was minutes ago at least; the next comes within the hour. A no is kept for 300 s.
      const asked = () => dns.asked.filter(({ name }) => name === sender.plan.records[0]?.name).map(({ at }) => at)
      const last = asked().at(-1) ?? 0
      for (let n = 0; n < 10; n++) {
        yield* look(sender)
        yield* pass("1 minute")
      }
      const gaps = [last, ...asked().filter((at) => at > last)].map((at, index, all) => at - (all[index - 1] ?? at))
      assert.isAtLeast(Math.min(...gaps.slice(1)), 300_000)
    })
  )
})

describe("many watched domains", () => {
  test(
    "take turns: two hundred at a time, and one account's hundreds keep no other account's waiting",
    Effect.gen(function* () {
      const [many, few] = [yield* createAccount("many@acme.com"), yield* createAccount("few@acme.com")]
      const crowd = yield* Effect.forEach(
        Array.from({ length: 600 }, (_, n) => `d${n}.com`),
        (name) => add(many, name)
      )
      const one = yield* add(few, "one.com")
      yield* pass("1 minute")
      for (const sender of [...crowd, one]) yield* look(sender)
      const { asked } = yield* ScriptedDns
      const before = asked.length
      yield* pass("3 seconds")
      const turn = asked.slice(before).filter(({ name }) => name.startsWith("_domainkey."))
      assert.strictEqual(turn.length, 200)
      assert.isTrue(turn.some(({ name }) => name.endsWith("one.com")))
      yield* pass("12 seconds")
      const names = new Set(asked.slice(before).map(({ name }) => name))
      assert.isTrue(crowd.every(({ domain }) => names.has(`_domainkey.${domain}`)))
    })
  )
})
