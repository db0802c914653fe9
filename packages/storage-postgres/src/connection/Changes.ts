/**
 * The hint that something is new in the store: at once for this process's own writes, and for those of others as soon
 * as the server tells (LISTEN, on a connection of its own) or, behind a pooler that cannot pass that on, when the next
 * poll sees it.
 */
import { PgConnection } from "@effect/sql-pg"
import { Effect, PubSub, Queue, Schedule, type Scope, Stream } from "effect"
import type { Database } from "./Database.ts"
import { inRealTime } from "./Reconnect.ts"

export interface Changes {
  /** Tells whoever listens. */
  readonly hint: Effect.Effect<void>
  readonly stream: Stream.Stream<void>
}

export interface ChangesOptions {
  /** Whether the server tells; otherwise only the poll does. */
  readonly listen: boolean
}

/** A notification may be lost with its connection, so the store is looked at now and then even so. */
const pollBesideListening = "5 seconds"
const pollAlone = "250 millis"

/** Watches until the end of the scope. */
export const watchChanges = (
  database: Database,
  { listen }: ChangesOptions
): Effect.Effect<Changes, never, Scope.Scope> =>
  Effect.gen(function* () {
    // One slot, and a newer hint replaces the waiting one: a hint says that there is something new, not how much.
    const hints = yield* PubSub.sliding<void>(1)
    const hint = Effect.sync(() => {
      PubSub.publishUnsafe(hints, undefined)
    })
    const { schema, channel } = database.names

    const poll = Effect.gen(function* () {
      let seen = ""
      const look = Effect.flatMap(
        // The end of the log, and the number of the newest task: what a commit or a put moves.
        database.read(`SELECT (SELECT max(position) FROM ${schema}.events) AS position,
          (SELECT max(number) FROM ${schema}.tasks) AS task`),
        ([row]) => {
          const found = `${row?.position} ${row?.task}`
          const isNew = seen !== "" && found !== seen
          seen = found
          return isNew ? hint : Effect.void
        }
      )
      yield* look.pipe(
        // Whatever keeps the database from answering will be told to the next who asks for more than a hint.
        Effect.ignore,
        Effect.repeat(Schedule.spaced(listen ? pollBesideListening : pollAlone))
      )
    })

    const listening = Effect.scoped(
      Effect.gen(function* () {
        const connection = yield* PgConnection.make(database.settings)
        const notifications = yield* connection.listen(channel)
        // Something may have come while nobody listened.
        yield* hint
        yield* Effect.forever(Effect.andThen(Queue.take(notifications), hint))
      })
    ).pipe(Effect.ignore, Effect.repeat(Schedule.jittered(Schedule.spaced("1 second"))))

    yield* Effect.forkScoped(inRealTime(poll))
    if (listen) yield* Effect.forkScoped(inRealTime(listening))
    return { hint, stream: Stream.fromPubSub(hints) }
  })
