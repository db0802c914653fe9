/**
 * Every event of a sender, from its first life to its last.
 */
import { type SenderEvent, senderDecider } from "@countersign/core"
import { Effect, Result, Schema } from "effect"
import { decodeEventMeta } from "../EventMeta.ts"
import { Executor } from "../Executor.ts"
import { EventStore } from "../ports/EventStore.ts"
import { SenderNotFound } from "../SenderErrors.ts"
import { SenderOf, useCase } from "./UseCase.ts"

/** An event with its place in the sender's stream, when it was recorded, and who caused it. */
export interface RecordedEvent {
  readonly event: SenderEvent
  readonly version: number
  /** Milliseconds since the epoch. */
  readonly recordedAt: number
  /** Who caused it, for example `key:<id>`, `mailbox`, `operator` or `worker`. */
  readonly actor: string
  /** The id of the request, or of the task, that led to it. */
  readonly correlation: string
}

const pageSize = 500
const wholeNumber = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const history = useCase(
  "history",
  Schema.Struct({
    ...SenderOf,
    /** Only those with a greater version. */
    after: Schema.optionalKey(wholeNumber),
    /** At most so many. All when absent. */
    limit: Schema.optionalKey(wholeNumber)
  }),
  Effect.gen(function* () {
    const executor = yield* Executor
    const store = yield* EventStore
    return Effect.fnUntraced(function* ({ account, id, after = 0, limit = Number.POSITIVE_INFINITY }) {
      const { state } = yield* executor.load(senderDecider, id)
      if (state._tag === "NotAdded" || state.account !== account) return yield* new SenderNotFound()
      const recorded: Array<RecordedEvent> = []
      while (true) {
        const size = Math.min(pageSize, limit - recorded.length)
        const { events } = yield* store.readStream(id, after + recorded.length, size)
        for (const { version, recordedAt, meta, ...stored } of events) {
          const decoded = senderDecider.codec.decode(stored)
          if (Result.isFailure(decoded)) return yield* decoded.failure
          const { actor, correlation } = yield* Effect.orDie(decodeEventMeta(meta))
          recorded.push({ event: decoded.success, version, recordedAt, actor, correlation })
        }
        if (events.length < size || recorded.length >= limit) return recorded
      }
    })
  })
)
