/**
 * A day of a bad internet: nobody loses standing by it, and those whose records are really gone do.
 */
import { degradesBy, type SenderEvent, unsupported } from "@countersign/core"
import type { Senders } from "@countersign/engine"
import { long, seed } from "@countersign/testkit"
import type { SimulatedFault } from "@countersign/testkit/dns"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { TestClock } from "effect/testing"
import {
  type Domain,
  honest,
  liar,
  lifeOf,
  type ManyDomains,
  type ManyDomainsOptions,
  manyDomains,
  ourServers,
  referrer,
  serversOf
} from "./ManyDomains.ts"

const minute = 60_000
const hour = 60 * minute
/** The longest wait between two probes of a domain that fell or may fall, with its jitter. */
const step = 4.8 * hour

const size: ManyDomainsOptions = long
  ? { domains: 1_000, accounts: 250, providers: 40 }
  : { domains: 40, accounts: 40, providers: 8 }

/** So many answers never come or say SERVFAIL, one as often as the other. */
const lossOf =
  (share: number) =>
  (salt: number): ReadonlyArray<SimulatedFault> => [
    { name: "*", kind: "timeout", share: share / 2, seed: seed + salt },
    { name: "*", kind: "servfail", share: share / 2 / (1 - share / 2), seed: seed + salt + 1 }
  ]
const lie: SimulatedFault = { name: "*", kind: "forge", answer: "NXDOMAIN" }
const elsewhere: SimulatedFault = { name: "*", kind: "refer", zone: "", nameServers: ["a.root-servers.net"] }

/** Makes the internet bad: of every `lying` providers one has a second server that denies everything. */
const worsen = ({ dns }: ManyDomains, share: number, lying: number) => {
  const loss = lossOf(share)
  for (let provider = 0; provider < size.providers; provider++) {
    const [first, second] = serversOf(provider)
    dns.fail(first, loss(provider * 10))
    dns.fail(second, [...loss(provider * 10 + 2), ...(provider % lying === 1 ? [lie] : [])])
  }
  for (const [index, address] of ourServers.entries()) dns.fail(address, loss(index * 2 + 5_000))
  dns.fail(liar, [...loss(6_000), lie])
  dns.fail(referrer, [...loss(7_000), elsewhere])
  dns.fail(honest, loss(8_000))
}

const falls = (events: ReadonlyArray<SenderEvent>) =>
  events.filter(({ _tag }) => _tag === "DomainDegraded" || _tag === "DomainVerificationLost")
const alarms = ({ told }: ManyDomains) => told.filter((line) => line.startsWith("no domain moves down"))

/** Runs a test in a world of verified domains; it answers what became of it. */
const test = <E>(title: string, body: (world: ManyDomains) => Effect.Effect<string, E, Senders>) =>
  it.effect(
    title,
    () =>
      Effect.gen(function* () {
        const began = process.cpuUsage()
        const { engine, world } = yield* manyDomains(size)
        // By then those have had another turn whose provider was asked too much at once.
        yield* TestClock.adjust("1 hour")
        const lives = yield* Effect.forEach(world.domains, lifeOf).pipe(Effect.provideContext(engine))
        assert.deepStrictEqual([...new Set(lives.map(({ domainState }) => domainState))], ["verified"])
        world.told.length = 0
        const became = yield* Effect.provideContext(body(world), engine)
        const probes = [...world.probes.values()].reduce((sum, { length }) => sum + length, 0)
        const { system, user } = process.cpuUsage(began)
        console.info(
          `${title}: seed ${seed}: ${became}; ${world.domains.length} domains, ${probes} probes, ` +
            `${world.dns.log.length} questions, ${Math.round((system + user) / 1e6)} s of processor time`
        )
      }).pipe(Effect.scoped, Random.withSeed(`${seed}`)),
    600_000
  )

describe("with one resolver that lies and one that refers elsewhere", () => {
  test(
    "nobody moves down, though three of ten answers are lost and every fourth provider has a server that lies",
    Effect.fnUntraced(function* (world) {
      worsen(world, 0.3, 4)
      // A daily probe may come after 28.8 hours.
      yield* TestClock.adjust("30 hours")
      for (const domain of world.domains) {
        const { domainState, events } = yield* lifeOf(domain)
        assert.deepStrictEqual([domainState, falls(events)], ["verified", []], domain.sender.domain)
        assert.isAbove(world.probes.get(domain.sender.domain)?.length ?? 0, 1)
      }
      return `${alarms(world).length} alarms`
    })
  )

  test(
    "those whose records are gone move down, though one of ten answers is lost, within one step of their third negative that counts, and no others",
    Effect.fnUntraced(function* (world) {
      worsen(world, 0.1, Number.POSITIVE_INFINITY)
      const gone = world.domains.filter((_, index) => index % (long ? 33 : 16) === 7)
      for (const { sender, zone } of gone)
        for (const { name } of sender.plan.records) yield* zone.put(name, "CNAME", [])
      yield* TestClock.adjust("72 hours")
      const waits: Array<number> = []
      for (const domain of world.domains) {
        const { domainState, events } = yield* lifeOf(domain)
        const { plan } = domain.sender
        for (const event of events) assert.isUndefined(unsupported(plan, event))
        if (!gone.includes(domain)) {
          assert.deepStrictEqual([domainState, falls(events)], ["verified", []], domain.sender.domain)
          continue
        }
        const third = world.probes
          .get(domain.sender.domain)
          ?.find(({ at, streak }) => streak.at(-1)?.at === at && degradesBy(plan.records, streak))
        const fallen = events.find(({ _tag }) => _tag === "DomainDegraded")
        assert.isDefined(fallen, domain.sender.domain)
        waits.push((fallen?.at ?? 0) - (third?.at ?? 0))
      }
      // The breaker wants another domain found right in the same moment, which takes luck on such a day.
      assert.isAtMost(Math.max(...waits), 4 * step)
      const late = waits.filter((wait) => wait > step).length
      assert.isAtMost(late, Math.max(1, gone.length / 4))
      const held = waits.filter((wait) => wait > 0).length
      return `${gone.length} fell, ${held} of them not at once, ${late} later than a step; ${alarms(world).length} alarms`
    })
  )

  test(
    "nobody moves down while our own zone is dark for a day, which is told once",
    Effect.fnUntraced(function* (world) {
      const [first, ...gone] = world.domains.filter((_, index) => index % (long ? 33 : 16) === 7)
      const remove = ({ sender, zone }: Domain) =>
        Effect.forEach(sender.plan.records, ({ name }) => zone.put(name, "CNAME", []), { discard: true })
      if (first === undefined) return yield* Effect.die("there are too few domains")
      // With a first one that falls rightly the zone is known to answer.
      yield* remove(first)
      yield* TestClock.adjust("48 hours")
      assert.strictEqual((yield* lifeOf(first)).domainState, "degraded")
      world.told.length = 0
      for (const address of ourServers) world.dns.fail(address, { name: "*", kind: "timeout" })
      for (const domain of gone) yield* remove(domain)
      yield* TestClock.adjust("36 hours")
      for (const domain of gone) assert.strictEqual((yield* lifeOf(domain)).domainState, "verified")
      assert.strictEqual(alarms(world).length, 1)
      for (const address of ourServers) world.dns.fail(address, undefined)
      yield* TestClock.adjust("12 hours")
      const states = yield* Effect.forEach(gone, lifeOf)
      assert.deepStrictEqual([...new Set(states.map(({ domainState }) => domainState))], ["degraded"])
      return `${gone.length} fell afterwards`
    })
  )
})
