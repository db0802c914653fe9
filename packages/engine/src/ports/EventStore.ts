/**
 * The event store: streams of events, one per sender, in one log.
 *
 * Only the Writer commits; the Executor reads streams, `Senders.history` too. Everything here is encoded: an adapter
 * stores texts and numbers and knows nothing of the domain. What every adapter promises is numbered in
 * `docs/architecture.md` and proven by the contract suite of the testkit.
 */
import type { EncodedEvent, NewTask, SenderEntry } from "@countersign/core"
import { Context, type Effect, type Option, Schema, type Stream } from "effect"
import type { KeyChange } from "./SigningKeys.ts"

/** The number of events in a stream; 0 means that there is no such stream. */
export type Version = number

/** The place of an event in the log: contiguous, from 1, in the order of commits. */
export type Position = number

/** An event to append. `meta` is a JSON text: actor, command id, correlation id. */
export interface NewEvent extends EncodedEvent {
  readonly meta: string
}

/** An event as it is read, with its places in the log and in its stream. */
export interface StoredEvent extends NewEvent {
  readonly position: Position
  readonly stream: string
  readonly version: Version
  /** Milliseconds since the epoch by the storage's clock; never goes back along the log. */
  readonly recordedAt: number
}

/** What is added to one stream, and what follows from it. */
export interface Append {
  readonly stream: string
  /** Exact: the append is refused when the stream has another version. */
  readonly expected: Version
  /** May be empty. */
  readonly events: ReadonlyArray<NewEvent>
  /**
   * The sender's directory entry after the events: `undefined` when it is not live. Its position is stamped by the
   * adapter: a new entry, or one of another incarnation, takes the position of this append's first event; otherwise it
   * keeps its own.
   */
  readonly entry: SenderEntry | undefined
  readonly tasks: ReadonlyArray<NewTask>
}

/** The one who claimed a task; outdated as soon as another claims it. */
export interface TaskFence {
  readonly task: string
  readonly fence: number
}

/** All or nothing. */
export interface Commit {
  readonly account: string
  /**
   * The receipt that is kept with the commit. The same (account, id) with the same fingerprint answers the first
   * `result` instead of running again, before any version is checked; with another fingerprint it is `CommandIdReused`.
   */
  readonly command: { readonly id: string; readonly fingerprint: string; readonly result: string }
  readonly appends: ReadonlyArray<Append>
  /** A task that is done with this commit: deleted in the same transaction, or `LeaseLost` and nothing is written. */
  readonly settles?: TaskFence
  /** What becomes of private signing keys, in the same transaction. */
  readonly keys?: ReadonlyArray<KeyChange>
}

/** What became of one commit of a batch. */
export type CommitOutcome =
  | {
      readonly _tag: "Committed"
      /** Per append: the stream's version after it, and the position of its entry (0 when there is none). */
      readonly appends: ReadonlyArray<{ readonly version: Version; readonly entryPosition: Position }>
    }
  | { readonly _tag: "Duplicate"; readonly result: string }
  | { readonly _tag: "Conflict"; readonly stream: string; readonly newer: ReadonlyArray<StoredEvent> }
  | { readonly _tag: "CommandIdReused" }
  | { readonly _tag: "LeaseLost" }

/** The storage cannot be reached or refuses to work; nothing was written. Worth trying again later. */
export class StorageUnavailable extends Schema.TaggedError<StorageUnavailable>()("StorageUnavailable", {
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `the storage is not available: ${this.reason}`
  }
}

/** The answer to a commit was lost: it may have happened. The same command id tells. */
export class OutcomeUnknown extends Schema.TaggedError<OutcomeUnknown>()("OutcomeUnknown", {
  reason: Schema.String
}) {
  override get message(): string {
    return `the outcome of the command is not known: ${this.reason}`
  }
}

/** Events read, and when. */
export interface EventPage {
  readonly events: ReadonlyArray<StoredEvent>
  /**
   * The storage's own time in milliseconds since the epoch. Never earlier than the newest `recordedAt` in the log,
   * although a clock may be set back: commands carry this time, and a stream's times must not go back.
   */
  readonly now: number
}

/** What a commit left of its command. */
export interface Receipt {
  readonly fingerprint: string
  readonly result: string
}

/** The port of the event store: see the top of the file. */
export class EventStore extends Context.Service<
  EventStore,
  {
    /**
     * Commits a batch in one transaction. The commits of a batch are taken in order, and one that is not written leaves
     * the others alone. On an error nothing of the batch was written, or (`OutcomeUnknown`) it is not known.
     */
    readonly commit: (
      batch: ReadonlyArray<Commit>
    ) => Effect.Effect<ReadonlyArray<CommitOutcome>, StorageUnavailable | OutcomeUnknown>
    /** Events of one stream with a version greater than `after`, in order. */
    readonly readStream: (stream: string, after: Version, limit: number) => Effect.Effect<EventPage, StorageUnavailable>
    /** Events of all streams with a position greater than `after`, in order. */
    readonly readLog: (after: Position, limit: number) => Effect.Effect<EventPage, StorageUnavailable>
    /**
     * The receipt of a command, as long as it answers: 24 hours by the storage's clock. Sees every commit that was
     * acknowledged before it was asked for, so whoever reads a stream first, and then the receipt, finds the receipt of
     * every event that was read.
     */
    readonly receipt: (account: string, command: string) => Effect.Effect<Option.Option<Receipt>, StorageUnavailable>
    /** The position of the newest event; 0 when the log is empty. */
    readonly head: Effect.Effect<Position, StorageUnavailable>
    /** A hint that something was committed or put, here or elsewhere. May be late, doubled or lost. */
    readonly changes: Stream.Stream<void>
  }
>()("countersign/EventStore") {}
