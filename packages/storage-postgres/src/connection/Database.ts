/**
 * The connections to the database: one that commits, and a pool for everything else.
 *
 * No call waits for ever: a connection that cannot be made is tried again for a while, and a statement has a time
 * limit; then the caller is told that the storage is not available. Real time counts here, whatever clock the program
 * was given.
 */
import type { OutcomeUnknown, StorageUnavailable } from "@countersign/engine"
import type { Row } from "@countersign/engine/storage"
import { type PgConnection, PgPool } from "@effect/sql-pg"
import { Clock, type Duration, Effect, type Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { openCommitConnection } from "./CommitConnection.ts"
import { isConnecting, isPassing } from "./PostgresFailure.ts"
import { inRealTime, refuse, tookTooLong, untilReached } from "./Reconnect.ts"
import type { SchemaNames } from "./SchemaNames.ts"
import type { DatabaseOptions } from "./Settings.ts"

/** Statements of one store: each in a transaction of its own, or all in one that somebody else begins and ends. */
export interface Statements {
  readonly names: SchemaNames
  /**
   * What the functions take for their time: NULL in production, where only the database's clock counts, and a test's
   * own time in a test.
   */
  readonly given: Effect.Effect<bigint | null>
  /** One statement that changes nothing: run again when the connection is lost under it. */
  readonly read: (sql: string, values?: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<Row>, StorageUnavailable>
  /** One statement that changes something, in a transaction of its own. */
  readonly write: (
    sql: string,
    values?: ReadonlyArray<unknown>
  ) => Effect.Effect<ReadonlyArray<Row>, StorageUnavailable>
}

export interface Database extends Statements {
  /** Like `read`, and planned anew each time: for a statement whose best plan depends on its values. */
  readonly search: Statements["read"]
  /** For a connection of one's own. */
  readonly settings: PgConnection.Config
  /** How long to try to reach the database. */
  readonly patience: Duration.Duration
  /** On the connection of commits. */
  readonly commit: (
    sql: string,
    values: ReadonlyArray<unknown>
  ) => Effect.Effect<ReadonlyArray<Row>, StorageUnavailable | OutcomeUnknown>
}

/** Opens the connections; they are closed with the scope. */
export const openDatabase = (options: DatabaseOptions): Effect.Effect<Database, StorageUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const { settings, names, patience, statementLimit } = options
    const pool = yield* Effect.catch(PgPool.make({ ...settings, maxConnections: options.connections }), refuse)
    const limited = (
      sql: string,
      values: ReadonlyArray<unknown> | undefined,
      again: (error: SqlError) => boolean,
      prepare = true
    ) =>
      pool
        .use((connection) => connection.query(sql, values, prepare))
        .pipe(
          Effect.map(({ rows }) => rows),
          Effect.retry({ while: again, schedule: untilReached(patience) }),
          Effect.catch(refuse),
          Effect.timeoutOrElse({ duration: statementLimit, orElse: () => Effect.fail(tookTooLong) }),
          inRealTime
        )
    const { commit } = yield* openCommitConnection(options)
    return {
      names,
      settings,
      patience,
      given:
        options.clock === "database"
          ? Effect.succeed(null)
          : Effect.map(Clock.currentTimeMillis, (now) => BigInt(Math.floor(now))),
      read: (sql: string, values?: ReadonlyArray<unknown>) => limited(sql, values, isPassing),
      search: (sql: string, values?: ReadonlyArray<unknown>) => limited(sql, values, isPassing, false),
      write: (sql: string, values?: ReadonlyArray<unknown>) =>
        limited(sql, values, (error) => isConnecting(error) && isPassing(error)),
      commit
    }
  }).pipe(inRealTime)
