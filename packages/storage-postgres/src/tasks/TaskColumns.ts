/**
 * Tasks as parameters.
 */
import type { NewTask } from "@countersign/core"
import type { PgTypes } from "@effect/sql-pg"
import { integers, longs, texts } from "../connection/Parameters.ts"

/** The parameters of `put_tasks`: layer, kind, key, due, spacing and payload of each. */
export const taskArrays = (
  tasks: ReadonlyArray<NewTask>,
  layers: ReadonlyArray<number>
): ReadonlyArray<PgTypes.Parameter> => [
  integers(layers),
  texts(tasks.map(({ kind }) => kind)),
  texts(tasks.map(({ key }) => key ?? null)),
  longs(tasks.map(({ due }) => Math.ceil(due))),
  longs(tasks.map(({ spacing }) => Math.ceil(spacing))),
  texts(tasks.map(({ payload }) => JSON.stringify(payload)))
]

/** How many of the same name come before each; 0 for those without a name. */
export const layersOf = (names: ReadonlyArray<string | undefined>): ReadonlyArray<number> => {
  const seen = new Map<string, number>()
  return names.map((name) => {
    if (name === undefined) return 0
    const layer = seen.get(name) ?? 0
    seen.set(name, layer + 1)
    return layer
  })
}
