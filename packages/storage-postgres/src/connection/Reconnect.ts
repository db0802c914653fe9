/**
 * How long the database is waited for, and by which clock.
 */
import { StorageUnavailable } from "@countersign/engine"
import { PgConnection } from "@effect/sql-pg"
import { Clock, type Duration, Effect, Schedule, type Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { isPassing, storageUnavailable } from "./PostgresFailure.ts"

/** Between attempts to reach a database that cannot be reached. */
export const untilReached = (patience: Duration.Duration) =>
  Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("1 second")]).pipe(
    Schedule.jittered,
    Schedule.upTo({ duration: patience })
  )

/** The clock of waiting for the database. */
export const inRealTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, Clock.Clock, realClock)

const realClock = Clock.Clock.defaultValue()

export const tookTooLong = new StorageUnavailable({ reason: "the database took too long to answer" })

/** The storage does not work, or the program has an error. */
export const refuse = (error: SqlError): Effect.Effect<never, StorageUnavailable> => {
  const unavailable = storageUnavailable(error)
  return unavailable === undefined ? Effect.die(error) : Effect.fail(unavailable)
}

/** A connection for one piece of work, closed with the scope. */
export const reachConnection = (
  settings: PgConnection.Config,
  patience: Duration.Duration
): Effect.Effect<PgConnection.PgConnection, StorageUnavailable, Scope.Scope> =>
  PgConnection.make(settings).pipe(
    Effect.retry({ while: isPassing, schedule: untilReached(patience) }),
    Effect.catch(refuse),
    inRealTime
  )
