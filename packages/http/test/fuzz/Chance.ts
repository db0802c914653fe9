/**
 * Randomness from a seed: the same seed makes the same choices, in the same order.
 */
export interface Chance {
  /** From 0 on, below `end`. */
  readonly below: (end: number) => number
  /** True in so many of a hundred cases. */
  readonly percent: (cases: number) => boolean
  readonly pick: <A>(from: readonly [A, ...ReadonlyArray<A>]) => A
  /** One of a list that may be empty. */
  readonly pickAny: <A>(from: ReadonlyArray<A>) => A | undefined
}

/** Mulberry32: 32 bits of state are plenty to choose test data with. */
export const makeChance = (seed: number): Chance => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (end: number) => Math.floor(next() * end)
  return {
    below,
    percent: (cases) => next() * 100 < cases,
    pick: (from) => from[below(from.length)] ?? from[0],
    pickAny: (from) => from[below(from.length)]
  }
}
