/**
 * Two storages, one random program: whatever it does, both must answer the same. What the clauses of the contract
 * forgot to say shows here, because a readable storage (memory) is compared with a fast one step by step.
 *
 * Not compared are the names that a storage gives by itself: ids and fences of tasks, and what is random, as keys are.
 * A failing program is shrunk, and printed with the seed that repeats it.
 */
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { expect, it } from "vitest"
import { makeSide } from "./Differential/Side.ts"
import { type Step, storageProgram } from "./Differential/StorageProgram.ts"
import { beginning, type StorageLayer } from "./StorageContract/Clause.ts"

/** How much is tried. */
export interface DifferentialOptions {
  /** How many programs; 50 when absent. */
  readonly runs?: number
  /** Repeats a failure: the seed that it printed. */
  readonly seed?: number
}

/** Registers one test: both layers, each built anew for every program, answer alike to all of them. */
export const differential = (
  name: string,
  one: StorageLayer,
  two: StorageLayer,
  options: DifferentialOptions = {}
): void => {
  it(`any program: ${name}`, { timeout: 300_000 }, () => compareStorages(one, two, options))
}

/** The comparison by itself: rejects with the smallest program found that tells the two apart. */
export const compareStorages = (
  one: StorageLayer,
  two: StorageLayer,
  { runs = 50, seed }: DifferentialOptions = {}
): Promise<void> =>
  fc.assert(
    fc.asyncProperty(storageProgram, (program) =>
      sameProgram(one, two, program).pipe(Effect.provide(TestClock.layer()), Effect.runPromise)
    ),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) }
  )

const sameProgram = Effect.fnUntraced(function* (one: StorageLayer, two: StorageLayer, program: ReadonlyArray<Step>) {
  yield* TestClock.setTime(beginning)
  const first = makeSide(yield* Layer.build(Layer.fresh(one)))
  const second = makeSide(yield* Layer.build(Layer.fresh(two)))
  for (const [index, step] of program.entries()) {
    // Every step has a moment of its own, so that no time limit is met to the millisecond: the clauses do that.
    yield* TestClock.adjust(step.do === "wait" ? step.time + 1 : 1)
    const title = `step ${index}, ${JSON.stringify(step)}`
    expect(yield* second.answer(step, index), title).toEqual(yield* first.answer(step, index))
    expect(yield* second.everything, `everything after ${title}`).toEqual(yield* first.everything)
  }
}, Effect.scoped)
