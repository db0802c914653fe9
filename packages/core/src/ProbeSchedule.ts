/**
 * When a domain is probed again, and how many wrong answers in a row count.
 *
 * Pure: time is given in milliseconds since the epoch, chance as a number. The engine keeps the streak in the domain's
 * one probe task.
 */
import { Schema } from "effect"
import { countsAgainst, degradeAfter, isContested, type Negative } from "./Demotion.ts"
import { DnsObservation } from "./DnsObservation.ts"
import type { DnsRecord } from "./DnsPlan.ts"
import type { ProbeResult } from "./DnsVerdict.ts"

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** How long after adding the sender a domain that never verified is called timed out. */
export const verificationWindow = 72 * hour
/** How long a degraded domain may go on sending. */
export const gracePeriod = 72 * hour

/**
 * Negatives in a row that count against a verified domain, the oldest first: the first, and the last two. An answer
 * that could not be had neither adds to them nor ends them.
 */
export const Streak = Schema.Array(Schema.Struct({ at: Schema.Number, evidence: Schema.Array(DnsObservation) }))
export type Streak = typeof Streak.Type

/** The streak after one more probe. A valid one ends it; one that says nothing, or does not count, leaves it. */
export const nextStreak = (
  records: ReadonlyArray<DnsRecord>,
  streak: Streak,
  result: ProbeResult,
  probe: Negative
): Streak => {
  const last = streak[streak.length - 1]
  if (result === "valid" || isContested(records, probe, last)) return []
  if (result === "indeterminate" || !countsAgainst(records, probe, last)) return streak
  return [...(streak.length < degradeAfter.negatives ? streak : [...streak.slice(0, 1), ...streak.slice(-1)]), probe]
}

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
export const probeWait = (subject: ProbeSubject, result: ProbeResult, streak: Streak, at: number): number => {
  switch (subject._tag) {
    case "Verified": {
      if (streak.length > 0) return afterNegative[Math.min(streak.length, afterNegative.length) - 1] ?? 4 * hour
      return result === "valid" ? day : hour
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
