/**
 * Whatever the DNS says and however probes are scheduled, every transition by verdict can be derived again from its
 * stored event alone: from the bytes, the plan, and nothing else.
 *
 * Two senders share a domain and its streak, as they share its probe task. The task, and with it the streak, is lost at
 * times; clocks run backwards; the second sender inherits what is known of the first.
 */
import { evidenceOf, long, type Sight, seed } from "@countersign/testkit"
import { Brand, Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { senderDecider } from "../../src/Deciders.ts"
import type { DnsObservation, SourceAnswer } from "../../src/DnsObservation.ts"
import { judgePlan, probeResult } from "../../src/DnsVerdict.ts"
import { boundEvidence } from "../../src/Evidence.ts"
import type { SenderId } from "../../src/Identity.ts"
import { nextStreak, type Streak } from "../../src/ProbeSchedule.ts"
import { unsupported } from "../../src/Rederivation.ts"
import { isLive, notAdded, type SenderCommand, type SenderState } from "../../src/Sender.ts"
import type { SenderEvent } from "../../src/SenderEvent.ts"
import { cname, nodata, nxdomain, records, refused, type Said, servfail } from "../DnsSeen.ts"
import { add, day, hour, minute, plan, remove, t0 } from "../SenderExamples.ts"

const histories = long ? 10_000 : 2_000

// ------------------------------------------------------------------------------------------------------- arbitraries

const sights = fc.constantFrom<Sight>(
  "right",
  "right in capitals",
  "right over hops",
  "right, unknown to a cache",
  "right by a resolver",
  "right at one server",
  "servers disagree",
  "no name",
  "no data",
  "wrong target",
  "another's target",
  "two targets",
  "other type",
  "no name at one server",
  "no name by a server and a resolver",
  "no name, cached as right",
  "no name by a resolver",
  "no data by a resolver",
  "unavailable",
  "unavailable behind a hop",
  "not observed"
)

const hop = "hop.example.net"
const key = records({ type: "TXT", value: `v=DKIM1; p=${"MIIB".repeat(100)}` })

/** Any server says anything; `value` is the record's target. */
const anySaid = fc.constantFrom<(value: string) => Said>(
  (value) => cname(value),
  () => cname(hop),
  () => cname("not a name"),
  (value) => cname(value, hop),
  () => nxdomain,
  () => ({ outcome: "nxdomain", records: [] }),
  () => ({ ...nodata, negativeTtl: 86_400 }),
  () => refused,
  () => servfail,
  () => records({ type: "A", value: "192.0.2.1" }),
  () => records({ type: "TXT", value: "\0".repeat(60_000) })
)
const anySources = fc.array(
  fc.record({
    server: fc.nat(3),
    role: fc.constantFrom("authoritative" as const, "recursive" as const),
    said: anySaid
  }),
  { maxLength: 4 }
)
/** What a probe sees of one record: a sight, or anything. */
const anyLook = fc.oneof(
  { weight: 3, arbitrary: sights },
  {
    weight: 1,
    arbitrary: fc.record({
      mode: fc.constantFrom("authoritative" as const, "resolver" as const),
      alias: anySources,
      hop: anySources,
      text: fc.constantFrom(nodata, key, refused)
    })
  }
)
type Look = typeof anyLook extends fc.Arbitrary<infer A> ? A : never

const elapsed = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(minute, 15 * minute, hour, 4 * hour, day, 73 * hour) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 2 * hour }) },
  { weight: 1, arbitrary: fc.integer({ min: -2 * day, max: -1 }) }
)
const seldom = fc.integer({ min: 0, max: 9 }).map((chance) => chance === 9)
const probe = fc.record({
  _tag: fc.constant("Probe" as const),
  // Wrong for a while, or right: transitions need both.
  looks: fc.oneof(
    fc.constant<ReadonlyArray<Look>>(["right", "right", "right"]),
    fc.constantFrom<ReadonlyArray<Look>>(["no name", "right", "right"], ["right", "no name by a resolver", "right"]),
    fc.array(anyLook, { minLength: 3, maxLength: 3 })
  ),
  onDemand: seldom,
  held: seldom,
  lost: seldom
})
const step = fc.record({
  elapsed,
  act: fc.oneof(
    { weight: 12, arbitrary: probe },
    { weight: 1, arbitrary: fc.constant({ _tag: "Second" as const }) },
    { weight: 1, arbitrary: fc.constant({ _tag: "Remove" as const }) }
  )
})
type Step = typeof step extends fc.Arbitrary<infer A> ? A : never
const history = fc.array(step, { minLength: 5, maxLength: 30, size: "max" })

const observationsOf = (looks: ReadonlyArray<Look>, at: number): ReadonlyArray<DnsObservation> => {
  const seen = evidenceOf(
    plan,
    "example.com",
    looks.map((look) => (typeof look === "string" ? look : "not observed")),
    at
  )
  const wild = plan.records.flatMap(({ name, value }, index) => {
    const look = looks[index]
    if (look === undefined || typeof look === "string") return []
    const sources = (some: typeof look.alias): ReadonlyArray<SourceAnswer> =>
      some.map(({ server, role, said }) => ({ server: `192.0.2.${server}:53`, role, ...said(value) }))
    const about = (of: string, type: "CNAME" | "TXT", answers: ReadonlyArray<SourceAnswer>): DnsObservation => ({
      ...{ name: of, type, mode: look.mode, at },
      sources: answers
    })
    const texts = sources(look.alias).map(({ server, role }) => ({ server, role, ...look.text }))
    return [
      about(name, "CNAME", sources(look.alias)),
      about(hop, "CNAME", sources(look.hop)),
      about(name, "TXT", texts),
      about(value, "TXT", [{ server: "192.0.2.9:53", role: "authoritative", ...key }])
    ]
  })
  return boundEvidence([...seen, ...wild])
}

// -------------------------------------------------------------------------------------------------------------- play

type Decide = typeof senderDecider.decide

/** Plays the steps on two senders of a domain, and answers every event as it is stored. */
const play = (steps: ReadonlyArray<Step>, decide: Decide): ReadonlyArray<SenderEvent> => {
  const senders: [SenderState, SenderState] = [notAdded, notAdded]
  const versions = [0, 0]
  const stored: Array<SenderEvent> = []
  const take = (index: 0 | 1, command: SenderCommand) => {
    const decision = decide(senders[index], command)
    if (decision._tag !== "Happened") return
    for (const event of decision.events) {
      senders[index] = senderDecider.evolve(senders[index], event)
      versions[index] = (versions[index] ?? 0) + 1
      stored.push(Result.getOrThrow(senderDecider.codec.decode(senderDecider.codec.encode(event))))
    }
  }
  /** As adding does: what is known from the other sender is inherited. */
  const addTo = (index: 0 | 1, at: number) => {
    const other = senders[index === 0 ? 1 : 0]
    const isProven = isLive(other) && (other.domainState === "verified" || other.domainState === "degraded")
    const from = { sender: Brand.nominal<SenderId>()(`s${index}`), version: versions[index === 0 ? 1 : 0] ?? 0 }
    const degradedBy = isProven && other.domainState === "degraded" ? { degradedBy: other.negatives } : {}
    take(index, add("v", at - t0, isProven ? { proven: { from, proof: other.proof, ...degradedBy } } : {}))
  }
  let at = t0
  let streak: Streak = []
  addTo(0, at)
  for (const { elapsed: wait, act } of steps) {
    at += wait
    if (act._tag === "Second") addTo(1, at)
    else if (act._tag === "Remove") {
      take(0, remove(at - t0))
      addTo(0, at)
    } else {
      const evidence = observationsOf(act.looks, at)
      const result = probeResult(judgePlan(plan.records, evidence))
      const known = act.lost ? [] : streak
      streak = act.onDemand && result === "negative" ? known : nextStreak(plan.records, known, result, { at, evidence })
      for (const index of [0, 1] as const) {
        const sender = senders[index]
        if (!isLive(sender)) continue
        const { incarnation } = sender
        const { onDemand, held } = act
        take(index, { _tag: "RecordProbe", at, incarnation, evidence, streak, onDemand, held })
      }
    }
  }
  return stored
}

const everyTransitionFollows = (decide: Decide) =>
  fc.property(history, (steps) => {
    for (const event of play(steps, decide)) {
      expect(unsupported(plan, event), event._tag).toBeUndefined()
    }
  })

describe("every transition by verdict", () => {
  it(`follows from its stored event in ${histories} random histories (seed ${seed})`, { timeout: 120_000 }, () => {
    fc.assert(everyTransitionFollows(senderDecider.decide), { numRuns: histories, seed })
  })

  it("is reached by the histories, inherited ones, too", () => {
    const seen = new Set<string>()
    for (const steps of fc.sample(history, { numRuns: 300, seed: 1 })) {
      for (const event of play(steps, senderDecider.decide)) {
        seen.add("inheritedFrom" in event && event.inheritedFrom !== undefined ? `${event._tag} inherited` : event._tag)
      }
    }
    expect([...seen]).toEqual(
      expect.arrayContaining([
        ...["DomainVerified", "DomainRecovered", "DomainDegraded", "DomainVerificationLost", "DomainProblemFound"],
        ...["DomainVerified inherited", "DomainDegraded inherited"]
      ])
    )
  })
})

/** A sender whose events are changed before they are stored. */
const storing =
  (twist: (event: SenderEvent) => SenderEvent): Decide =>
  (state, command) => {
    const decision = senderDecider.decide(state, command)
    if (decision._tag !== "Happened") return decision
    const [first, ...rest] = decision.events
    return { _tag: "Happened", events: [twist(first), ...rest.map(twist)] }
  }

describe("a counterexample is found for a sender that", () => {
  it.each<readonly [string, Decide]>([
    [
      "keeps the last two negatives alone",
      storing((event) => (event._tag === "DomainDegraded" ? { ...event, negatives: event.negatives.slice(-2) } : event))
    ],
    [
      "keeps the first answer of each question alone",
      storing((event) =>
        event._tag === "DomainVerified"
          ? { ...event, evidence: event.evidence.map((one) => ({ ...one, sources: one.sources.slice(0, 1) })) }
          : event
      )
    ],
    [
      "loses a domain by a negative that does not count",
      (state, command) =>
        command._tag === "RecordProbe" &&
        isLive(state) &&
        state.domainState === "degraded" &&
        probeResult(judgePlan(plan.records, command.evidence)) === "negative" &&
        !command.held
          ? {
              _tag: "Happened",
              events: [
                {
                  _tag: "DomainVerificationLost",
                  at: command.at,
                  negatives: [{ at: command.at, evidence: command.evidence }]
                }
              ]
            }
          : senderDecider.decide(state, command)
    ],
    [
      "takes no account of when the negatives were",
      (state, command) =>
        command._tag === "RecordProbe" &&
        isLive(state) &&
        state.domainState === "verified" &&
        command.streak.length === 3
          ? { _tag: "Happened", events: [{ _tag: "DomainDegraded", at: command.at, negatives: command.streak }] }
          : senderDecider.decide(state, command)
    ]
  ])("%s", (_, decide) => {
    const result = fc.check(everyTransitionFollows(decide), { numRuns: histories, seed, endOnFailure: true })
    expect(result.failed).toBe(true)
  })
})
