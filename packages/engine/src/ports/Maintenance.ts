/**
 * What an operator's work on the whole store needs and no request does: the directory's rows as they are stored, and
 * every row of the store, out and in. `rebuild`, `verify`, `export` and `import` call it, nothing else.
 *
 * All of it works while servers commit to the same store, and none of it keeps them waiting for longer than a commit
 * does; only `load` takes the store for itself, and only an empty one.
 */
import { Context, type Effect, Schema, type Stream } from "effect"
import type { EventStore, OutcomeUnknown, StorageUnavailable, Version } from "./EventStore.ts"
import type { ListedSender } from "./SenderDirectory.ts"
import type { StoredRow } from "./StoredRow.ts"

/** A stream and its row in the directory, as they were at one moment. */
export interface StoredStream {
  readonly stream: string
  readonly version: Version
  /** `undefined` when it has none. */
  readonly entry: ListedSender | undefined
  /** The version of `view` that made the entry; 0 when there is none. */
  readonly view: number
}

/**
 * What the directory should hold for a stream, made by version `view` of `view` from the stream's first `version`
 * events.
 */
export interface EntryCorrection {
  readonly stream: string
  readonly version: Version
  readonly entry: ListedSender | undefined
  readonly view: number
}

/**
 * `Written`: the row is now as given, its position too. Otherwise nothing was written. `Moved`: the stream has another
 * version by now, and whoever committed it wrote its row. `Newer`: the row was made by a newer view.
 */
export type CorrectionOutcome = "Written" | "Moved" | "Newer"

/** Differences found in one slice of what an adapter keeps for itself beside the rows, such as counts. */
export interface AuditSlice {
  /** One sentence each, for an operator; those that were put right too. */
  readonly faults: ReadonlyArray<string>
  /** Where the next slice begins; `undefined` when this was the last. */
  readonly next: string | undefined
}

/** A store to be verified and corrected: the live one, or one that is being loaded. */
export interface MaintainedStore extends Pick<EventStore["Service"], "readLog" | "readStream"> {
  /**
   * Streams with a name greater than `after` (by code point), in the order of their names. Each page is of one moment.
   */
  readonly streams: (after: string, limit: number) => Effect.Effect<ReadonlyArray<StoredStream>, StorageUnavailable>
  /** One short transaction. Everything that follows from a row (counts, side tables) follows it. */
  readonly correct: (
    entries: ReadonlyArray<EntryCorrection>
  ) => Effect.Effect<ReadonlyArray<CorrectionOutcome>, StorageUnavailable>
  /**
   * Compares what the adapter keeps beside the rows with the rows, slice by slice, each in one short transaction; with
   * `repair` it puts right what is wrong. Begins at `undefined`.
   */
  readonly audit: (
    slice: string | undefined,
    options: { readonly repair: boolean }
  ) => Effect.Effect<AuditSlice, StorageUnavailable>
}

/** A store that is being loaded: nobody else sees it yet. */
export interface LoadingStore extends MaintainedStore {
  /**
   * Rows in the order of a snapshot. A row that meets another of the same name is refused as `StorageUnavailable`, and
   * so is then the load.
   */
  readonly put: (rows: ReadonlyArray<StoredRow>) => Effect.Effect<void, StorageUnavailable>
}

/** A store is loaded when it is empty only. */
export class StoreNotEmpty extends Schema.TaggedError<StoreNotEmpty>()("StoreNotEmpty", {}) {
  override get message(): string {
    return "the store is not empty"
  }
}

/** The port of an operator's work: see the top of the file. */
export class Maintenance extends Context.Service<
  Maintenance,
  MaintainedStore & {
    /**
     * Every row as it was at one moment, kind by kind: the installation, accounts, organizations and keys in the order
     * they were made, events by position, tasks by number, receipts that still answer and mails that still count by
     * their time, signing keys by their ids. The same store answers the same rows again, and so does one that was
     * loaded with them.
     */
    readonly snapshot: Stream.Stream<StoredRow, StorageUnavailable>
    /**
     * Fills an empty store, all or nothing: others see it empty until `fill` has succeeded, and empty it stays when
     * `fill` fails, is interrupted or dies with the process. An installation's row replaces what was made with the
     * store, but for a key that it does not have.
     */
    readonly load: <A, E, R>(
      fill: (store: LoadingStore) => Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E | StoreNotEmpty | StorageUnavailable | OutcomeUnknown, R>
  }
>()("countersign/Maintenance") {}
