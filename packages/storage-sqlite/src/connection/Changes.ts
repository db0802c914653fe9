/**
 * The hint that something is new in the store: at once for this process's own writes, and within a fifth of a second
 * for those of other processes, which SQLite tells nobody about.
 */
import { readInteger } from "@countersign/engine/storage"
import { Clock, Effect, PubSub, Schedule, type Scope, Stream } from "effect"
import type { Database } from "./Database.ts"

export interface Changes {
  /** Tells whoever listens. */
  readonly hint: () => void
  readonly stream: Stream.Stream<void>
}

const pollEvery = "200 millis"

/** Watches until the end of the scope. */
export const watchChanges = (database: Database): Effect.Effect<Changes, never, Scope.Scope> =>
  Effect.gen(function* () {
    // One slot, and a newer hint replaces the waiting one: a hint says that there is something new, not how much.
    const hints = yield* PubSub.sliding<void>(1)
    const hint = () => {
      PubSub.publishUnsafe(hints, undefined)
    }
    // Changes when another connection commits, not when this one does
    // (https://www.sqlite.org/pragma.html#pragma_data_version). Takes a microsecond. On the connection that writes: on
    // the other one, this process's own commits would count as foreign.
    const dataVersion = database.writer.prepare("PRAGMA data_version")
    let seen = readInteger(dataVersion.get(), "data_version")
    const look = Effect.sync(() => {
      try {
        const version = readInteger(dataVersion.get(), "data_version")
        if (version === seen) return
        seen = version
      } catch {
        // Whatever keeps SQLite from answering will be told to the next who asks for more than a hint.
        return
      }
      hint()
    })
    yield* look.pipe(
      Effect.repeat(Schedule.spaced(pollEvery)),
      // Other processes live in real time, whatever clock this program was given.
      Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
      Effect.forkScoped
    )
    return { hint, stream: Stream.fromPubSub(hints) }
  })
