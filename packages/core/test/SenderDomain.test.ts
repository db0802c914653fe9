import { given, type Sight } from "@countersign/testkit"
import { describe, expect, it } from "vitest"
import { judgePlan } from "../src/DnsVerdict.ts"
import { fold } from "../src/Sender.ts"
import {
  add,
  added,
  day,
  degraded,
  domainVerified,
  hour,
  lost,
  minute,
  negatives,
  plan,
  probe,
  problemFound,
  recovered,
  removed,
  requested,
  saw,
  second,
  t0,
  timedOut,
  verdictsOf,
  wholeDomain
} from "./SenderExamples.ts"

const wrong: ReadonlyArray<Sight> = ["no name", "right", "unavailable"]
const unsure: ReadonlyArray<Sight> = ["right", "unavailable", "servers disagree"]
/** Wrong, but by one source alone. */
const alone: ReadonlyArray<Sight> = ["no name at one server", "right", "right"]
const begun = [added(), requested("v1")]
const up = [...begun, domainVerified(minute)]
const down = [...up, degraded(day, ...wrong)]
const gone = [...down, lost(4 * day, ...wrong)]
const late = [...begun, problemFound(minute, ...wrong), timedOut(3 * day)]

describe("a valid probe", () => {
  it.each([
    ["pending", begun, domainVerified(9 * day)],
    ["pending with problems", [...begun, problemFound(minute, ...wrong)], domainVerified(9 * day)],
    ["timed out", late, domainVerified(9 * day)],
    ["lost", gone, domainVerified(9 * day)],
    ["degraded", down, recovered(9 * day)]
  ])("verifies a domain that is %s, on demand or by the schedule, once", (_, events, event) => {
    for (const onDemand of [true, false]) {
      const after = given(...events)
        .when(probe(9 * day, [], { onDemand }))
        .happened(event)
      expect(after.state).toMatchObject({
        domainState: "verified",
        verdicts: [],
        evidence: saw(),
        domainSince: t0 + 9 * day
      })
      after.when(probe(9 * day, [], { onDemand })).unchanged("equal")
    }
  })

  it("is no news of a verified domain", () => {
    given(...up)
      .when(probe(day, []))
      .unchanged("equal")
  })

  it("verifies a whole domain too", () => {
    given(added(0, wholeDomain)).when(probe(minute, [])).happened(domainVerified(minute))
  })
})

describe("an indeterminate probe", () => {
  it.each([
    ["pending", begun],
    ["pending for long", [...begun, problemFound(minute, ...wrong)]],
    ["verified", up],
    ["degraded", down],
    ["timed out", late],
    ["lost", gone]
  ])("moves nothing of a domain that is %s, however often and late", (_, events) => {
    for (const after of [minute, 40 * day]) {
      for (const onDemand of [true, false]) {
        given(...events)
          .when(probe(after, unsure, { onDemand, streak: negatives(after, wrong) }))
          .unchanged("equal")
      }
    }
  })
})

describe("a negative probe of a domain that is not verified yet", () => {
  it("tells what is wrong, and equal verdicts no second time", () => {
    const after = given(...begun)
      .when(probe(minute, wrong))
      .happened(problemFound(minute, ...wrong))
    expect(after.state).toMatchObject({
      domainState: "pending",
      verdicts: verdictsOf(...wrong),
      evidence: saw(...wrong)
    })
    after.when(probe(hour, wrong)).unchanged("equal")
    after.when(probe(hour, ["no data", "right over hops", "unavailable"])).unchanged("equal")
  })

  it("tells every change", () => {
    const before = given(...begun, problemFound(minute, "no name", "no name", "no name"))
    before
      .when(probe(hour, ["right", "no name", "no name"]))
      .happened(problemFound(hour, "right", "no name", "no name"))
    before
      .when(probe(hour, ["wrong target", "no name", "no name"]))
      .happened(problemFound(hour, "wrong target", "no name", "no name"))
    given(...begun, problemFound(minute, "wrong target"))
      .when(probe(hour, ["another's target"]))
      .happened(problemFound(hour, "another's target"))
  })

  it("keeps what is known of a record that could not be seen", () => {
    const after = given(...begun, problemFound(minute, "no name", "wrong target", "right"))
    after.when(probe(hour, ["no name", "unavailable", "not observed"])).unchanged("equal")
    after.when(probe(hour, ["two targets", "unavailable", "right"])).happened({
      ...problemFound(hour, "two targets", "unavailable", "right"),
      verdicts: verdictsOf("two targets", "wrong target", "right")
    })
  })

  it("times it out 72 h after the adding, not before", () => {
    const before = given(...begun, problemFound(minute, ...wrong))
    before.when(probe(3 * day - 1, wrong)).unchanged("equal")
    before
      .when(probe(3 * day, wrong))
      .happened(timedOut(3 * day))
      .when(probe(3 * day, wrong))
      .unchanged("equal")
    given(...begun)
      .when(probe(3 * day, wrong))
      .happened(problemFound(3 * day, ...wrong), timedOut(3 * day))
  })

  it("counts the 72 h from the newest adding", () => {
    const again = given(...begun, removed(day), added(2 * day), problemFound(2 * day, ...wrong))
    again.when(probe(5 * day - 1, wrong, { incarnation: 2 })).unchanged("equal")
    again.when(probe(5 * day, wrong, { incarnation: 2 })).happened(timedOut(5 * day))
  })

  it("goes on telling changes after the time is out, and times out once", () => {
    given(...late)
      .when(probe(9 * day, ["two targets"]))
      .happened(problemFound(9 * day, "two targets", "right", "right"))
    given(...late)
      .when(probe(9 * day, wrong))
      .unchanged("equal")
  })

  it("is told and times it out also when it counts against nothing, or is held", () => {
    for (const [sights, held] of [
      [alone, false],
      [wrong, true]
    ] as const) {
      given(...begun)
        .when(probe(9 * day, sights, { streak: [], held }))
        .happened(problemFound(9 * day, ...sights), timedOut(9 * day))
    }
  })

  it("never times it out when it is on demand", () => {
    given(...begun)
      .when(probe(9 * day, wrong, { onDemand: true }))
      .happened(problemFound(9 * day, ...wrong))
    given(...begun, problemFound(minute, ...wrong))
      .when(probe(9 * day, wrong, { onDemand: true }))
      .unchanged("equal")
  })
})

describe("a negative probe of a verified domain", () => {
  it.each([
    ["the first", negatives(day, wrong, { count: 1 })],
    ["the second, an hour later", negatives(day, wrong, { count: 2 })],
    ["the third within less than an hour", negatives(day, wrong, { over: hour - 2 })],
    ["one whose streak was lost", []],
    ["not the last of the three", negatives(day - 1, wrong)],
    ["the third, and none of them counts", negatives(day, alone)],
    [
      "the third, and the first does not count",
      [...negatives(day - hour, alone, { count: 1 }), ...negatives(day, wrong, { count: 2, over: minute })]
    ],
    [
      "the third, and the second was before the first",
      [...negatives(day - hour, wrong, { count: 1 }), ...negatives(day, wrong, { count: 2, over: 2 * hour })]
    ]
  ])("does nothing when it is %s", (_, streak) => {
    given(...up)
      .when(probe(day, wrong, { streak }))
      .unchanged("equal")
  })

  it.each([
    ["the third over an hour", negatives(day, wrong)],
    ["the last of many over a week", negatives(day, wrong, { over: 7 * day })],
    [
      "the third that a resolver gives, each after the one before left its cache",
      negatives(day, ["no name by a resolver"])
    ]
  ])("degrades it when it is %s, once, and all of them are kept", (_, streak) => {
    const sights: ReadonlyArray<Sight> = wrong
    const after = given(...up)
      .when(probe(day, sights, { streak }))
      .happened({ _tag: "DomainDegraded", at: t0 + day, negatives: streak })
    expect(after.state).toMatchObject({
      domainState: "degraded",
      verdicts: judgePlan(plan.records, streak.at(-1)?.evidence ?? []),
      evidence: streak.at(-1)?.evidence,
      negatives: streak,
      proof: saw()
    })
    after.when(probe(day, sights, { streak })).unchanged("equal")
  })

  it("does nothing when a resolver repeats itself out of its cache", () => {
    const sights: ReadonlyArray<Sight> = ["no name by a resolver"]
    const streak = [
      ...negatives(day - hour, sights, { count: 1 }),
      ...negatives(day, sights, { count: 2, over: 5 * minute - 1 })
    ]
    given(...up)
      .when(probe(day, sights, { streak }))
      .unchanged("equal")
  })

  it.each([
    ["on demand", { onDemand: true }],
    ["held", { held: true }]
  ])("does nothing when it is %s", (_, how) => {
    given(...up)
      .when(probe(day, wrong, { streak: negatives(day, wrong), ...how }))
      .unchanged("equal")
  })
})

describe("a negative probe of a degraded domain", () => {
  it("loses it at the first one 72 h or more later, not before, once", () => {
    given(...down)
      .when(probe(4 * day - 1, wrong))
      .unchanged("equal")
    const after = given(...down)
      .when(probe(4 * day, wrong))
      .happened(lost(4 * day, ...wrong))
    expect(after.state).toMatchObject({
      domainState: "lost",
      verdicts: verdictsOf(...wrong),
      domainSince: t0 + 4 * day,
      negatives: negatives(4 * day, wrong, { count: 1 })
    })
    after.when(probe(4 * day, wrong)).unchanged("equal")
    after.when(probe(9 * day, wrong)).unchanged("equal")
    given(...down)
      .when(probe(60 * day, wrong))
      .happened(lost(60 * day, ...wrong))
  })

  it("keeps the negative before it: a single resolver's counts by it", () => {
    const streak = negatives(9 * day, ["no data"])
    given(...down)
      .when(probe(9 * day, ["no data"], { streak }))
      .happened({ _tag: "DomainVerificationLost", at: t0 + 9 * day, negatives: streak.slice(1) })
  })

  it.each([
    ["on demand", probe(9 * day, wrong, { onDemand: true })],
    ["held", probe(9 * day, wrong, { held: true })],
    ["by one server alone", probe(9 * day, alone)],
    ["by one server alone, after ones that count", probe(9 * day, alone, { streak: negatives(8 * day, wrong) })],
    ["of a streak that was lost", probe(9 * day, wrong, { streak: [] })],
    [
      "by a resolver that repeats itself",
      probe(9 * day, ["no data by a resolver"], {
        streak: negatives(9 * day, ["no data by a resolver"], { count: 2, over: 5 * minute - 1 })
      })
    ]
  ])("does nothing when it is %s", (_, negative) => {
    given(...down)
      .when(negative)
      .unchanged("equal")
  })

  it("counts the grace from the newest degradation", () => {
    const again = given(...down, recovered(2 * day), degraded(5 * day, ...wrong))
    again.when(probe(8 * day - 1, wrong)).unchanged("equal")
    again.when(probe(8 * day, wrong)).happened(lost(8 * day, ...wrong))
  })
})

describe("a negative probe of a lost domain", () => {
  it("tells what changed", () => {
    given(...gone)
      .when(probe(9 * day, ["two targets"]))
      .happened(problemFound(9 * day, "two targets"))
  })
})

it("starts over when the sender is added again", () => {
  expect(fold([...gone, removed(5 * day), added(6 * day)])).toMatchObject({
    domainState: "pending",
    verdicts: [],
    evidence: []
  })
  given(...gone, removed(5 * day))
    .when(add("v2", 6 * day))
    .happened(added(6 * day), requested("v2", 6 * day))
})

it("takes a probe of a sender whose mailbox is not confirmed for its domain alone", () => {
  expect(
    given(...begun)
      .when(probe(second, []))
      .happened(domainVerified(second)).state
  ).toMatchObject({ mailbox: "pending" })
})
