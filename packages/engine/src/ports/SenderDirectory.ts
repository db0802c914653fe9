/**
 * The directory: one row per live sender, written in the same transaction as its events, so that a list never lags.
 *
 * Order follows the log: the newest is the one added last. Every query is of one account; nothing of another can be seen through it.
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
  /** Both bounds inclusive, in milliseconds since the epoch. */
  readonly createdBetween?: { readonly from?: number; readonly to?: number }
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
    readonly page: (query: SenderQuery) => Effect.Effect<ReadonlyArray<ListedSender>, StorageUnavailable>
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
