/**
 * What is shown of a sender: its status, why it is not active yet, and its entry in the directory that lists and
 * look-ups read.
 *
 * All of it is derived from the state; nothing here is ever a fact of its own. The entry is stored with every commit
 * and can be rebuilt from the log at any time.
 */
import { Schema } from "effect"
import type { DnsPlan } from "./DnsPlan.ts"
import type { RecordVerdict } from "./DnsVerdict.ts"
import type { DomainName } from "./DomainName.ts"
import type { CanonicalAddress } from "./EmailAddress.ts"
import type { SenderId } from "./Identity.ts"
import type { AccountId, Owner } from "./Owner.ts"
import { type DomainState, isLive, type MailboxState, type Sender, type SenderState } from "./Sender.ts"
import type { SenderKind } from "./SenderEvent.ts"

/** The lifecycle word of a sender that is listed. */
export const LiveStatus = Schema.Literals(["pending", "email-verified", "domain-verified", "active"])
export type LiveStatus = typeof LiveStatus.Type
/** The lifecycle word of any sender that ever was. */
export type SenderStatus = LiveStatus | "removed"

/** The status of a live sender, by its two axes. Only `active` may send. */
export const liveStatus = ({ mailbox, domainState }: Pick<Sender, "mailbox" | "domainState">): LiveStatus => {
  const mailboxDone = mailbox === "verified" || mailbox === "not-needed"
  const domainDone = domainState === "verified" || domainState === "degraded"
  // A domain sender has no mailbox axis: until its domain is proven it is simply pending.
  if (mailbox === "not-needed") return domainDone ? "active" : "pending"
  if (mailboxDone) return domainDone ? "active" : "email-verified"
  return domainDone ? "domain-verified" : "pending"
}

/** The lifecycle word of a sender. Derived, never stored as a fact. */
export const statusOf = (sender: Sender): SenderStatus => (sender.removed ? "removed" : liveStatus(sender))

/** Why a sender is not active: a stable code, and one sentence for the person who can change it. */
export interface Blocker {
  readonly code:
    | "sender-not-found"
    | "mailbox-unconfirmed"
    | "link-expired"
    | "mailbox-declined"
    | "mail-undeliverable"
    | "domain-unverified"
    | "domain-timed-out"
    | "domain-lost"
  /** Which axis it is on: another person can mend it. `sender` when there is none. */
  readonly about: "mailbox" | "domain" | "sender"
  readonly message: string
}

/** Empty exactly when the sender is active. */
export const blockersOf = (state: SenderState): ReadonlyArray<Blocker> => {
  if (!isLive(state)) {
    const message = "There is no such sender: it was never added, or it was removed."
    return [{ code: "sender-not-found", about: "sender", message }]
  }
  return entryBlockers(state)
}

/**
 * The blockers of a live sender by its directory entry, which costs no load. An entry does not know why a mail could
 * not be delivered: the message that says it is `blockersOf`'s.
 */
export const entryBlockers = (state: Axes): ReadonlyArray<Blocker> =>
  [mailboxBlocker(state), domainBlocker(state)].filter((blocker) => blocker !== undefined)

type Axes = Pick<SenderEntry, "mailbox" | "domainState" | "address" | "domain" | "plan"> & Partial<Pick<Sender, "link">>

const mailboxBlocker = (state: Axes): Blocker | undefined => {
  switch (state.mailbox) {
    case "not-needed":
    case "verified":
      return undefined
    case "pending":
      return {
        code: "mailbox-unconfirmed",
        about: "mailbox",
        message: `The link mailed to ${state.address} has not been confirmed yet.`
      }
    case "expired":
      return {
        code: "link-expired",
        about: "mailbox",
        message: `The link mailed to ${state.address} expired before it was confirmed: request a new one.`
      }
    case "declined":
      return {
        code: "mailbox-declined",
        about: "mailbox",
        message: `The owner of ${state.address} declined. No mail is sent there for 30 days; after that, request a new link.`
      }
    case "undeliverable":
      return {
        code: "mail-undeliverable",
        about: "mailbox",
        message: state.link?.failure
          ? `The mail to ${state.address} could not be delivered: ${state.link.failure.reason}`
          : `The mail to ${state.address} could not be delivered.`
      }
  }
}

const domainBlocker = (state: Axes): Blocker | undefined => {
  switch (state.domainState) {
    case "verified":
    case "degraded":
      return undefined
    case "pending":
      return {
        code: "domain-unverified",
        about: "domain",
        message: `Not all ${state.plan.records.length} CNAME records of ${state.domain} are published yet.`
      }
    case "timed-out":
      return {
        code: "domain-timed-out",
        about: "domain",
        message: `The CNAME records of ${state.domain} were not found within 72 hours. Publish them as they are: probes go on.`
      }
    case "lost":
      return {
        code: "domain-lost",
        about: "domain",
        message: `The CNAME records of ${state.domain} went missing and were not restored within 72 hours: publish them again.`
      }
  }
}

/**
 * A live sender's row in the directory. Its place in the log is stamped by the storage: the position of the newest
 * `SenderAdded`, which is what "newest" and the order of lists mean.
 */
export interface SenderEntry {
  readonly id: SenderId
  readonly account: AccountId
  readonly owner: Owner
  readonly kind: SenderKind
  readonly address: string
  readonly canonical: CanonicalAddress
  readonly domain: DomainName
  readonly status: LiveStatus
  readonly mailbox: MailboxState
  readonly domainState: DomainState
  /** Milliseconds since the epoch. */
  readonly domainSince: number
  readonly verdicts: ReadonlyArray<RecordVerdict>
  readonly plan: DnsPlan
  readonly metadata: { readonly [key: string]: Schema.Json }
  readonly incarnation: number
  readonly addedAt: number
  readonly updatedAt: number
}

/** The version of `view`: raised when the same events make another entry. */
export const viewVersion = 1

/** The directory entry of a sender; none when it is not live. */
export const view = (id: SenderId, state: SenderState): SenderEntry | undefined =>
  isLive(state)
    ? {
        id,
        account: state.account,
        owner: state.owner,
        kind: state.kind,
        address: state.address,
        canonical: state.canonical,
        domain: state.domain,
        status: liveStatus(state),
        mailbox: state.mailbox,
        domainState: state.domainState,
        domainSince: state.domainSince,
        verdicts: state.verdicts,
        plan: state.plan,
        metadata: state.metadata,
        incarnation: state.incarnation,
        addedAt: state.addedAt,
        updatedAt: state.updatedAt
      }
    : undefined
