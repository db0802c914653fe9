/**
 * Ids and states of tasks, and tasks out of their rows.
 */
import type { TaskId, TaskKind } from "@countersign/core"
import { Brand } from "effect"
import type { ClaimedTask, TaskRecord } from "../ports/TaskQueue.ts"
import { type Row, readInteger, readOptionalInteger, readOptionalText, readText } from "./Columns.ts"

/** The id of a task in the port. Of one length, so that the order of the texts is the order of the numbers. */
export const taskId = (number: number): TaskId => taskIdBrand(String(number).padStart(idLength, "0"))

/** The number of a task by its id; 0, which no task has, for what is no id of ours. */
export const taskNumber = (id: string): number => (/^[0-9]{16}$/.test(id) ? Number(id) : 0)

const idLength = 16
const taskIdBrand = Brand.nominal<TaskId>()

/** A state is kept as its place in this list. */
export const taskStates = ["waiting", "running", "buried"] as const

/** The state of a row. */
export const readTaskState = (row: Row): TaskRecord["state"] => {
  const state = taskStates[readInteger(row, "state")]
  if (state === undefined) throw new TypeError("column state holds no state of a task")
  return state
}

/** A task as an operator sees it. */
export const decodeTaskRecord = (row: Row): TaskRecord => ({
  id: taskId(readInteger(row, "number")),
  state: readTaskState(row),
  error: readOptionalText(row, "error"),
  ...decodeTask(row)
})

/** A task that was claimed just now. `last_run_at` is of the run before this one. */
export const decodeClaimedTask = (row: Row): ClaimedTask => ({
  task: taskId(readInteger(row, "number")),
  fence: readInteger(row, "fence"),
  lastRunAt: readOptionalInteger(row, "last_run_at"),
  ...decodeTask(row)
})

const decodeTask = (row: Row) => ({
  // Written from a task's own kind.
  kind: readText(row, "kind") as TaskKind,
  key: readOptionalText(row, "key"),
  due: readInteger(row, "due"),
  attempts: readInteger(row, "attempts"),
  payload: JSON.parse(readText(row, "payload")) as unknown
})
