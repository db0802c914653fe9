/**
 * The one way into the store: commits that arrive while another is being written wait together and are written in one
 * transaction.
 *
 * Batches form by themselves: nothing is delayed to fill one. The queue is bounded; when it is full the caller is told
 * at once. A commit that was submitted is written whether or not its caller still listens, and at the end of the scope
 * everything submitted is written before the writer stops.
 */
import { Cause, Context, Deferred, Effect, Fiber, Layer, Option, Queue, Schedule } from "effect"
import {
  type Commit,
  type CommitOutcome,
  EventStore,
  type OutcomeUnknown,
  StorageUnavailable
} from "./ports/EventStore.ts"
import { InvalidData, Overloaded } from "./SenderErrors.ts"

/** How many commits one transaction takes at most. */
const batchLimit = 512
/** How many commits may wait: at the rates that `npm run bench` prints, a few seconds of work. */
const queueLimit = 8_192
/** The largest event, in UTF-16 units of its JSON text. */
const eventLimit = 256 * 1_024

type SubmitFailure = StorageUnavailable | OutcomeUnknown | Overloaded | InvalidData

interface Waiting {
  readonly commit: Commit
  readonly answer: Deferred.Deferred<CommitOutcome, StorageUnavailable | OutcomeUnknown>
}

/** The one way into the store: see the top of the file. */
export class Writer extends Context.Service<
  Writer,
  {
    /** Writes a commit, together with whatever else waits. */
    readonly submit: (commit: Commit) => Effect.Effect<CommitOutcome, SubmitFailure>
  }
>()("countersign/Writer") {
  static readonly layer = Layer.effect(
    Writer,
    Effect.gen(function* () {
      const store = yield* EventStore
      const queue = yield* Queue.dropping<Waiting, Cause.Done>(queueLimit)
      const write = makeWrite(store)
      const loop = Queue.takeBetween(queue, 1, batchLimit).pipe(
        Effect.flatMap(write),
        Effect.forever,
        Effect.catchCause((cause) => (Cause.hasFails(cause) ? Effect.void : Effect.failCause(cause))),
        Effect.uninterruptible
      )
      yield* Effect.acquireRelease(Effect.forkDetach(loop), (fiber) =>
        Effect.andThen(Queue.end(queue), Fiber.await(fiber))
      )

      const submit = Effect.fnUntraced(function* (commit: Commit) {
        const problem = invalid(commit)
        if (problem !== undefined) return yield* new InvalidData({ problem })
        const answer = Deferred.makeUnsafe<CommitOutcome, StorageUnavailable | OutcomeUnknown>()
        if (!Queue.offerUnsafe(queue, { commit, answer })) return yield* new Overloaded({ retryAfter: 1_000 })
        return yield* Deferred.await(answer)
      }, Effect.uninterruptible)

      return Writer.of({ submit })
    })
  )
}

const makeWrite = (store: EventStore["Service"]) => {
  // The receipts make a repeated batch safe: what was written before is answered as a duplicate. Once an answer was
  // lost, no later refusal says that nothing was written: only an outcome does.
  const commit = (batch: ReadonlyArray<Commit>, doubt?: OutcomeUnknown) =>
    Effect.suspend(() => {
      let lost = doubt
      return store.commit(batch).pipe(
        Effect.mapError((error) => {
          if (error._tag === "OutcomeUnknown") lost ??= error
          return lost ?? error
        }),
        Effect.retry({
          while: (error) => error._tag === "OutcomeUnknown",
          schedule: Schedule.exponential("100 millis"),
          times: 4
        })
      )
    })

  const settle = ({ answer }: Waiting, outcome: CommitOutcome | undefined) =>
    outcome === undefined
      ? Deferred.die(answer, new Error("the storage answered fewer outcomes than it was given commits"))
      : Deferred.succeed(answer, outcome)

  /** A batch failed as a whole: one of its commits may be the reason, and must not hurt the others. */
  const writeSingly = Effect.fnUntraced(function* (
    batch: ReadonlyArray<Waiting>,
    cause: Cause.Cause<StorageUnavailable | OutcomeUnknown>
  ) {
    const failed = Option.getOrUndefined(Cause.findErrorOption(cause))
    const doubt = failed?._tag === "OutcomeUnknown" ? failed : undefined
    let failures = 0
    for (const waiting of batch) {
      // Three in a row are not three bad commits but a storage that is down; the rest need not wait for it.
      if (failures >= 3) {
        const down = doubt ?? new StorageUnavailable({ reason: "it failed several times in a row" })
        yield* Deferred.fail(waiting.answer, down)
        continue
      }
      const exit = yield* Effect.exit(commit([waiting.commit], doubt))
      failures = exit._tag === "Failure" && Cause.hasFails(exit.cause) ? failures + 1 : 0
      yield* exit._tag === "Success" ? settle(waiting, exit.value[0]) : Deferred.failCause(waiting.answer, exit.cause)
    }
  })

  return Effect.fnUntraced(function* (batch: ReadonlyArray<Waiting>) {
    const exit = yield* Effect.exit(commit(batch.map((waiting) => waiting.commit)))
    if (exit._tag === "Success") {
      for (let index = 0; index < batch.length; index++) {
        const waiting = batch[index]
        if (waiting !== undefined) yield* settle(waiting, exit.value[index])
      }
      return
    }
    if (batch.length > 1) return yield* writeSingly(batch, exit.cause)
    for (const { answer } of batch) yield* Deferred.failCause(answer, exit.cause)
  })
}

/** PostgreSQL keeps neither NUL nor lone surrogates; what one store refuses, all refuse, before it is queued. */
const invalid = (commit: Commit): string | undefined => {
  const { id, fingerprint, result } = commit.command
  if (!storable(id) || !storable(fingerprint) || !storable(commit.account) || hasUnstorableEscape(result)) {
    return "the request holds a character that cannot be stored"
  }
  for (const append of commit.appends) {
    for (const event of append.events) {
      if (event.data.length > eventLimit) return "the request holds more than can be stored"
      if (hasUnstorableEscape(event.data) || hasUnstorableEscape(event.meta)) {
        return "the request holds a character that cannot be stored"
      }
    }
  }
  return undefined
}

const storable = (text: string): boolean => text.isWellFormed() && !text.includes("\0")

/** JSON texts carry NUL and lone surrogates as escapes; an escaped backslash before the `u` is not one. */
const unstorableEscape = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/i
const hasUnstorableEscape = (json: string): boolean => json.includes("\\u") && unstorableEscape.test(json)
