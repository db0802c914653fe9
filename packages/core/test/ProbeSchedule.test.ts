import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { ProbeResult } from "../src/DnsVerdict.ts"
import { jitter, nextStreak, type ProbeSubject, probeWait, type Streak, streakDegrades } from "../src/ProbeSchedule.ts"
import { day, hour, minute, second, streak, t0 } from "./SenderExamples.ts"

const pending: ProbeSubject = { _tag: "Unverified", since: t0 }
const verified: ProbeSubject = { _tag: "Verified" }
const fallen: ProbeSubject = { _tag: "Fallen" }

/** The first waits of an unverified domain when every one is stretched by `chance`. */
const waits = (count: number, chance: () => number): ReadonlyArray<number> => {
  let at = t0
  return Array.from({ length: count }, () => {
    const wait = probeWait(pending, "negative", undefined, at)
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
      expect(probeWait(pending, result, undefined, t0 + age)).toBe(wait)
    }
  })

  it("begins anew when the clock was put back", () => {
    expect(probeWait(pending, "negative", undefined, t0 - day)).toBe(30 * second)
  })
})

describe("a verified domain", () => {
  it.each<readonly [string, ProbeResult, Streak | undefined, number]>([
    ["was right", "valid", undefined, day],
    ["was indeterminate", "indeterminate", undefined, hour],
    ["was wrong once", "negative", streak(1, 0), 15 * minute],
    ["was wrong twice", "negative", streak(2, 0), hour],
    ["was wrong three times", "negative", streak(3, 0), 4 * hour],
    ["was wrong nine times", "negative", streak(9, 0), 4 * hour],
    ["was indeterminate after it was wrong", "indeterminate", streak(1, 0), 15 * minute]
  ])("that %s is probed again in time", (_, result, known, wait) => {
    expect(probeWait(verified, result, known, t0)).toBe(wait)
  })

  it("is degraded by the third probe in a row at the earliest jitter, which spans an hour", () => {
    const waited = [1, 2].map((count) => jitter(probeWait(verified, "negative", streak(count, 0), t0), 0))
    expect(streakDegrades(streak(3, 0), t0 + waited.reduce((sum, wait) => sum + wait, 0))).toBe(true)
  })
})

it("probes a degraded or lost domain every 4 h", () => {
  for (const result of ["valid", "negative", "indeterminate"] as const) {
    expect(probeWait(fallen, result, streak(5, 0), t0)).toBe(4 * hour)
  }
})

it("spreads waits by 20 % either way", () => {
  expect([jitter(hour, 0), jitter(hour, 0.5), jitter(hour, 1)]).toEqual([48 * minute, hour, 72 * minute])
  expect(jitter(30 * second + 1, 0.3)).toBe(Math.round(jitter(30 * second + 1, 0.3)))
})

describe("a streak of negatives", () => {
  it("begins with the first and grows with each", () => {
    const one = nextStreak(undefined, "negative", t0)
    expect(one).toStrictEqual({ count: 1, since: t0 })
    expect(nextStreak(one, "negative", t0 + hour)).toStrictEqual({ count: 2, since: t0 })
  })

  it("ends with a valid probe", () => {
    expect(nextStreak(streak(2, 0), "valid", t0 + hour)).toBeUndefined()
  })

  it("neither grows nor ends with an indeterminate probe", () => {
    expect(nextStreak(streak(2, 0), "indeterminate", t0 + hour)).toStrictEqual(streak(2, 0))
    expect(nextStreak(undefined, "indeterminate", t0)).toBeUndefined()
  })

  it.each([
    [undefined, hour, false],
    [streak(2, 0), 9 * day, false],
    [streak(3, 0), hour - 1, false],
    [streak(3, 0), hour, true],
    [streak(4, 0), hour, true],
    [streak(3, 0), -hour, false]
  ])("degrades when there are three over an hour: %j after %i ms", (known, after, degrades) => {
    expect(streakDegrades(known, t0 + after)).toBe(degrades)
  })
})
