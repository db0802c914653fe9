/**
 * A figure: what was measured of ours, beside what the same work costs without us, and the aim it is held against.
 */

/** Times are milliseconds. */
export interface Measured {
  readonly value: number
  /** `/s`, `ms`, `µs` or `MB`. */
  readonly unit: string
  readonly p50?: number
  readonly p99?: number
}

export interface Aim {
  readonly text: string
  readonly met: boolean
}

export interface Figure {
  /** What was done, in words: the first column of the table. */
  readonly workload: string
  readonly ours: Measured
  /** The same work by the bare means; absent where there is none to compare with. */
  readonly raw?: Measured
  /** Ours to raw, the median over the rounds; more is better for us. */
  readonly ratio?: number
  /** Everyone who did this work, ours first: present where others' libraries are measured too. */
  readonly standings?: ReadonlyArray<Standing>
  readonly aims: ReadonlyArray<Aim>
}

/** How one of several stores did. */
export interface Standing {
  readonly store: string
  /** Absent when it could not be measured; `note` says why. */
  readonly measured?: Measured
  /** The part of the operations that failed; those are not in the rate. */
  readonly failed?: number
  /** How many times as good ours is. */
  readonly ratio?: number
  /** What a reader of its whole log may rely on. */
  readonly ordering: string
  /** Versions and settings, as it said them itself. */
  readonly settings?: string
  readonly note?: string
}

export const atLeast = (value: number, bound: number, text: string): Aim => ({ text, met: value >= bound })

export const atMost = (value: number, bound: number, text: string): Aim => ({ text, met: value <= bound })

export const below = (value: number, bound: number, text: string): Aim => ({ text, met: value < bound })
