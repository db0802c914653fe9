/**
 * Contenders measured against each other: round after round in turn, so that whatever else the machine does meanwhile
 * hurts each of them alike. The figures are medians over the rounds.
 */
import { setTimeout as pause } from "node:timers/promises"
import type { Measured } from "./Figure.ts"

/** What one round did. */
export interface Round {
  readonly operations: number
  readonly seconds: number
  /** Of each operation, in milliseconds. */
  readonly latencies: Float64Array
}

/** Does one round of the work. What it needs beforehand is not in the time it reports. */
export type Contender = () => Promise<Round>

export interface Series {
  /** Operations per second: the median of the rounds. */
  readonly rate: number
  readonly rates: ReadonlyArray<number>
  /** Over the operations of all rounds, in milliseconds. */
  readonly p50: number
  readonly p99: number
}

/** Long enough for what a round left behind, as a checkpoint that is being written, not to run into the next. */
const betweenRounds = 150

/** One round of each to warm up, which does not count, then `rounds` of each; who begins alternates. */
export const alternate = async <Name extends string>(
  contenders: { readonly [N in Name]: Contender },
  rounds: number
): Promise<{ readonly [N in Name]: Series }> => {
  // The keys of an object with exactly these keys.
  const names = Object.keys(contenders) as Array<Name>
  const done = new Map<Name, Array<Round>>(names.map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const result = await contenders[name]()
      if (round > 0) done.get(name)?.push(result)
      await pause(betweenRounds)
    }
  }
  // As above: one entry for each name.
  return Object.fromEntries(names.map((name) => [name, summarize(done.get(name) ?? [])])) as {
    readonly [N in Name]: Series
  }
}

/** Several rounds of one contender as one series. */
export const summarize = (rounds: ReadonlyArray<Round>): Series => {
  const rates = rounds.map(({ operations, seconds }) => operations / seconds)
  const all = new Float64Array(rounds.reduce((sum, { latencies }) => sum + latencies.length, 0))
  let at = 0
  for (const { latencies } of rounds) {
    all.set(latencies, at)
    at += latencies.length
  }
  all.sort()
  return { rate: median(rates), rates, p50: percentile(all, 0.5), p99: percentile(all, 0.99) }
}

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return Number.isInteger(middle)
    ? ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
    : (sorted[Math.floor(middle)] ?? 0)
}

/** The smallest value that `part` of all values do not exceed. */
export const percentile = (sorted: Float64Array, part: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0

/** How many times as fast: the median of what each pair of rounds says, for those ran under the same conditions. */
export const ratio = (ours: Series, raw: Series): number =>
  median(ours.rates.map((rate, round) => rate / (raw.rates[round] ?? raw.rate)))

export const perSecond = ({ rate, p50, p99 }: Series): Measured => ({ value: rate, unit: "/s", p50, p99 })
