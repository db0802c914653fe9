/** Numbers that follow from a seed (mulberry32), so that a run can be repeated as far as its processes let it. */
export interface Random {
  /** From 0 to 1. */
  readonly next: () => number
  /** A whole number from 0 to below `limit`. */
  readonly below: (limit: number) => number
  readonly pick: <A>(list: readonly [A, ...ReadonlyArray<A>]) => A
}

export const makeRandom = (seed: number): Random => {
  let state = Math.imul(seed, 0x9e3779b1) | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.trunc(next() * limit)
  return { next, below, pick: (list) => list[below(list.length)] ?? list[0] }
}
