import { describe, expect, it } from "vitest"
import { unsupported } from "../src/Rederivation.ts"
import type { SenderEvent } from "../src/SenderEvent.ts"
import {
  added,
  day,
  degraded,
  domainVerified,
  elsewhere,
  emailVerified,
  expired,
  hour,
  lost,
  minute,
  negatives,
  plan,
  problemFound,
  recovered,
  removed,
  saw,
  t0,
  timedOut,
  verdictsOf
} from "./SenderExamples.ts"

const byThree = "the evidence is not three negatives over an hour"
const notRight = "the evidence does not show every record right"
const noneCounts = "the evidence is no negative that counts"
const nothingWrong = "the evidence shows nothing wrong"
const otherVerdicts = "the verdicts are not those of the evidence"

const degradedBy = (streak: ReturnType<typeof negatives>): SenderEvent => ({
  _tag: "DomainDegraded",
  at: t0 + day,
  negatives: streak
})
const lostBy = (streak: ReturnType<typeof negatives>): SenderEvent => ({
  _tag: "DomainVerificationLost",
  at: t0 + day,
  negatives: streak
})

describe("a transition follows from its evidence", () => {
  it.each<readonly [string, () => SenderEvent]>([
    ["when every record is right", () => domainVerified(minute)],
    ["when that was so for another sender", () => ({ ...domainVerified(minute), inheritedFrom: elsewhere })],
    [
      "when they are right again",
      () => recovered(minute, "right over hops", "right by a resolver", "right in capitals")
    ],
    ["by three negatives over an hour", () => degraded(day, "no name")],
    ["by those of another sender", () => ({ ...degraded(day, "no name"), at: t0 + 9 * day, inheritedFrom: elsewhere })],
    ["by one more negative", () => lost(9 * day, "no name")],
    [
      "by a resolver's, after the one before left its cache",
      () => lostBy(negatives(day, ["no name by a resolver"], { count: 2 }))
    ],
    ["as news of what is wrong", () => problemFound(minute, "no name", "two targets", "unavailable")],
    [
      "as news, where a record keeps its verdict because it could not be asked",
      () => ({ ...problemFound(minute, "no name", "unavailable"), verdicts: verdictsOf("no name", "wrong target") })
    ],
    ["because it is none by verdict: adding", () => added()],
    ["because it is none by verdict: a click", () => emailVerified("v1", minute)],
    ["because it is none by verdict: time", () => expired("v1", minute)],
    ["because it is none by verdict: time again", () => timedOut(3 * day)],
    ["because it is none by verdict: removing", () => removed(minute)]
  ])("%s", (_, event) => {
    expect(unsupported(plan, event())).toBeUndefined()
  })
})

describe("a transition does not follow from its evidence", () => {
  it.each<readonly [string, () => SenderEvent, string]>([
    ["when a record is wrong", () => domainVerified(minute, "no name"), notRight],
    ["when a record could not be asked", () => domainVerified(minute, "unavailable"), notRight],
    ["when one server alone says it is right", () => domainVerified(minute, "right at one server"), notRight],
    ["when there is none", () => ({ ...domainVerified(minute), evidence: [] }), notRight],
    ["when a record is not right again", () => recovered(minute, "right", "servers disagree"), notRight],
    ["by two negatives", () => degradedBy(negatives(day, ["no name"], { count: 2 })), byThree],
    ["by three within less than an hour", () => degradedBy(negatives(day, ["no name"], { over: hour - 2 })), byThree],
    ["by three of which none counts", () => degradedBy(negatives(day, ["no name at one server"])), byThree],
    ["by three that are right", () => degradedBy(negatives(day, [])), byThree],
    ["by none", () => degradedBy([]), byThree],
    ["by no more negative", () => lostBy([]), noneCounts],
    ["by one that does not count", () => lost(day, "no name at one server"), noneCounts],
    [
      "by a resolver that repeats itself",
      () => lostBy(negatives(day, ["no name by a resolver"], { count: 2, over: minute })),
      noneCounts
    ],
    ["as news of nothing", () => problemFound(minute, "right"), nothingWrong],
    ["as news of what could not be asked", () => problemFound(minute, "unavailable"), nothingWrong],
    [
      "as news with other verdicts",
      () => ({ ...problemFound(minute, "no name"), verdicts: verdictsOf("two targets") }),
      otherVerdicts
    ],
    [
      "as news with the same verdict on something else",
      () => ({ ...problemFound(minute, "wrong target"), verdicts: verdictsOf("another's target") }),
      otherVerdicts
    ],
    ["as news without verdicts", () => ({ ...problemFound(minute, "no name"), verdicts: [] }), otherVerdicts]
  ])("%s", (_, event, why) => {
    expect(unsupported(plan, event())).toBe(why)
  })

  it("of other records", () => {
    const [first, ...others] = plan.records
    if (first === undefined) throw new Error("no record")
    const other = { ...plan, records: [{ ...first, value: "other.dkim.example.org" }, ...others] }
    expect(unsupported(other, { ...domainVerified(minute), evidence: saw() })).toBe(notRight)
  })
})
