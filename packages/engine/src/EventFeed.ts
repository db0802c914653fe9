/**
 * The log as a host reads it: every event of every sender, with the sender's status before and after it.
 *
 * A host keeps the position of the last event it has dealt with, in the same transaction as what it made of it, and
 * goes on after it: nothing else is exactly once.
 */
import {
  type AccountId,
  isOf,
  type Owner,
  type SenderEvent,
  type SenderId,
  type SenderKind,
  type SenderState,
  type SenderStatus,
  senderDecider,
  statusOf
} from "@countersign/core"
import { Brand, Effect, Latch, Option, Result, Schedule, Stream } from "effect"
import { decodeEventMeta } from "./EventMeta.ts"
import { EventStore, type Position, type StoredEvent } from "./ports/EventStore.ts"
import { loadStream } from "./ScriptRun.ts"
import { SlowPoll } from "./Settings.ts"

/** Whose event it is. */
export interface FeedSender {
  readonly id: SenderId
  readonly account: AccountId
  readonly owner: Owner
  readonly kind: SenderKind
  readonly address: string
  readonly domain: string
}

/** One event of a sender. */
export interface FeedEvent {
  /** Its place in the log: go on after it. */
  readonly position: Position
  readonly sender: FeedSender
  readonly event: SenderEvent
  /** Milliseconds since the epoch by the storage's clock. */
  readonly recordedAt: number
  /** Who caused it, for example `key:<id>`, `mailbox`, `operator` or `worker`. */
  readonly actor: string
  /** The id of the request, or of the task, that led to it. */
  readonly correlation: string
  /** `undefined` before the first event. */
  readonly statusBefore: SenderStatus | undefined
  readonly statusAfter: SenderStatus
}

const pageSize = 500
/** Senders whose state is remembered from event to event; of others the stream is read again. */
const remembered = 10_000
/** A storage that is down is waited for. */
const retries = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")])
const senderId = Brand.nominal<SenderId>()

interface Seen {
  readonly version: number
  readonly state: SenderState
}

/** Evidence decides no status, and of ten thousand senders it can be a gigabyte. */
const withoutEvidence = (state: SenderState): SenderState =>
  state._tag === "Sender" ? { ...state, evidence: [], proof: [], negatives: [] } : state

/**
 * The events after a position, those to come included: it ends when it is interrupted. One that cannot be read is told
 * to the log and left out, with the later ones of its sender; it keeps none of the others back.
 */
export const eventFeed = (after: Position): Stream.Stream<FeedEvent, never, EventStore> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const store = yield* EventStore
      const slowPoll = yield* SlowPoll
      const wake = yield* Latch.make()
      // The oldest come first. `undefined`: an event of the sender cannot be read.
      const senders = new Map<string, Seen | undefined>()

      const remember = (stream: string, seen: Seen | undefined): void => {
        senders.delete(stream)
        senders.set(stream, seen)
        for (const oldest of senders.keys()) {
          if (senders.size <= remembered) return
          senders.delete(oldest)
        }
      }

      const before = Effect.fnUntraced(function* ({ stream, version }: StoredEvent) {
        if (senders.has(stream)) {
          const seen = senders.get(stream)
          if (seen === undefined || seen.version === version - 1) return seen
        }
        if (version === 1) return { version: 0, state: senderDecider.initial } satisfies Seen
        return yield* loadStream(store, senderDecider, senderId(stream), version - 1)
      })

      const read = Effect.fnUntraced(function* (stored: StoredEvent) {
        const { stream, version, position, recordedAt, meta } = stored
        const seen = yield* before(stored)
        if (seen === undefined) return undefined
        const decoded = senderDecider.codec.decode(stored)
        if (Result.isFailure(decoded)) return yield* decoded.failure
        const event = decoded.success
        const state = senderDecider.evolve(seen.state, event)
        remember(stream, { version, state: withoutEvidence(state) })
        if (state._tag !== "Sender") return undefined
        const { account, owner, kind, address, domain } = state
        const { actor, correlation } = yield* Effect.orDie(decodeEventMeta(meta))
        return {
          position,
          sender: { id: senderId(stream), account, owner, kind, address, domain },
          event,
          recordedAt,
          actor,
          correlation,
          statusBefore: seen.state._tag === "Sender" ? statusOf(seen.state) : undefined,
          statusAfter: statusOf(state)
        } satisfies FeedEvent
      })

      const readOrLeaveOut = (stored: StoredEvent) =>
        Effect.catchTag(read(stored), "EventUndecodable", (error) => {
          remember(stored.stream, undefined)
          return Effect.as(Effect.logError("an event cannot be read and is left out", error), undefined)
        })

      /** The next page with anything in it. */
      const next = Effect.fnUntraced(
        function* (position: Position) {
          while (true) {
            // Closed before reading, so that whatever is committed while we read opens it again.
            yield* Latch.close(wake)
            const { events } = yield* store.readLog(position, pageSize)
            if (events.length > 0) {
              const ofSenders = events.filter(({ type }) => isOf(senderDecider, type))
              const read = yield* Effect.forEach(ofSenders, readOrLeaveOut)
              const last = events[events.length - 1]?.position ?? position
              return [read.filter((event) => event !== undefined), Option.some(last)] as const
            }
            yield* Effect.raceFirst(Latch.await(wake), Effect.sleep(slowPoll))
          }
        },
        Effect.tapError((error) => Effect.logWarning("the log cannot be read and is tried again", error)),
        Effect.retry(retries),
        // The schedule has no end.
        Effect.orDie
      )

      // Heard before the log is read for the first time: what is committed in between must not wait for the slow poll.
      yield* store.changes.pipe(
        Stream.runForEach(() => Latch.open(wake)),
        Effect.catchCause((cause) => Effect.logWarning("changes of the storage are not heard", cause)),
        Effect.andThen(Effect.sleep(slowPoll)),
        Effect.forever,
        Effect.forkScoped({ startImmediately: true })
      )
      return Stream.paginate(after, next)
    })
  )

/** The events by which a sender's status changes. */
export const statusChanges = (after: Position): Stream.Stream<FeedEvent, never, EventStore> =>
  Stream.filter(eventFeed(after), ({ statusBefore, statusAfter }) => statusBefore !== statusAfter)
