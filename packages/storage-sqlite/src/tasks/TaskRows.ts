/**
 * The life of a task as steps on its row: put, and the ends of a run. The task queue takes them, and so does a commit,
 * which puts tasks and may settle one.
 *
 * A claim is held as long as nobody else claimed the task and its run was not ended; the fence alone decides.
 */
import type { NewTask } from "@countersign/core"
import type { TaskFence } from "@countersign/engine"
import { type Row, readInteger, readOptionalInteger, readTaskState, taskNumber } from "@countersign/engine/storage"
import type { Database } from "../connection/Database.ts"
import type { Transaction } from "../connection/Transaction.ts"

/** The row of a claim that is still held. */
export interface HeldTask {
  readonly number: number
  readonly rerunAt: number | undefined
}

export interface TaskRows {
  readonly put: (tx: Transaction, task: NewTask) => void
  readonly held: (claim: TaskFence) => HeldTask | undefined
  readonly complete: (task: HeldTask) => void
  readonly retry: (
    task: HeldTask,
    next: { readonly due: number; readonly attempts: number; readonly payload?: unknown; readonly error?: string }
  ) => void
  readonly bury: (task: HeldTask, error: string) => void
  readonly startAfresh: (number: number, due: number) => void
}

export const makeTaskRows = ({ writer }: Database): TaskRows => {
  const readLast = writer.prepare("SELECT last FROM task_numbers")
  const writeLast = writer.prepare("UPDATE task_numbers SET last = ?")
  const insert = writer.prepare(`
    INSERT INTO tasks (number, kind, key, state, due, attempts, payload, fence) VALUES (?, ?, ?, 0, ?, 0, ?, 0)`)
  const findByKey = writer.prepare("SELECT number, state, due, last_run_at, rerun_at FROM tasks WHERE key = ?")
  const setDue = writer.prepare("UPDATE tasks SET due = ? WHERE number = ?")
  const setRerun = writer.prepare("UPDATE tasks SET rerun_at = ? WHERE number = ?")
  const restart = writer.prepare(`
    UPDATE tasks SET state = 0, due = ?, attempts = 0, error = NULL, rerun_at = NULL WHERE number = ?`)
  const findHeld = writer.prepare("SELECT number, rerun_at FROM tasks WHERE number = ? AND fence = ? AND state = 1")
  const remove = writer.prepare("DELETE FROM tasks WHERE number = ?")
  const wait = writer.prepare(`
    UPDATE tasks SET state = 0, due = ?, attempts = ?, payload = coalesce(?, payload), error = ?, rerun_at = NULL
    WHERE number = ?`)
  const setBuried = writer.prepare("UPDATE tasks SET state = 2, error = ? WHERE number = ?")

  // Read once per transaction and written back once: `undefined` outside of one that put tasks.
  let last: number | undefined

  const forgetLast = () => {
    last = undefined
  }

  const nextNumber = (tx: Transaction): number => {
    if (last === undefined) {
      last = readInteger(readLast.get(), "last")
      tx.beforeCommit(() => {
        writeLast.run(last ?? null)
        forgetLast()
      })
      tx.afterRollback(forgetLast)
    }
    last += 1
    return last
  }

  const startAfresh = (number: number, due: number): void => {
    restart.run(due, number)
  }

  const putAgain = (row: Row, { due, spacing }: NewTask): void => {
    const number = readInteger(row, "number")
    const lastRunAt = readOptionalInteger(row, "last_run_at")
    const from = Math.ceil(lastRunAt === undefined ? due : Math.max(due, lastRunAt + spacing))
    switch (readTaskState(row)) {
      case "waiting":
        if (from < readInteger(row, "due")) setDue.run(from, number)
        return
      case "running":
        // Outlives a take-over: one run too many is harmless, one too few is lost work.
        setRerun.run(Math.min(readOptionalInteger(row, "rerun_at") ?? from, from), number)
        return
      case "buried":
        startAfresh(number, from)
    }
  }

  return {
    put: (tx, task) => {
      const existing = task.key === undefined ? undefined : findByKey.get(task.key)
      if (existing !== undefined) return putAgain(existing, task)
      insert.run(nextNumber(tx), task.kind, task.key ?? null, Math.ceil(task.due), JSON.stringify(task.payload))
    },
    held: ({ task, fence }) => {
      const row = findHeld.get(taskNumber(task), fence)
      return row && { number: readInteger(row, "number"), rerunAt: readOptionalInteger(row, "rerun_at") }
    },
    complete: ({ number, rerunAt }) => {
      if (rerunAt === undefined) remove.run(number)
      else startAfresh(number, rerunAt)
    },
    retry: ({ number, rerunAt }, { due, attempts, payload, error }) => {
      const from = Math.ceil(Math.min(due, rerunAt ?? due))
      wait.run(from, attempts, payload === undefined ? null : JSON.stringify(payload), error ?? null, number)
    },
    bury: ({ number, rerunAt }, error) => {
      // A put during the run came after whatever made the worker give up: it revives the task like one a moment later.
      if (rerunAt !== undefined) startAfresh(number, rerunAt)
      else setBuried.run(error, number)
    },
    startAfresh
  }
}
