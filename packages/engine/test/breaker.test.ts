/**
 * Before a domain moves down: is it the domain, or the DNS as a whole?
 */
import { Senders } from "@countersign/engine"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Random } from "effect"
import { add, dnsWorld, drop, publish, stateOf } from "./DnsWorld.ts"
import { missing, records, say, servfail } from "./ScriptedDns.ts"
import { createAccount, pass, zone } from "./World.ts"

const told: Array<string> = []
const log = Logger.make(({ message }) => void told.push(String(Array.isArray(message) ? message[0] : message)))

const world = dnsWorld.pipe(Layer.provideMerge(Logger.layer([log])))

/** Verified whole domains, one account each. */
const verified = (...domains: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    yield* say(zone, records("SOA", "ns.countersign.net"), { type: "SOA" })
    const senders = yield* Effect.forEach(domains, (domain, index) =>
      Effect.flatMap(createAccount(`owner@account${index}.com`), (caller) => add(caller, domain))
    )
    for (const sender of senders) yield* publish(sender)
    yield* pass("1 minute")
    for (const sender of senders) assert.strictEqual(yield* stateOf(sender), "verified")
    told.length = 0
    return senders
  })

const alarms = () => told.filter((line) => line.startsWith("no domain moves down"))

/** Runs a test in a world of its own. */
const test = (title: string, body: Effect.Effect<void, unknown, Layer.Success<typeof world>>) =>
  it.effect(title, () => body.pipe(Effect.provide(world), Random.withSeed(title)))

describe("a verified domain whose records are gone", () => {
  test(
    "moves down while the others are right",
    Effect.gen(function* () {
      const [one, two] = yield* verified("one.com", "two.com")
      if (one === undefined || two === undefined) return assert.fail("not added")
      yield* drop(one)
      yield* pass("2 days")
      assert.deepStrictEqual([yield* stateOf(one), yield* stateOf(two)], ["degraded", "verified"])
      assert.deepStrictEqual(alarms(), [])
    })
  )

  test(
    "stays where it is while another verified domain cannot be seen either, and the operator is told once",
    Effect.gen(function* () {
      const [one, two] = yield* verified("one.com", "two.com")
      if (one === undefined || two === undefined) return assert.fail("not added")
      yield* drop(one)
      for (const { name } of two.plan.records) yield* say(name, servfail)
      yield* pass("3 days")
      assert.strictEqual(yield* stateOf(one), "verified")
      assert.strictEqual(alarms().length, 1)
      yield* publish(two)
      yield* pass("1 day")
      assert.strictEqual(yield* stateOf(one), "degraded")
      assert.include(told.join("\n"), "domains may move down again")
    })
  )

  test(
    "stays where it is while our own zone is dark, for a day and more",
    Effect.gen(function* () {
      const [one] = yield* verified("one.com", "two.com")
      if (one === undefined) return assert.fail("not added")
      // A first domain falls rightly: from then on the zone is known to answer.
      const caller = yield* createAccount()
      const three = yield* add(caller, "three.com")
      yield* publish(three)
      yield* pass("1 minute")
      yield* drop(three)
      yield* pass("2 days")
      assert.strictEqual(yield* stateOf(three), "degraded")
      yield* say(zone, servfail, { type: "SOA" })
      yield* drop(one)
      yield* pass("2 days")
      assert.strictEqual(yield* stateOf(one), "verified")
      assert.strictEqual(alarms().length, 1)
    })
  )

  test(
    "stays where it is while a fifth of the accounts are wrong at once, however many domains one of them has",
    Effect.gen(function* () {
      const senders = yield* verified(...Array.from({ length: 10 }, (_, index) => `domain${index}.com`))
      for (const sender of senders.slice(0, 3)) {
        yield* drop(sender)
        yield* (yield* Senders).probe(sender)
      }
      yield* pass("3 days")
      assert.deepStrictEqual([...new Set(yield* Effect.forEach(senders, stateOf))], ["verified"])
      assert.strictEqual(alarms().length, 1)
      const [first, ...others] = senders
      if (first === undefined) return
      for (const sender of others) yield* publish(sender)
      yield* pass("2 days")
      assert.strictEqual(yield* stateOf(first), "degraded")
    })
  )

  test(
    "moves down although many others are denied, each by one server that nobody confirms",
    Effect.gen(function* () {
      const senders = yield* verified(...Array.from({ length: 10 }, (_, index) => `domain${index}.com`))
      const [one, ...others] = senders
      if (one === undefined) return assert.fail("not added")
      for (const other of others.slice(0, 4)) {
        yield* drop(other, "first")
        for (const { name } of other.plan.records) yield* say(name, servfail, { who: "second" })
      }
      yield* pass("2 days")
      yield* drop(one)
      yield* pass("2 days")
      assert.strictEqual(yield* stateOf(one), "degraded")
      assert.deepStrictEqual(alarms(), [])
    })
  )

  test(
    "stays where it is when our own zone was there and is gone",
    Effect.gen(function* () {
      const [one, two] = yield* verified("one.com", "two.com", "three.com")
      if (one === undefined || two === undefined) return assert.fail("not added")
      yield* drop(one)
      yield* pass("2 days")
      assert.strictEqual(yield* stateOf(one), "degraded")
      yield* say(zone, missing, { type: "SOA" })
      yield* drop(two)
      yield* pass("2 days")
      assert.strictEqual(yield* stateOf(two), "verified")
      assert.strictEqual(alarms().length, 1)
    })
  )

  test(
    "alone in the world moves down when two of its own servers say so",
    Effect.gen(function* () {
      const [one] = yield* verified("one.com")
      if (one === undefined) return assert.fail("not added")
      yield* say(zone, servfail, { type: "SOA" })
      yield* drop(one)
      yield* pass("2 days")
      assert.strictEqual(yield* stateOf(one), "degraded")
    })
  )
})
