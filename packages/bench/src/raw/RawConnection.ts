/**
 * A bare connection to PostgreSQL through the driver that our storage adapter uses: what raw contenders write through,
 * and what benchmarks prepare databases with.
 */
import { PgConnection } from "@effect/sql-pg"
import { Effect, Exit, Redacted, Scope } from "effect"

export interface RawConnection {
  /** One statement, one round trip; prepared once for each text. */
  readonly query: (
    sql: string,
    values?: ReadonlyArray<unknown>
  ) => Promise<ReadonlyArray<Readonly<Record<string, unknown>>>>
  readonly close: () => Promise<void>
}

export const openRawConnection = async (url: string): Promise<RawConnection> => {
  const scope = Effect.runSync(Scope.make())
  const connection = await Effect.runPromise(Scope.provide(PgConnection.make({ url: Redacted.make(url) }), scope))
  return {
    query: (sql, values) => Effect.runPromise(Effect.map(connection.query(sql, values), ({ rows }) => rows)),
    close: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
