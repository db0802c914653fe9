/**
 * Tasks as parameters and out of rows.
 */
import type { NewTask, TaskId, TaskKind } from "@countersign/core"
import type { PgTypes } from "@effect/sql-pg"
import { Brand } from "effect"
import { type Row, readText } from "../connection/Columns.ts"
import { integers, longs, texts } from "../connection/Parameters.ts"

/** The id of a task in the port. Of one length, so that the order of the texts is the order of the numbers. */
export const taskId = (number: number): TaskId => brand(String(number).padStart(idLength, "0"))

const brand = Brand.nominal<TaskId>()

/** The number of a task by its id; 0, which no task has, for what is no id of ours. */
export const taskNumber = (id: string): number => (/^[0-9]{16}$/.test(id) ? Number(id) : 0)

const idLength = 16

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

// Written by `taskArrays` from a task's own kind.
export const kindOf = (row: Row): TaskKind => readText(row, "kind") as TaskKind
