import type { Sight } from "@countersign/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { degradesBy, type Negative } from "../src/Demotion.ts"
import type { ProbeResult } from "../src/DnsVerdict.ts"
import { jitter, nextStreak, type ProbeSubject, probeWait, type Streak } from "../src/ProbeSchedule.ts"
import { day, hour, minute, negatives, plan, saw, second, t0 } from "./SenderExamples.ts"

const pending: ProbeSubject = { _tag: "Unverified", since: t0 }
const verified: ProbeSubject = { _tag: "Verified" }
const fallen: ProbeSubject = { _tag: "Fallen" }

/** The first waits of an unverified domain when every one is stretched by `chance`. */
const waits = (count: number, chance: () => number): ReadonlyArray<number> => {
  let at = t0
  return Array.from({ length: count }, () => {
    const wait = probeWait(pending, "negative", [], at)
    at += jitter(wait, chance())
    return wait
  })
}

const first = [30 * second, minute, 2 * minute, 5 * minute, 10 * minute, 20 * minute, 40 * minute, hour, hour]

describe("a domain that is not verified", () => {
  it("is probed after 30 s, 1, 2, 5, 10, 20, 40 minutes, then hourly", () => {
    expect(waits(9, () => 0.5)).toEqual(first)
  })

  it("is, whatever the jitter", () => {
    const chance = fc.double({ min: 0, max: 0.999_999, noNaN: true })
    fc.assert(
      fc.property(fc.array(chance, { minLength: 9, maxLength: 9 }), (chances) => {
        let at = 0
        expect(waits(9, () => chances[at++] ?? 0)).toEqual(first)
      }),
      { numRuns: 1_000 }
    )
    expect(waits(9, () => 0)).toEqual(first)
    expect(waits(9, () => 0.999_999)).toEqual(first)
  })

  it.each([
    [3 * day - 1, hour],
    [3 * day, 6 * hour],
    [30 * day - 1, 6 * hour],
    [30 * day, 7 * day],
    [400 * day, 7 * day]
  ])("of the age %i ms is probed again after %i ms", (age, wait) => {
    for (const result of ["negative", "indeterminate"] as const) {
      expect(probeWait(pending, result, [], t0 + age)).toBe(wait)
    }
  })

  it("begins anew when the clock was put back", () => {
    expect(probeWait(pending, "negative", [], t0 - day)).toBe(30 * second)
  })
})

/** So many negatives in a row, the last one at t0. */
const wrong = (count: number): Streak => negatives(0, ["no name"], { count })

describe("a verified domain", () => {
  it.each<readonly [string, ProbeResult, Streak, number]>([
    ["was right", "valid", [], day],
    ["was indeterminate", "indeterminate", [], hour],
    ["was wrong, which does not count", "negative", [], hour],
    ["was wrong once", "negative", wrong(1), 15 * minute],
    ["was wrong twice", "negative", wrong(2), hour],
    ["was wrong three times", "negative", wrong(3), 4 * hour],
    ["was wrong nine times", "negative", wrong(9), 4 * hour],
    ["was indeterminate after it was wrong", "indeterminate", wrong(1), 15 * minute]
  ])("that %s is probed again in time", (_, result, known, wait) => {
    expect(probeWait(verified, result, known, t0)).toBe(wait)
  })

  it("is degraded by the third probe in a row at the earliest jitter, which spans an hour", () => {
    let at = t0
    let streak: Streak = []
    for (const wait of [0, 1, 2]) {
      if (wait > 0) at += jitter(probeWait(verified, "negative", streak, at), 0)
      expect(degradesBy(plan.records, streak)).toBe(false)
      streak = nextStreak(plan.records, streak, "negative", { at, evidence: saw("no name") })
    }
    expect(degradesBy(plan.records, streak)).toBe(true)
  })
})

it("probes a degraded or lost domain every 4 h", () => {
  for (const result of ["valid", "negative", "indeterminate"] as const) {
    expect(probeWait(fallen, result, wrong(3), t0)).toBe(4 * hour)
  }
})

it("spreads waits by 20 % either way", () => {
  expect([jitter(hour, 0), jitter(hour, 0.5), jitter(hour, 1)]).toEqual([48 * minute, hour, 72 * minute])
  expect(jitter(30 * second + 1, 0.3)).toBe(Math.round(jitter(30 * second + 1, 0.3)))
})

describe("a streak of negatives", () => {
  const { records } = plan
  const negative = (after: number, ...sights: ReadonlyArray<Sight>): Negative => ({
    at: t0 + after,
    evidence: saw(...sights)
  })
  const one = negative(0, "no name")
  const two = negative(hour, "wrong target")
  const three = negative(2 * hour, "no data")
  const four = negative(3 * hour, "two targets")

  it("begins with the first, grows with each, and keeps the first and the last two", () => {
    expect(nextStreak(records, [], "negative", one)).toStrictEqual([one])
    expect(nextStreak(records, [one], "negative", two)).toStrictEqual([one, two])
    expect(nextStreak(records, [one, two], "negative", three)).toStrictEqual([one, two, three])
    expect(nextStreak(records, [one, two, three], "negative", four)).toStrictEqual([one, three, four])
  })

  it("ends with a valid probe", () => {
    expect(nextStreak(records, [one, two], "valid", negative(hour))).toStrictEqual([])
  })

  it("neither grows nor ends with an indeterminate probe, nor with one that does not count", () => {
    for (const streak of [[], [one, two]]) {
      expect(nextStreak(records, streak, "indeterminate", negative(2 * hour, "unavailable"))).toBe(streak)
      expect(nextStreak(records, streak, "negative", negative(2 * hour, "no name at one server"))).toBe(streak)
    }
  })

  it("ends when a server shows right again what was denied", () => {
    const contested = negative(2 * hour, "servers disagree")
    expect(nextStreak(records, [one, two], "indeterminate", contested)).toStrictEqual([])
  })

  it("takes a resolver's no again when the one before has left its cache, not before", () => {
    const first = nextStreak(records, [], "negative", negative(0, "no name by a resolver"))
    expect(first).toHaveLength(1)
    const again = (after: number) => nextStreak(records, first, "negative", negative(after, "no name by a resolver"))
    expect(again(5 * minute - 1)).toBe(first)
    expect(again(5 * minute)).toHaveLength(2)
  })
})
