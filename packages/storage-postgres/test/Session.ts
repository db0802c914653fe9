/**
 * A session of one's own at the server, beside the store's: to hold locks, to look at tables, to do damage.
 */
import { PgConnection } from "@effect/sql-pg"
import { Effect, Redacted, type Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"

export interface Session {
  readonly query: (
    sql: string,
    values?: ReadonlyArray<unknown>
  ) => Effect.Effect<ReadonlyArray<PgConnection.Row>, SqlError>
}

export const openSession = (url: string): Effect.Effect<Session, SqlError, Scope.Scope> =>
  Effect.map(PgConnection.make({ url: Redacted.make(url) }), (connection) => ({
    query: (sql, values) => Effect.map(connection.query(sql, values, false), ({ rows }) => rows)
  }))

/** Waits until as many sessions of the database wait for a lock, for a bound far beyond what that takes. */
export const untilWaiting = (session: Session, sessions: number): Effect.Effect<void, unknown> =>
  session
    .query(
      "SELECT count(*)::integer AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    .pipe(
      Effect.flatMap(([row]) => (row?.waiting === sessions ? Effect.void : Effect.fail("not yet"))),
      Effect.retry({ times: 100_000, while: (error) => error === "not yet" })
    )
