/**
 * Fills an empty store in one transaction on a connection of its own: others see the store empty until the COMMIT, and
 * wait with what they want to write.
 */
import {
  type LoadingStore,
  type Maintenance,
  OutcomeUnknown,
  StorageUnavailable,
  type StoredRow,
  StoreNotEmpty
} from "@countersign/engine"
import { filledTables, readBoolean } from "@countersign/engine/storage"
import type { PgConnection } from "@effect/sql-pg"
import { Effect } from "effect"
import type { Database, Statements } from "../connection/Database.ts"
import { long } from "../connection/Parameters.ts"
import { isLost } from "../connection/PostgresFailure.ts"
import { inRealTime, reachConnection, refuse } from "../connection/Reconnect.ts"
import { makeLoadRows } from "./LoadRows.ts"
import { maintained } from "./MaintainedRows.ts"

export const makeLoad =
  (database: Database): Maintenance["Service"]["load"] =>
  <A, E, R>(fill: (store: LoadingStore) => Effect.Effect<A, E, R>) =>
    Effect.scoped(
      Effect.gen(function* () {
        const { given, names, settings, patience } = database
        const { schema, channel, fill: fillIn } = names
        // Closing it rolls back what was not committed.
        const connection = yield* reachConnection(settings, patience)
        const query: Statements["read"] = (sql, values) =>
          connection.query(sql, values).pipe(
            Effect.map(({ rows }) => rows),
            Effect.catch(refuse),
            inRealTime
          )
        const statements: Statements = { names, given, read: query, write: query }

        yield* query("BEGIN ISOLATION LEVEL READ COMMITTED")
        yield* query(
          fillIn("SELECT set_config('lock_timeout', '{lock_timeout}', true), pg_advisory_xact_lock({commit_lock})")
        )
        yield* query(
          `LOCK TABLE ${filledTables.map((table) => `${schema}.${table}`).join(", ")} IN SHARE ROW EXCLUSIVE MODE`
        )
        const isEmpty = filledTables.map((table) => `NOT EXISTS (SELECT FROM ${schema}.${table})`).join(" AND ")
        const [state] = yield* query(`SELECT ${isEmpty} AS empty`)
        if (!readBoolean(state, "empty")) return yield* new StoreNotEmpty()

        const put = makeLoadRows(statements)
        let lastTask = 0
        const answer = yield* fill({
          ...maintained(statements),
          put: (rows: ReadonlyArray<StoredRow>) => {
            for (const row of rows) if (row._tag === "Installation") lastTask = Math.max(lastTask, row.lastTask)
            return put(rows)
          }
        })
        // A sequence is not rolled back, so this comes last.
        if (lastTask > 0) {
          yield* query(
            `SELECT setval(${fillIn("{task_numbers}")}, greatest($1, last_value)) FROM ${schema}.tasks_number_seq`,
            [long(lastTask)]
          )
        }
        yield* query(`SELECT pg_notify('${channel}', '')`)
        yield* commit(connection)
        return answer
      })
    )

const commit = (connection: PgConnection.PgConnection) =>
  inRealTime(connection.query("COMMIT")).pipe(
    Effect.catch(
      (error): Effect.Effect<never, StorageUnavailable | OutcomeUnknown> =>
        isLost(error)
          ? Effect.fail(new OutcomeUnknown({ reason: "the connection to the database was lost" }))
          : refuse(error)
    ),
    Effect.flatMap(({ command }) =>
      // The server's answer when a statement had failed and nobody minded.
      command === "ROLLBACK"
        ? Effect.fail(new StorageUnavailable({ reason: "a row was refused, and nothing was loaded" }))
        : Effect.void
    )
  )
