/**
 * When a domain is probed and what comes of it, told once more from the rules of the domain: a table of waits and a
 * short story of what was true when. It shares nothing with the code that it judges.
 */

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** How late a worker may be, in milliseconds. */
export const tolerance = 50

/** What a probe would see: all records right, a wrong one, or no answer. */
export type Truth = "right" | "wrong" | "unknown"

export interface ExpectedLife {
  /** Times between probes, each with the wait that the rules want, before ±20 %. */
  readonly gaps: ReadonlyArray<{ readonly at: number; readonly gap: number; readonly wait: number }>
  /** What the rules want after the last probe. */
  readonly nextWait: number
  /** Changes of the domain's state, with their times. */
  readonly events: ReadonlyArray<readonly [name: string, at: number]>
}

const firstWaits = [0.5 * minute, 1 * minute, 2 * minute, 5 * minute, 10 * minute, 20 * minute, 40 * minute]

/** The life of a domain added at `start` that was probed at these times. */
export const expectedLife = (
  start: number,
  probes: ReadonlyArray<number>,
  truths: ReadonlyArray<readonly [since: number, truth: Truth]>
): ExpectedLife => {
  let state: "pending" | "timed-out" | "verified" | "degraded" | "lost" = "pending"
  let degradedAt = 0
  let negatives: Array<number> = []
  let nextWait = 0
  const gaps: Array<ExpectedLife["gaps"][number]> = []
  const events: Array<readonly [string, number]> = []

  probes.forEach((at, index) => {
    const before = probes[index - 1]
    if (before !== undefined) gaps.push({ at, gap: at - before, wait: nextWait })
    const truth = truths.findLast(([since]) => since <= at)?.[1] ?? "wrong"
    if (truth === "right") negatives = []
    if (truth === "wrong") negatives = [...negatives, at]

    if (truth === "right" && state !== "verified") {
      events.push([state === "degraded" ? "DomainRecovered" : "DomainVerified", at])
      state = "verified"
    } else if (truth === "wrong" && state === "pending" && at - start >= 72 * hour) {
      events.push(["DomainVerificationTimedOut", at])
      state = "timed-out"
    } else if (truth === "wrong" && state === "degraded" && at - degradedAt >= 72 * hour) {
      events.push(["DomainVerificationLost", at])
      state = "lost"
    } else if (
      truth === "wrong" &&
      state === "verified" &&
      negatives.length >= 3 &&
      at - (negatives[0] ?? at) >= hour
    ) {
      events.push(["DomainDegraded", at])
      state = "degraded"
      degradedAt = at
    }

    if (state === "pending" || state === "timed-out") {
      const age = at - start
      nextWait = firstWaits[index] ?? (age < 72 * hour ? hour : age < 30 * day ? 6 * hour : 7 * day)
    } else if (state === "degraded" || state === "lost") {
      nextWait = 4 * hour
    } else if (negatives.length > 0) {
      nextWait = negatives.length === 1 ? 15 * minute : negatives.length === 2 ? hour : 4 * hour
    } else {
      // A verified domain that could not be asked is asked again within the hour: it moves nothing.
      nextWait = truth === "unknown" ? hour : day
    }
  })
  return { gaps, nextWait, events }
}
