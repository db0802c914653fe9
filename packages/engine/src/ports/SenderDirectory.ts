/**
 * The directory: one row per live sender, written in the same transaction as its events, so that a list never lags.
 *
 * Order follows the log: the newest is the one added last. Every query is of one account; nothing of another can be
 * seen through it.
 *
 * An answer is of one moment: a page has no sender twice and misses none that it should have, whatever is committed
 * while it is read, and it is never older than what was committed before it was asked for. Two answers are of two
 * moments. So a page and a count need not agree, and an offset counts anew each time: a sender that is removed before
 * it moves those behind it forward by one. `newest-first` shifts by what is added, `by-domain` by what is added before
 * the offset; `oldest-first` only grows at its end.
 *
 * No question keeps the process from other work for long, however many senders there are (docs/decisions/0006).
 */
import type { LiveStatus, Owner, SenderEntry, SenderKind } from "@countersign/core"
import { Context, type Effect, type Option } from "effect"
import type { Position, StorageUnavailable } from "./EventStore.ts"

/** A sender in the directory, with its place in the log: the position of its newest `SenderAdded`. */
export interface ListedSender extends SenderEntry {
  readonly position: Position
}

/** What of an account's live senders is wanted. Absent means any. */
export interface SenderFilter {
  readonly account: string
  readonly owner?: Owner
  /** `Organization`: those of every organization, and not the account's own. */
  readonly ownerType?: "Organization"
  readonly kind?: SenderKind
  readonly statuses?: ReadonlyArray<LiveStatus>
  readonly canonical?: string
  /** Addresses at exactly this domain, and the sender of the whole domain. */
  readonly domain?: string
  /** Those that were added after this place in the log: where a page ended. */
  readonly after?: Position
  /** Both bounds inclusive, in milliseconds since the epoch. */
  readonly addedBetween?: { readonly from?: number; readonly to?: number }
  readonly updatedBetween?: { readonly from?: number; readonly to?: number }
  /** Exact values of top-level metadata; all must hold. Non-strings compare by their JSON text. */
  readonly metadata?: { readonly [key: string]: string }
}

/** A filter, an order and a page. */
export interface SenderQuery extends SenderFilter {
  readonly order: "oldest-first" | "newest-first" | "by-domain"
  readonly offset: number
  readonly limit: number
}

/** The rows of live senders. */
export class SenderDirectory extends Context.Service<
  SenderDirectory,
  {
    readonly find: (account: string, sender: string) => Effect.Effect<Option.Option<ListedSender>, StorageUnavailable>
    /** The newest live sender of kind email of exactly this owner. */
    readonly current: (account: string, owner: Owner) => Effect.Effect<Option.Option<ListedSender>, StorageUnavailable>
    /** Costs what is passed over: an offset is counted off, and with a filter, so is all that it drops. */
    readonly page: (query: SenderQuery) => Effect.Effect<ReadonlyArray<ListedSender>, StorageUnavailable>
    /**
     * By account, owner, owner type, kind and statuses a database keeps it with every commit; with any other filter it
     * is counted when it is asked for.
     */
    readonly count: (filter: SenderFilter) => Effect.Effect<number, StorageUnavailable>
    /** Live senders of any owner on a domain, in the order of their positions, after the given one. */
    readonly onDomain: (
      account: string,
      domain: string,
      after: Position,
      limit: number
    ) => Effect.Effect<ReadonlyArray<ListedSender>, StorageUnavailable>
  }
>()("countersign/SenderDirectory") {}
