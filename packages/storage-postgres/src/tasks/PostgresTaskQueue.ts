/**
 * The task queue on PostgreSQL: each verb is one call of one function.
 */
import { LeaseLost, type TaskFence, TaskQueue } from "@countersign/engine"
import {
  decodeClaimedTask,
  decodeTaskRecord,
  readBoolean,
  readInteger,
  readOptionalInteger,
  taskNumber,
  taskStates
} from "@countersign/engine/storage"
import { Effect, Option } from "effect"
import type { Changes } from "../connection/Changes.ts"
import type { Database } from "../connection/Database.ts"
import { databaseNow } from "../connection/DatabaseClock.ts"
import { long, texts } from "../connection/Parameters.ts"
import { taskArrays } from "./TaskColumns.ts"

interface End {
  readonly verb: "renew" | "complete" | "retry" | "bury"
  /** When it is due next, or how long the lease runs on. */
  readonly due?: number
  readonly attempts?: number
  readonly payload?: unknown
  readonly error?: string | undefined
}

export const makeTaskQueue = (database: Database, changes: Changes): TaskQueue["Service"] => {
  const { schema, channel } = database.names
  const put = `WITH put AS MATERIALIZED (SELECT ${schema}.put_tasks(1, 1, '{0}', '{1}', $1, $2, $3, $4, $5, $6))
    SELECT pg_notify('${channel}', '') FROM put`
  const claim = `SELECT * FROM ${schema}.claim_tasks($1, $2, $3, $4)`
  const end = `SELECT ${schema}.end_run($1, $2, $3, $4, $5, $6, $7, $8) AS held`
  const revive = `WITH revived AS (
      UPDATE ${schema}.tasks SET state = 0, due = ${databaseNow("$1")}, attempts = 0, error = NULL, rerun_at = NULL
      WHERE number = $2 AND state = 2 RETURNING 1
    ) SELECT pg_notify('${channel}', '') FROM revived`
  const find = `SELECT ${recordColumns} FROM ${schema}.tasks WHERE key = $1`
  const drop = `DELETE FROM ${schema}.tasks WHERE number = $1 RETURNING 1`

  const endRun = ({ task, fence }: TaskFence, { verb, due, attempts, payload, error }: End) =>
    Effect.flatMap(database.given, (given) =>
      database.write(end, [
        long(given),
        long(taskNumber(task)),
        fence,
        verb,
        long(due === undefined ? null : Math.ceil(due)),
        attempts ?? null,
        payload === undefined ? null : JSON.stringify(payload),
        error ?? null
      ])
    ).pipe(
      Effect.flatMap(([row]) => (readBoolean(row, "held") ? Effect.void : Effect.fail(new LeaseLost({ task })))),
      // Of interest here first; the others find a task that waits longer than they do by their own look.
      Effect.tap(() => (verb === "renew" ? Effect.void : changes.hint))
    )

  return TaskQueue.of({
    put: (task) => Effect.andThen(database.write(put, taskArrays([task], [0])), changes.hint),
    claim: (kinds, limit, lease) =>
      Effect.flatMap(database.given, (given) =>
        database.write(claim, [long(given), texts([...new Set(kinds)]), limit, long(lease)])
      ).pipe(
        Effect.map((rows) => {
          const last = rows[rows.length - 1] ?? {}
          return {
            tasks: rows.filter(({ number }) => number !== null).map(decodeClaimedTask),
            nextDue: readOptionalInteger(last, "next_due"),
            now: readInteger(last, "at")
          }
        })
      ),
    renew: (held, lease) => endRun(held, { verb: "renew", due: lease }),
    complete: (held) => endRun(held, { verb: "complete" }),
    retryAt: (held, { due, attempts, payload, error }) =>
      endRun(held, { verb: "retry", due, attempts, payload, error }),
    bury: (held, error) => endRun(held, { verb: "bury", error }),
    find: (key) =>
      Effect.map(database.read(find, [key]), ([row]) => Option.map(Option.fromUndefinedOr(row), decodeTaskRecord)),
    list: makeList(database),
    revive: (id) =>
      Effect.flatMap(database.given, (given) => database.write(revive, [long(given), long(taskNumber(id))])).pipe(
        Effect.tap(() => changes.hint),
        Effect.map(({ length }) => length === 1)
      ),
    drop: (id) => Effect.map(database.write(drop, [long(taskNumber(id))]), ({ length }) => length === 1)
  })
}

const recordColumns = "number, kind, key, state, due, attempts, payload, error"

const makeList = ({ read, names: { schema } }: Database): TaskQueue["Service"]["list"] => {
  return ({ state, kind, after, limit }) => {
    // The state is written out, so that the index of those few is used.
    const where = [
      "number > $1",
      ...(state === undefined ? [] : [`state = ${taskStates.indexOf(state)}`]),
      ...(kind === undefined ? [] : ["kind = $3"])
    ]
    return Effect.map(
      read(`SELECT ${recordColumns} FROM ${schema}.tasks WHERE ${where.join(" AND ")} ORDER BY number LIMIT $2`, [
        long(after === undefined ? 0 : taskNumber(after)),
        limit,
        ...(kind === undefined ? [] : [kind])
      ]),
      (rows) => rows.map(decodeTaskRecord)
    )
  }
}
