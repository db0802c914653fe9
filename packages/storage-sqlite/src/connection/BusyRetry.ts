/**
 * Tries again while another process holds the lock, so that no caller ever meets `SQLITE_BUSY`.
 */
import type { StorageUnavailable } from "@countersign/engine"
import { Clock, Context, Effect, Schedule } from "effect"
import { isBusy, storageUnavailable } from "./SqliteFailure.ts"

/** How long SQLite itself waits for a lock, in milliseconds. Short, for it stops the whole process meanwhile. */
export const lockTimeout = 10

/** Between SQLite's short waits the other fibers run; after ten seconds the caller is told. */
const untilFree = Schedule.min([Schedule.exponential("2 millis"), Schedule.spaced("50 millis")]).pipe(
  Schedule.jittered,
  Schedule.upTo({ duration: "10 seconds" })
)

/** The clock of waiting for a lock: other processes hold theirs in real time, whatever clock this program was given. */
export const LockClock = Context.Reference<Clock.Clock>("countersign/storage-sqlite/LockClock", {
  defaultValue: Clock.Clock.defaultValue
})

/**
 * Runs `run` at once, and again while it throws that the database is busy; `refuse` says what any other cause means.
 */
export const retryWhileBusy = <A, E>(
  run: () => A,
  refuse: (cause: unknown) => Effect.Effect<never, E>
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    // The way of nearly every call: no schedule, no fiber that waits.
    try {
      return Effect.succeed(run())
    } catch (cause) {
      return isBusy(cause) ? untilNotBusy(run, refuse) : refuse(cause)
    }
  })

interface Thrown {
  readonly _tag: "Thrown"
  readonly cause: unknown
}

const untilNotBusy = <A, E>(run: () => A, refuse: (cause: unknown) => Effect.Effect<never, E>): Effect.Effect<A, E> =>
  Effect.flatMap(LockClock, (clock) =>
    Effect.try({ try: run, catch: (cause): Thrown => ({ _tag: "Thrown", cause }) }).pipe(
      Effect.delay("2 millis"),
      Effect.retry({ while: ({ cause }: Thrown) => isBusy(cause), schedule: untilFree }),
      Effect.provideService(Clock.Clock, clock),
      Effect.catch(({ cause }) => refuse(cause))
    )
  )

/** The storage does not work, or the program has an error. */
export const refuse = (cause: unknown): Effect.Effect<never, StorageUnavailable> => {
  const unavailable = storageUnavailable(cause)
  return unavailable === undefined ? Effect.die(cause) : Effect.fail(unavailable)
}
