/**
 * The one connection that commits. It is made anew when it is lost, and every new one is asked whether what it writes
 * is durable.
 */
import { OutcomeUnknown, type StorageUnavailable } from "@countersign/engine"
import type { Row } from "@countersign/engine/storage"
import { PgConnection } from "@effect/sql-pg"
import { Effect, Exit, Scope, Semaphore } from "effect"
import { isLost, isPassing } from "./PostgresFailure.ts"
import { inRealTime, refuse, untilReached } from "./Reconnect.ts"
import { checkServer } from "./ServerCheck.ts"
import { type DatabaseOptions, watched } from "./Settings.ts"

export interface CommitConnection {
  readonly commit: (
    sql: string,
    values: ReadonlyArray<unknown>
  ) => Effect.Effect<ReadonlyArray<Row>, StorageUnavailable | OutcomeUnknown>
}

interface Open {
  readonly connection: PgConnection.PgConnection
  readonly scope: Scope.Closeable
  readonly isClosed: () => boolean
}

export const openCommitConnection = ({
  settings,
  patience,
  statementLimit,
  allowUnsafe
}: DatabaseOptions): Effect.Effect<CommitConnection, StorageUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const turn = yield* Semaphore.make(1)
    let current: Open | undefined

    const drop = Effect.suspend(() => {
      const open = current
      current = undefined
      return open === undefined ? Effect.void : Scope.close(open.scope, Exit.void)
    })

    const open = Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { settings: own, isClosed } = watched(settings)
      return yield* Effect.gen(function* () {
        const connection = yield* Scope.provide(PgConnection.make(own), scope)
        yield* checkServer(connection, allowUnsafe)
        return { connection, scope, isClosed }
      }).pipe(Effect.onError(() => Scope.close(scope, Exit.void)))
    })

    const connected = Effect.suspend(() => {
      if (current !== undefined && !current.isClosed()) return Effect.succeed(current)
      return Effect.andThen(drop, open).pipe(
        Effect.retry({
          while: (error) => error._tag === "SqlError" && isPassing(error),
          schedule: untilReached(patience)
        }),
        Effect.catchTag("SqlError", refuse),
        Effect.tap((opened) =>
          Effect.sync(() => {
            current = opened
          })
        )
      )
    })

    yield* Effect.addFinalizer(() => drop)
    yield* connected

    const send = (sql: string, values: ReadonlyArray<unknown>) =>
      Effect.flatMap(connected, ({ connection }) =>
        connection.query(sql, values).pipe(
          Effect.timeoutOrElse({ duration: statementLimit, orElse: () => Effect.fail(new NoAnswer()) }),
          Effect.matchEffect({
            onSuccess: ({ rows }) => Effect.succeed(rows),
            onFailure: (error): Effect.Effect<never, StorageUnavailable | OutcomeUnknown> => {
              if (error instanceof NoAnswer) {
                return Effect.andThen(drop, new OutcomeUnknown({ reason: "the database took too long to answer" }))
              }
              if (!isLost(error)) return refuse(error)
              return Effect.andThen(drop, new OutcomeUnknown({ reason: "the connection to the database was lost" }))
            }
          })
        )
      )

    return { commit: (sql, values) => inRealTime(turn.withPermit(send(sql, values))) }
  })

class NoAnswer {
  readonly _tag = "NoAnswer"
}
