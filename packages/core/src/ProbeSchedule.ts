/**
 * When a domain is probed again, and how many wrong answers in a row count.
 *
 * Pure: time is given in milliseconds since the epoch, chance as a number. The engine keeps the streak in the domain's
 * one probe task.
 */
import { Schema } from "effect"
import type { ProbeResult } from "./DnsVerdict.ts"

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** How long after adding the sender a domain that never verified is called timed out. */
export const verificationWindow = 72 * hour
/** How long a degraded domain may go on sending. */
export const gracePeriod = 72 * hour
/** Consecutive definitive negatives, and the least time between the first and the last, that degrade a domain. */
export const degradeAfter = { negatives: 3, span: hour } as const

/** Definitive negatives in a row. An answer that could not be had neither adds to it nor ends it. */
export const Streak = Schema.Struct({
  count: Schema.Int,
  /** When the first of them was seen, in milliseconds since the epoch. */
  since: Schema.Number
})
export type Streak = typeof Streak.Type

/** The streak after one more probe. A valid one ends it, an indeterminate one leaves it as it is. */
export const nextStreak = (streak: Streak | undefined, result: ProbeResult, at: number): Streak | undefined => {
  if (result === "valid") return undefined
  if (result === "indeterminate") return streak
  return { count: (streak?.count ?? 0) + 1, since: streak?.since ?? at }
}

/** Whether a streak is long enough to move a verified domain down. */
export const streakDegrades = (streak: Streak | undefined, at: number): boolean =>
  streak !== undefined && streak.count >= degradeAfter.negatives && at - streak.since >= degradeAfter.span

/** Waits between the probes of a domain that is not verified yet, before they become hourly. */
const pendingWaits = [30 * second, minute, 2 * minute, 5 * minute, 10 * minute, 20 * minute, 40 * minute] as const
const afterNegative = [15 * minute, hour, 4 * hour] as const

/** What a probe is waited for: the domain axis of a sender, with the age of a pending one. */
export type ProbeSubject =
  | { readonly _tag: "Unverified"; readonly since: number }
  | { readonly _tag: "Verified" }
  | { readonly _tag: "Fallen" }

/**
 * Milliseconds until the next probe, before jitter.
 *
 * The step of an unverified domain is read off its age, so nothing has to be counted: steps lie far enough apart that
 * jitter of 20 % cannot confuse them.
 */
export const probeWait = (
  subject: ProbeSubject,
  result: ProbeResult,
  streak: Streak | undefined,
  at: number
): number => {
  switch (subject._tag) {
    case "Verified": {
      if (streak !== undefined) return afterNegative[Math.min(streak.count, afterNegative.length) - 1] ?? 4 * hour
      return result === "indeterminate" ? hour : day
    }
    case "Fallen":
      return 4 * hour
    case "Unverified": {
      const age = Math.max(0, at - subject.since)
      let due = 0
      for (const wait of pendingWaits) {
        if (age < (due + wait) * 0.8) return wait
        due += wait
      }
      if (age < verificationWindow) return hour
      return age < 30 * day ? 6 * hour : 7 * day
    }
  }
}

/** Spreads a wait by ±20 %; `chance` lies in [0, 1). */
export const jitter = (wait: number, chance: number): number => Math.round(wait * (0.8 + 0.4 * chance))
