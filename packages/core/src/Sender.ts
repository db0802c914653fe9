/**
 * The sender: one address (or domain) that an owner wants to send from, and all that decides whether it may.
 *
 * Read from top to bottom: state, `evolve` (an event happened), commands, refusals, `decide` (what a command makes
 * happen). Everything is pure: time, ids and observations come in as data. What lists and look-ups show of a sender is
 * in `SenderView.ts`; the tasks that follow from an event are in `SenderTask.ts`.
 */
import type { Schema } from "effect"
import type { Decision } from "./Decider.ts"
import { countsAgainst, degradesBy } from "./Demotion.ts"
import type { DnsObservation } from "./DnsObservation.ts"
import type { DnsPlan } from "./DnsPlan.ts"
import { judgePlan, mergeVerdicts, probeResult, type RecordVerdict, sameVerdicts } from "./DnsVerdict.ts"
import type { DomainName } from "./DomainName.ts"
import type { CanonicalAddress } from "./EmailAddress.ts"
import type { AccountId, Owner } from "./Owner.ts"
import { gracePeriod, type Streak, verificationWindow } from "./ProbeSchedule.ts"
import type { ProofSource, SenderEvent, SenderKind } from "./SenderEvent.ts"

/** How long a link works, in milliseconds, from when its mail is sent. */
export const linkLifetime = 24 * 60 * 60 * 1_000
/** The least time between two requested links of one sender, in milliseconds. Kept across removal. */
export const linkCoolDown = 60 * 1_000

// ----------------------------------------------------------------------------------------------------------------
// state

/** The mailbox axis: has the owner of the mailbox clicked? A domain sender has no mailbox to ask. */
export type MailboxState = "not-needed" | "pending" | "verified" | "expired" | "declined" | "undeliverable"

/** The current link. Older ones are void, and so is this one once the sender is removed. */
export interface Link {
  readonly verificationId: string
  readonly expiresAt: number
  /** When the mail server accepted the mail. */
  readonly sentAt: number | undefined
  /** Why the mail was not accepted, if it was not. */
  readonly failure: { readonly reason: string; readonly permanent: boolean } | undefined
}

/** The domain axis: are the records of the plan published? */
export type DomainState = "pending" | "verified" | "degraded" | "timed-out" | "lost"

/** Nothing is known of the sender: its stream has no events. */
export interface NotAdded {
  readonly _tag: "NotAdded"
}

/** What the events of a sender come to. Times are milliseconds since the epoch, by the storage's clock. */
export interface Sender {
  readonly _tag: "Sender"
  readonly removed: boolean
  /** Counts the lives of this sender, from 1. */
  readonly incarnation: number
  readonly account: AccountId
  readonly owner: Owner
  readonly kind: SenderKind
  /** As typed by the owner who added it; the canonical form is what duplicates are told by. */
  readonly address: string
  readonly canonical: CanonicalAddress
  readonly domain: DomainName
  readonly plan: DnsPlan
  readonly metadata: { readonly [key: string]: Schema.Json }
  readonly notifyAccount: boolean
  readonly addedAt: number
  /** Changes when anything changes that an API shows. */
  readonly updatedAt: number
  readonly mailbox: MailboxState
  /** Since when the mailbox axis has its present state. */
  readonly mailboxSince: number
  readonly link: Link | undefined
  readonly domainState: DomainState
  /** Since when the domain axis has its present state. */
  readonly domainSince: number
  /** The last verdicts on a domain that is not verified. */
  readonly verdicts: ReadonlyArray<RecordVerdict>
  readonly evidence: ReadonlyArray<DnsObservation>
  /** What the probe saw that last found the domain right. */
  readonly proof: ReadonlyArray<DnsObservation>
  /** What the domain moved down by, since it last did. */
  readonly negatives: Streak
  /** From when the latest link's mail may go out: the cool-down runs from there, and survives removal. */
  readonly lastMailFrom: number | undefined
}

/** A sender as its events leave it. */
export type SenderState = NotAdded | Sender

/** The state before the first event. */
export const notAdded: SenderState = { _tag: "NotAdded" }

/** Whether the sender was added and not removed since. */
export const isLive = (state: SenderState): state is Sender => state._tag === "Sender" && !state.removed

// ---------------------------------------------------------------------------------------------------------------
// evolve

/** The state after an event. Total: an event that means nothing in a state leaves it as it is. */
export const evolve = (state: SenderState, event: SenderEvent): SenderState => {
  if (event._tag === "SenderAdded") return begin(state, event)
  if (!isLive(state)) return state
  switch (event._tag) {
    case "VerificationRequested":
      return {
        ...withMailbox(state, "pending", event.at),
        link: {
          verificationId: event.verificationId,
          expiresAt: event.expiresAt,
          sentAt: undefined,
          failure: undefined
        },
        lastMailFrom: event.notBefore
      }
    case "VerificationMailSent":
      return withLink(state, event.verificationId, (link) => ({
        ...link,
        sentAt: event.at,
        expiresAt: event.expiresAt,
        failure: undefined
      }))
    case "VerificationMailFailed": {
      const next = withLink(state, event.verificationId, (link) => ({
        ...link,
        failure: { reason: event.reason, permanent: event.permanent }
      }))
      return event.permanent && next !== state ? withMailbox(next, "undeliverable", event.at) : next
    }
    case "EmailVerified":
      return withMailbox(state, "verified", event.at)
    case "VerificationDeclined":
      return withMailbox(state, "declined", event.at)
    case "VerificationExpired":
      return withMailbox(state, "expired", event.at)
    case "DomainVerified":
    case "DomainRecovered":
      return {
        ...withDomain(state, "verified", event.at),
        verdicts: [],
        evidence: event.evidence,
        proof: event.evidence,
        negatives: []
      }
    case "DomainProblemFound":
      return { ...state, verdicts: event.verdicts, evidence: event.evidence }
    case "DomainVerificationTimedOut":
      return withDomain(state, "timed-out", event.at)
    case "DomainDegraded":
      return withNegatives(withDomain(state, "degraded", event.at), event.negatives)
    case "DomainVerificationLost":
      return withNegatives(withDomain(state, "lost", event.at), event.negatives)
    case "SenderRemoved":
      return { ...state, removed: true, updatedAt: Math.max(state.updatedAt, event.at) }
  }
}

/** The state after the events, in their order. */
export const fold = (events: Iterable<SenderEvent>, from: SenderState = notAdded): SenderState => {
  let state = from
  for (const event of events) state = evolve(state, event)
  return state
}

const begin = (before: SenderState, event: SenderEvent & { readonly _tag: "SenderAdded" }): Sender => {
  const past = before._tag === "Sender" ? before : undefined
  const declined = event.declinedUntil !== undefined && event.declinedUntil > event.at
  return {
    _tag: "Sender",
    removed: false,
    incarnation: (past?.incarnation ?? 0) + 1,
    account: event.account,
    owner: event.owner,
    kind: event.kind,
    address: event.address,
    canonical: event.canonical,
    domain: event.domain,
    plan: event.plan,
    metadata: event.metadata,
    notifyAccount: event.notifyAccount,
    addedAt: event.at,
    updatedAt: event.at,
    mailbox: event.kind === "domain" ? "not-needed" : declined ? "declined" : "pending",
    mailboxSince: event.at,
    link: undefined,
    domainState: "pending",
    domainSince: event.at,
    verdicts: [],
    evidence: [],
    proof: [],
    negatives: [],
    lastMailFrom: past?.lastMailFrom
  }
}

const withMailbox = (state: Sender, mailbox: MailboxState, at: number): Sender =>
  state.mailbox === mailbox ? state : { ...state, mailbox, mailboxSince: at, updatedAt: Math.max(state.updatedAt, at) }

const withDomain = (state: Sender, domainState: DomainState, at: number): Sender =>
  state.domainState === domainState
    ? state
    : { ...state, domainState, domainSince: at, updatedAt: Math.max(state.updatedAt, at) }

/** What a domain moved down by is known from then on: seeing the same again is no news. */
const withNegatives = (state: Sender, negatives: Streak): Sender => {
  const evidence = negatives[negatives.length - 1]?.evidence ?? []
  const verdicts = mergeVerdicts(state.verdicts, judgePlan(state.plan.records, evidence))
  return { ...state, verdicts, evidence, negatives }
}

const withLink = (state: Sender, verificationId: string, change: (link: Link) => Link): Sender =>
  state.link?.verificationId === verificationId ? { ...state, link: change(state.link) } : state

// -------------------------------------------------------------------------------------------------------------
// commands

/** The commands to a sender. `at` is milliseconds since the epoch by the storage's clock. */
export type SenderCommand =
  | {
      readonly _tag: "AddSender"
      readonly at: number
      readonly account: AccountId
      readonly owner: Owner
      readonly kind: SenderKind
      readonly address: string
      readonly canonical: CanonicalAddress
      readonly domain: DomainName
      readonly plan: DnsPlan
      readonly metadata: { readonly [key: string]: Schema.Json }
      readonly notifyAccount: boolean
      readonly verificationId: string
      /** That the account already proved the same records for another sender, and what it is degraded by, if it is. */
      readonly proven?: {
        readonly from: ProofSource
        readonly proof: ReadonlyArray<DnsObservation>
        readonly degradedBy?: Streak
      }
      /** Until when the mailbox owner wants no mail from the account. */
      readonly declinedUntil?: number
    }
  | {
      readonly _tag: "RequestLink"
      readonly at: number
      readonly verificationId: string
      /** Until when the mailbox owner wants no mail from the account. */
      readonly declinedUntil?: number
    }
  | { readonly _tag: "ConfirmLink"; readonly at: number; readonly verificationId: string }
  | { readonly _tag: "DeclineLink"; readonly at: number; readonly verificationId: string }
  | (Outcome & { readonly _tag: "RecordMailSent"; readonly verificationId: string; readonly messageId: string })
  | (Outcome & {
      readonly _tag: "RecordMailFailed"
      readonly verificationId: string
      readonly reason: string
      readonly permanent: boolean
    })
  | (Outcome & { readonly _tag: "ExpireLink"; readonly verificationId: string })
  | (Outcome & {
      readonly _tag: "RecordProbe"
      readonly evidence: ReadonlyArray<DnsObservation>
      /** The negatives that count so far, this one among them. */
      readonly streak: Streak
      /** An on-demand probe, run ahead of the schedule: it may help and never does harm. */
      readonly onDemand: boolean
      /** The DNS as a whole is in doubt: nothing moves down by this probe. */
      readonly held: boolean
    })
  | { readonly _tag: "RemoveSender"; readonly at: number; readonly reason: string }

/** The result of work done for one incarnation: it says nothing about a later one. */
interface Outcome {
  readonly at: number
  readonly incarnation: number
}

// ------------------------------------------------------------------------------------------------------------
// decisions

/** Why a command is refused; the caller is told. */
export type Rejection =
  | { readonly _tag: "SenderNotFound" }
  /** Not before `retryAfter` milliseconds have passed. */
  | { readonly _tag: "TooSoon"; readonly retryAfter: number }
  /** A newer link voids this one. */
  | { readonly _tag: "LinkVoid" }
  | { readonly _tag: "LinkExpired" }
  | { readonly _tag: "LinkDeclined" }

/** Why nothing happens although nothing is wrong. */
export type Unchanged =
  | "already-there"
  | "already-requested"
  | "already-verified"
  | "already-declined"
  | "already-recorded"
  | "not-there"
  | "not-yet"
  | "stale"
  | "equal"

/** What a command to a sender comes to. */
export type SenderDecision = Decision<SenderEvent, Rejection, Unchanged>

const happened = (...events: readonly [SenderEvent, ...ReadonlyArray<SenderEvent>]): SenderDecision => ({
  _tag: "Happened",
  events
})
const unchanged = (because: Unchanged): SenderDecision => ({ _tag: "Unchanged", because })
const rejected = (rejection: Rejection): SenderDecision => ({ _tag: "Rejected", rejection })

/** What a command makes happen in a state. The same command on the state it produced makes nothing happen. */
export const decide = (state: SenderState, command: SenderCommand): SenderDecision => {
  switch (command._tag) {
    case "AddSender":
      return add(state, command)
    case "RequestLink":
      return requestLink(state, command)
    case "ConfirmLink":
    case "DeclineLink":
      return answerLink(state, command)
    case "RemoveSender":
      return isLive(state)
        ? happened({ _tag: "SenderRemoved", at: command.at, reason: command.reason })
        : unchanged("not-there")
    default:
      return isLive(state) && state.incarnation === command.incarnation
        ? recordOutcome(state, command)
        : unchanged("stale")
  }
}

const add = (state: SenderState, command: SenderCommand & { readonly _tag: "AddSender" }): SenderDecision => {
  if (isLive(state)) return unchanged("already-there")
  const { _tag: _, verificationId, proven, ...facts } = command
  const added: SenderEvent = { _tag: "SenderAdded", ...facts }
  const next = begin(state, added)
  const events: [SenderEvent, ...Array<SenderEvent>] = [added]
  if (next.mailbox === "pending") events.push(issueLink(next, verificationId, command.at))
  if (proven !== undefined) {
    const { from: inheritedFrom, proof: evidence, degradedBy } = proven
    events.push({ _tag: "DomainVerified", at: command.at, evidence, inheritedFrom })
    if (degradedBy !== undefined) {
      events.push({ _tag: "DomainDegraded", at: command.at, negatives: degradedBy, inheritedFrom })
    }
  }
  return happened(...events)
}

/** A mail that still waits for its time was never sent: the link that replaces it takes its place, no later. */
const issueLink = (state: Sender, verificationId: string, at: number): SenderEvent => {
  const last = state.lastMailFrom
  const notBefore = last === undefined ? at : last > at ? last : Math.max(at, last + linkCoolDown)
  return { _tag: "VerificationRequested", at, verificationId, notBefore, expiresAt: notBefore + linkLifetime }
}

const requestLink = (
  state: SenderState,
  { verificationId, at, declinedUntil }: SenderCommand & { readonly _tag: "RequestLink" }
): SenderDecision => {
  if (!isLive(state)) return rejected({ _tag: "SenderNotFound" })
  if (state.mailbox === "not-needed" || state.mailbox === "verified") return unchanged("already-verified")
  if (state.link?.verificationId === verificationId) return unchanged("already-requested")
  const from = Math.max(declinedUntil ?? 0, (state.lastMailFrom ?? -linkCoolDown) + linkCoolDown)
  if (from > at) return rejected({ _tag: "TooSoon", retryAfter: from - at })
  return happened(issueLink(state, verificationId, at))
}

const answerLink = (
  state: SenderState,
  command: SenderCommand & { readonly _tag: "ConfirmLink" | "DeclineLink" }
): SenderDecision => {
  if (!isLive(state)) return rejected({ _tag: "SenderNotFound" })
  const { link, mailbox } = state
  if (link?.verificationId !== command.verificationId) return rejected({ _tag: "LinkVoid" })
  if (mailbox === "verified") return unchanged("already-verified")
  if (mailbox === "declined") {
    return command._tag === "DeclineLink" ? unchanged("already-declined") : rejected({ _tag: "LinkDeclined" })
  }
  // The time binds whether or not the expiry was written down yet.
  if (mailbox === "expired" || command.at >= link.expiresAt) return rejected({ _tag: "LinkExpired" })
  return happened({
    _tag: command._tag === "ConfirmLink" ? "EmailVerified" : "VerificationDeclined",
    at: command.at,
    verificationId: link.verificationId
  })
}

const recordOutcome = (
  state: Sender,
  command: SenderCommand & {
    readonly _tag: "RecordMailSent" | "RecordMailFailed" | "ExpireLink" | "RecordProbe"
  }
): SenderDecision => {
  if (command._tag === "RecordProbe") return decideProbe(state, command)
  const { at, verificationId } = command
  const { link, mailbox } = state
  if (link?.verificationId !== verificationId) return unchanged("stale")
  switch (command._tag) {
    case "RecordMailSent":
      if (link.sentAt !== undefined) return unchanged("already-recorded")
      if (mailbox !== "pending" && mailbox !== "verified") return unchanged("stale")
      return happened({
        _tag: "VerificationMailSent",
        at,
        verificationId,
        messageId: command.messageId,
        expiresAt: at + linkLifetime
      })
    case "RecordMailFailed":
      if (mailbox !== "pending" || link.sentAt !== undefined) return unchanged("stale")
      if (link.failure !== undefined && !command.permanent) return unchanged("already-recorded")
      return happened({
        _tag: "VerificationMailFailed",
        at,
        verificationId,
        reason: command.reason,
        permanent: command.permanent
      })
    case "ExpireLink":
      if (mailbox !== "pending") return unchanged("stale")
      if (at < link.expiresAt) return unchanged("not-yet")
      return happened({ _tag: "VerificationExpired", at, verificationId })
  }
}

/** What a probe is judged against. A directory entry has it too, so that a probe without news costs no load. */
export type ProbedDomain = Pick<Sender, "plan" | "domainState" | "domainSince" | "verdicts" | "addedAt">

/** What one probe makes happen. */
export const decideProbe = (
  state: ProbedDomain,
  command: Omit<SenderCommand & { readonly _tag: "RecordProbe" }, "_tag" | "incarnation">
): SenderDecision => {
  const { at, evidence } = command
  const seen = judgePlan(state.plan.records, evidence)
  switch (probeResult(seen)) {
    case "indeterminate":
      return unchanged("equal")
    case "valid":
      if (state.domainState === "verified") return unchanged("equal")
      return happened({ _tag: state.domainState === "degraded" ? "DomainRecovered" : "DomainVerified", at, evidence })
    case "negative":
      return decideNegative(state, command, mergeVerdicts(state.verdicts, seen))
  }
}

const decideNegative = (
  state: ProbedDomain,
  { at, evidence, streak, onDemand, held }: Parameters<typeof decideProbe>[1],
  verdicts: ReadonlyArray<RecordVerdict>
): SenderDecision => {
  const { records } = state.plan
  const mayFall = !onDemand && !held
  switch (state.domainState) {
    case "verified":
      return mayFall && streak[streak.length - 1]?.at === at && degradesBy(records, streak)
        ? happened({ _tag: "DomainDegraded", at, negatives: streak })
        : unchanged("equal")
    case "degraded": {
      const last = streak[streak.length - 1]
      const counts = last?.at === at && countsAgainst(records, last, streak[streak.length - 2])
      return mayFall && counts && at - state.domainSince >= gracePeriod
        ? happened({ _tag: "DomainVerificationLost", at, negatives: streak.slice(-2) })
        : unchanged("equal")
    }
    default: {
      const events: Array<SenderEvent> = []
      if (!sameVerdicts(state.verdicts, verdicts)) {
        events.push({ _tag: "DomainProblemFound", at, verdicts, evidence })
      }
      if (!onDemand && state.domainState === "pending" && at - state.addedAt >= verificationWindow) {
        events.push({ _tag: "DomainVerificationTimedOut", at })
      }
      const [first, ...rest] = events
      return first === undefined ? unchanged("equal") : happened(first, ...rest)
    }
  }
}
