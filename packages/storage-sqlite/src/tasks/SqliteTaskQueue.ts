/**
 * The task queue on SQLite: the steps of `TaskRows.ts`, a transaction each, and the claim.
 */
import type { NewTask, TaskKind } from "@countersign/core"
import { type Claim, type ClaimedTask, LeaseLost, type TaskFence, TaskQueue } from "@countersign/engine"
import {
  decodeClaimedTask,
  decodeTaskRecord,
  type Row,
  readInteger,
  readOptionalInteger,
  readTaskState,
  taskNumber,
  taskStates
} from "@countersign/engine/storage"
import { Effect, Option } from "effect"
import type { Changes } from "../connection/Changes.ts"
import type { Database } from "../connection/Database.ts"
import type { HeldTask, TaskRows } from "./TaskRows.ts"

const columns = "number, kind, key, state, due, attempts, payload, error, fence, leased_until, last_run_at"

export const makeTaskQueue = (database: Database, rows: TaskRows, changes: Changes): TaskQueue["Service"] => {
  const { writer } = database
  const hint = <A, E>(written: Effect.Effect<A, E>) => Effect.tap(written, () => Effect.sync(changes.hint))
  const { claimDue, nextDue } = makeClaims(database)
  const renew = writer.prepare("UPDATE tasks SET leased_until = ? WHERE number = ? AND fence = ? AND state = 1")
  const findBuried = writer.prepare("SELECT number FROM tasks WHERE number = ? AND state = 2")
  const remove = writer.prepare("DELETE FROM tasks WHERE number = ?")

  const withHeld = (claim: TaskFence, step: (task: HeldTask) => void) =>
    database
      .write(() => {
        const held = rows.held(claim)
        if (held !== undefined) step(held)
        return held !== undefined
      })
      .pipe(Effect.flatMap(orLeaseLost(claim)), hint)

  return TaskQueue.of({
    put: (task: NewTask) => hint(database.write((tx) => rows.put(tx, task))),
    claim: (kinds, limit, lease) =>
      // Most claims of an idle process find nothing: they take no lock.
      database
        .read((now): Claim => ({ tasks: [], nextDue: nextDue(kinds), now }))
        .pipe(
          Effect.flatMap((nothing) =>
            nothing.nextDue === undefined || nothing.nextDue > nothing.now || limit < 1
              ? Effect.succeed(nothing)
              : database.write(({ now }): Claim => {
                  const tasks = claimDue(kinds, limit, lease, now)
                  return { tasks, nextDue: nextDue(kinds), now }
                })
          )
        ),
    renew: (claim, lease) =>
      database
        .write(({ now }) => renew.run(now + lease, taskNumber(claim.task), claim.fence).changes === 1)
        .pipe(Effect.flatMap(orLeaseLost(claim))),
    complete: (claim) => withHeld(claim, rows.complete),
    retryAt: (claim, next) => withHeld(claim, (task) => rows.retry(task, next)),
    bury: (claim, error) => withHeld(claim, (task) => rows.bury(task, error)),
    find: makeFind(database),
    list: makeList(database),
    revive: (id) =>
      hint(
        database.write(({ now }) => {
          const row = findBuried.get(taskNumber(id))
          if (row !== undefined) rows.startAfresh(readInteger(row, "number"), now)
          return row !== undefined
        })
      ),
    drop: (id) => database.write(() => remove.run(taskNumber(id)).changes === 1)
  })
}

const orLeaseLost =
  ({ task }: TaskFence) =>
  (held: boolean) =>
    held ? Effect.void : Effect.fail(new LeaseLost({ task }))

const makeClaims = ({ writer }: Database) => {
  // By kind, so that each is one walk along `tasks_by_due`. Running tasks are as few as there are workers.
  const findDue = writer.prepare(
    `SELECT ${columns} FROM tasks WHERE state = 0 AND kind = ? AND due <= ? ORDER BY due, number LIMIT ?`
  )
  const findAbandoned = writer.prepare(
    `SELECT ${columns} FROM tasks WHERE state = 1 AND kind = ? AND leased_until <= ? ORDER BY due, number LIMIT ?`
  )
  const firstDue = writer.prepare("SELECT min(due) AS at FROM tasks WHERE state = 0 AND kind = ?")
  const firstLease = writer.prepare("SELECT min(leased_until) AS at FROM tasks WHERE state = 1 AND kind = ?")
  const take = writer.prepare(`
    UPDATE tasks SET state = 1, attempts = ?, fence = fence + 1, leased_until = ?, last_run_at = ? WHERE number = ?`)

  const takeOne = (row: Row, lease: number, now: number): ClaimedTask => {
    const claimed = decodeClaimedTask(row)
    // Its worker died or hangs. That counts as a failed run, so that a task which kills its workers is buried in the
    // end.
    const attempts = claimed.attempts + (readTaskState(row) === "running" ? 1 : 0)
    take.run(attempts, now + lease, now, readInteger(row, "number"))
    return { ...claimed, fence: claimed.fence + 1, attempts }
  }

  return {
    claimDue: (kinds: ReadonlyArray<TaskKind>, limit: number, lease: number, now: number): ReadonlyArray<ClaimedTask> =>
      [...new Set(kinds)]
        .flatMap((kind) => [...findAbandoned.all(kind, now, limit), ...findDue.all(kind, now, limit)])
        .sort(
          (a, b) => readInteger(a, "due") - readInteger(b, "due") || readInteger(a, "number") - readInteger(b, "number")
        )
        .slice(0, limit)
        .map((row) => takeOne(row, lease, now)),
    nextDue: (kinds: ReadonlyArray<TaskKind>): number | undefined => {
      let next: number | undefined
      for (const kind of kinds) {
        for (const row of [firstDue.get(kind), firstLease.get(kind)]) {
          const at = row === undefined ? undefined : readOptionalInteger(row, "at")
          if (at !== undefined && (next === undefined || at < next)) next = at
        }
      }
      return next
    }
  }
}

const makeFind = ({ read, reader }: Database): TaskQueue["Service"]["find"] => {
  const byKey = reader.prepare(`SELECT ${columns} FROM tasks WHERE key = ?`)
  return (key) => read(() => Option.map(Option.fromUndefinedOr(byKey.get(key)), decodeTaskRecord))
}

const makeList = ({ read, reader }: Database): TaskQueue["Service"]["list"] => {
  // Waiting tasks are nearly all there are: walked by id. The others are few among many: found by their state.
  const waiting = reader.prepare(`
    SELECT ${columns} FROM tasks WHERE number > ? AND (? IS NULL OR +state = ?) AND (? IS NULL OR kind = ?)
    ORDER BY number LIMIT ?`)
  const fewOfKind = reader.prepare(
    `SELECT ${columns} FROM tasks WHERE state = ? AND kind = ? AND number > ? ORDER BY +number LIMIT ?`
  )
  const few = reader.prepare(`SELECT ${columns} FROM tasks WHERE state = ? AND number > ? ORDER BY +number LIMIT ?`)
  return ({ state, kind, after, limit }) =>
    read(() => {
      const from = after === undefined ? 0 : taskNumber(after)
      const code = state === undefined ? null : taskStates.indexOf(state)
      const found =
        code === null || state === "waiting"
          ? waiting.all(from, code, code, kind ?? null, kind ?? null, limit)
          : kind === undefined
            ? few.all(code, from, limit)
            : fewOfKind.all(code, kind, from, limit)
      return found.map(decodeTaskRecord)
    })
}
