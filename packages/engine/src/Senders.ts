/**
 * The use cases, one method each: what a service that embeds the engine calls, and what the HTTP endpoints are made of.
 *
 * Each method loads, decides, commits and answers; nothing is left to be waited for. Mail and DNS happen later, in the
 * workers.
 */
import type { Blocker, DnsObservation, Finding, Owner, SenderEvent, SenderStatus } from "@countersign/core"
import { Context, type Effect, type Option, type Schema } from "effect"
import type { StorageUnavailable } from "./ports/EventStore.ts"
import type { ListedSender, SenderFilter, SenderQuery } from "./ports/SenderDirectory.ts"
import type {
  AddressRefused,
  LinkRefused,
  ReceiptFailure,
  SenderNotFound,
  TooSoon,
  WriteFailure
} from "./SenderErrors.ts"

/** Who asks. `actor` and `correlation` are written into the metadata of every event that follows. */
export interface Caller {
  readonly account: string
  /** For example `key:<id>`, `mailbox`, `operator`. */
  readonly actor: string
  readonly correlation: string
  /** Makes the call repeatable: the same key with the same fingerprint answers the first outcome, for 24 hours. */
  readonly idempotency?: { readonly key: string; readonly fingerprint: string }
}

/** What is added, and for whom. */
export interface AddInput {
  readonly owner: Owner
  /** `email` unless said otherwise. */
  readonly kind?: "email" | "domain"
  /** An address; for kind `domain`, a domain. */
  readonly address: string
  readonly metadata?: { readonly [key: string]: Schema.Json }
  /** Mail a notice to the account's own address, too. */
  readonly notifyAccount?: boolean
}

/** `created` is false when the owner had this sender already: then it is as it was. */
export interface Added {
  readonly created: boolean
  readonly sender: ListedSender
}

/** A live sender and why it is or is not active. */
export interface SenderReport {
  readonly sender: ListedSender
  readonly status: SenderStatus
  readonly blockers: ReadonlyArray<Blocker>
  /** What is wrong with the published records, and how to mend it. */
  readonly findings: ReadonlyArray<Finding>
  /** What the last look that changed something saw. */
  readonly evidence: ReadonlyArray<DnsObservation>
}

/** An event with its place in the sender's stream and when it was recorded, in milliseconds since the epoch. */
export interface RecordedEvent {
  readonly event: SenderEvent
  readonly version: number
  readonly recordedAt: number
}

/** A genuine link: what its page shows. */
export interface LinkView {
  /** `open`: may be confirmed or declined. `verified`: was confirmed with this very link. */
  readonly state: "open" | "verified"
  readonly address: string
  readonly accountName: string
}

/** The use cases: see the top of the file. */
export class Senders extends Context.Service<
  Senders,
  {
    readonly add: (
      caller: Caller,
      input: AddInput
    ) => Effect.Effect<Added, AddressRefused | ReceiptFailure | WriteFailure>
    readonly get: (account: string, sender: string) => Effect.Effect<ListedSender, SenderNotFound | StorageUnavailable>
    /** The newest live sender of kind email of exactly this owner. */
    readonly current: (
      account: string,
      owner: Owner
    ) => Effect.Effect<ListedSender, SenderNotFound | StorageUnavailable>
    readonly list: (query: SenderQuery) => Effect.Effect<ReadonlyArray<ListedSender>, StorageUnavailable>
    readonly count: (filter: SenderFilter) => Effect.Effect<number, StorageUnavailable>
    readonly status: (
      account: string,
      sender: string
    ) => Effect.Effect<SenderReport, SenderNotFound | StorageUnavailable>
    readonly history: (
      account: string,
      sender: string
    ) => Effect.Effect<ReadonlyArray<RecordedEvent>, SenderNotFound | StorageUnavailable>
    /** A new link while the mailbox is not verified; otherwise a look at the domain, at most one per 10 s, and no mail. */
    readonly resend: (
      caller: Caller,
      sender: string
    ) => Effect.Effect<void, SenderNotFound | TooSoon | ReceiptFailure | WriteFailure>
    /** What the page of a link shows. Changes nothing. */
    readonly readLink: (token: string) => Effect.Effect<LinkView, LinkRefused | StorageUnavailable>
    /** Whoever holds the link is the caller. `correlation` goes into the events, as a caller's does; made when absent. */
    readonly confirm: (token: string, correlation?: string) => Effect.Effect<LinkView, LinkRefused | WriteFailure>
    /** "This was not me." Answers the address. `correlation` as in `confirm`. */
    readonly decline: (
      token: string,
      correlation?: string
    ) => Effect.Effect<{ readonly address: string }, LinkRefused | WriteFailure>
    /** Asks for a look at the sender's domain now. Never makes anything worse than the schedule would. */
    readonly check: (caller: Caller, sender: string) => Effect.Effect<void, SenderNotFound | StorageUnavailable>
    /** Answers how many were removed: 1 or 0. */
    readonly remove: (
      caller: Caller,
      sender: string,
      reason?: string
    ) => Effect.Effect<{ readonly count: number }, ReceiptFailure | WriteFailure>
    /** Removes every sender of kind email of this owner, all or none. */
    readonly removeAll: (
      caller: Caller,
      owner: Owner
    ) => Effect.Effect<{ readonly count: number }, ReceiptFailure | WriteFailure>
    /**
     * Removes every sender of the account with this address, whichever owner's and however it is spelt; of a domain, the
     * sender of the whole domain. All or none; answers how many.
     */
    readonly removeAddress: (
      caller: Caller,
      address: string
    ) => Effect.Effect<{ readonly count: number }, ReceiptFailure | WriteFailure>
    /**
     * The From address that may be used now: the newest active sender of the organization, else of the account, else
     * none.
     */
    readonly effective: (
      account: string,
      organization?: string
    ) => Effect.Effect<Option.Option<ListedSender>, StorageUnavailable>
  }
>()("countersign/Senders") {}
