/**
 * The list of faults that a sandbox server has been told to show, and how often each of them may still happen. Both
 * servers ask it once per step of the protocol. It promises that a fault with `times: n` is spent exactly n times, in
 * the order of the list, and that replacing the list forgets what was left of the old one.
 */

/** The part every fault has: how many times it happens, absent for always, and at which share of the occasions. */
export interface Limited {
  readonly times?: number
  /** From 0 to 1, by chance; absent: at every occasion. */
  readonly share?: number
  /** Where the chance starts: the same seed strikes at the same occasions. */
  readonly seed?: number
}

/** Faults as the callers give them: none, one, or several, of which the first that applies is used. */
export type Faults<Fault extends Limited> = Fault | ReadonlyArray<Fault> | undefined

const isList = <Fault extends Limited>(faults: Fault | ReadonlyArray<Fault>): faults is ReadonlyArray<Fault> =>
  Array.isArray(faults)

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
export const chance = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A script of faults. */
export class FaultScript<Fault extends Limited> {
  #entries: ReadonlyArray<{ readonly fault: Fault; readonly random: () => number; left: number }> = []

  /** Replaces the whole script. `undefined` makes the server behave again. */
  set(faults: Faults<Fault>): void {
    const list = faults === undefined ? [] : isList(faults) ? faults : [faults]
    this.#entries = list.map((fault) => ({
      fault,
      random: chance(fault.seed ?? 0),
      left: fault.times ?? Number.POSITIVE_INFINITY
    }))
  }

  /**
   * The faults that apply now, one after another; each is spent at the moment it is handed out. A caller stops taking
   * as soon as one has decided the answer, so that the faults behind it stay unspent.
   */
  *spend(applies: (fault: Fault) => boolean): Generator<Fault, void> {
    for (const entry of this.#entries) {
      if (entry.left > 0 && applies(entry.fault) && entry.random() < (entry.fault.share ?? 1)) {
        entry.left -= 1
        yield entry.fault
      }
    }
  }
}
