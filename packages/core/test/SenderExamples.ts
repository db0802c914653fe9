/**
 * One sender's events and commands, each with sensible values, for the given/when/then of the tests. Times are
 * milliseconds since `t0`.
 */
import { evidenceOf, type Sight } from "@countersign/testkit"
import { makeDnsPlan } from "../src/DnsPlan.ts"
import { judgePlan } from "../src/DnsVerdict.ts"
import { DomainName } from "../src/DomainName.ts"
import { CanonicalAddress } from "../src/EmailAddress.ts"
import { StoredSenderId } from "../src/Identity.ts"
import { AccountId, OrganizationId } from "../src/Owner.ts"
import type { Streak } from "../src/ProbeSchedule.ts"
import type { SenderCommand } from "../src/Sender.ts"
import type { ProofSource, SenderEvent } from "../src/SenderEvent.ts"

export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

export const t0 = Date.UTC(2030, 0, 1)

type Of<T extends { readonly _tag: string }, Tag extends T["_tag"]> = T & { readonly _tag: Tag }

/** The sender whose story the events tell. */
export const senderId = StoredSenderId.make("s1")

const domain = DomainName.make("example.com")
export const plan = makeDnsPlan(domain, ["one1", "two2", "three3"], "dkim.example.org")

const facts = {
  account: AccountId.make("account-1"),
  owner: { _tag: "Organization", organization: OrganizationId.make("organization-1") },
  kind: "email",
  address: "Jane@example.com",
  canonical: CanonicalAddress.make("jane@example.com"),
  domain,
  plan,
  metadata: { customer: "42" },
  notifyAccount: false
} as const

/** What makes it a domain sender instead. */
export const wholeDomain = {
  kind: "domain",
  owner: { _tag: "Account" },
  address: "Example.com",
  canonical: CanonicalAddress.make(domain)
} as const

/** What a probe of the plan's records saw; without sights, that all are right. */
export const saw = (...sights: ReadonlyArray<Sight>) => evidenceOf(plan, domain, sights)
export const verdictsOf = (...sights: ReadonlyArray<Sight>) => judgePlan(plan.records, saw(...sights))

/** Negatives in a row, the last one `after` t0 and the first `over` milliseconds before it. */
export const negatives = (
  after: number,
  sights: ReadonlyArray<Sight>,
  { count = 3, over = hour }: { readonly count?: number; readonly over?: number } = {}
): Streak =>
  Array.from({ length: count }, (_, index) => ({
    at: t0 + after - (count > 1 ? (over * (count - 1 - index)) / (count - 1) : 0),
    evidence: saw(...sights)
  }))

/** Where a proof was taken from. */
export const elsewhere: ProofSource = { sender: StoredSenderId.make("s0"), version: 3 }

// ----------------------------------------------------------------------------------------------------------------
// events

type Added = Of<SenderEvent, "SenderAdded">
export const added = (after = 0, other: Partial<Added> = {}): Added => ({
  _tag: "SenderAdded",
  at: t0 + after,
  ...facts,
  ...other
})

export const requested = (verificationId: string, after = 0, waits = 0): Of<SenderEvent, "VerificationRequested"> => {
  const at = t0 + after
  return { _tag: "VerificationRequested", at, verificationId, notBefore: at + waits, expiresAt: at + waits + day }
}

export const mailSent = (verificationId: string, after: number): Of<SenderEvent, "VerificationMailSent"> => ({
  _tag: "VerificationMailSent",
  at: t0 + after,
  verificationId,
  messageId: `<${verificationId}@mail.example>`,
  expiresAt: t0 + after + day
})

export const mailFailed = (
  verificationId: string,
  after: number,
  permanent = true
): Of<SenderEvent, "VerificationMailFailed"> => ({
  _tag: "VerificationMailFailed",
  at: t0 + after,
  verificationId,
  reason: "550 no such mailbox",
  permanent
})

const withLink =
  <T extends "EmailVerified" | "VerificationDeclined" | "VerificationExpired">(_tag: T) =>
  (verificationId: string, after: number) => ({ _tag, at: t0 + after, verificationId })

export const emailVerified = withLink("EmailVerified")
export const declined = withLink("VerificationDeclined")
export const expired = withLink("VerificationExpired")

const withEvidence =
  <T extends "DomainVerified" | "DomainRecovered">(_tag: T) =>
  (after: number, ...sights: ReadonlyArray<Sight>) => ({ _tag, at: t0 + after, evidence: saw(...sights) })

export const domainVerified = withEvidence("DomainVerified")
export const recovered = withEvidence("DomainRecovered")

/** By the last of three negatives over an hour. */
export const degraded = (after: number, ...sights: ReadonlyArray<Sight>): Of<SenderEvent, "DomainDegraded"> => ({
  _tag: "DomainDegraded",
  at: t0 + after,
  negatives: negatives(after, sights)
})

/** By the only negative that is known. */
export const lost = (after: number, ...sights: ReadonlyArray<Sight>): Of<SenderEvent, "DomainVerificationLost"> => ({
  _tag: "DomainVerificationLost",
  at: t0 + after,
  negatives: negatives(after, sights, { count: 1 })
})

export const problemFound = (
  after: number,
  ...sights: ReadonlyArray<Sight>
): Of<SenderEvent, "DomainProblemFound"> => ({
  _tag: "DomainProblemFound",
  at: t0 + after,
  verdicts: verdictsOf(...sights),
  evidence: saw(...sights)
})

export const timedOut = (after: number): SenderEvent => ({ _tag: "DomainVerificationTimedOut", at: t0 + after })
export const removed = (after: number): SenderEvent => ({
  _tag: "SenderRemoved",
  at: t0 + after,
  reason: "by its owner"
})

// --------------------------------------------------------------------------------------------------------------
// commands

export const add = (
  verificationId: string,
  after = 0,
  other: Partial<Of<SenderCommand, "AddSender">> = {}
): SenderCommand => ({ _tag: "AddSender", at: t0 + after, verificationId, ...facts, ...other })

/** `declinedUntil` is what the mailbox knows, in milliseconds since `t0`. */
export const request = (verificationId: string, after: number, declinedUntil?: number): SenderCommand => ({
  _tag: "RequestLink",
  at: t0 + after,
  verificationId,
  ...(declinedUntil === undefined ? {} : { declinedUntil: t0 + declinedUntil })
})

const byLink =
  <T extends "ConfirmLink" | "DeclineLink">(_tag: T) =>
  (verificationId: string, after: number): SenderCommand => ({ _tag, at: t0 + after, verificationId })

export const confirm = byLink("ConfirmLink")
export const decline = byLink("DeclineLink")

export const recordSent = (verificationId: string, after: number, incarnation = 1): SenderCommand => ({
  _tag: "RecordMailSent",
  at: t0 + after,
  incarnation,
  verificationId,
  messageId: `<${verificationId}@mail.example>`
})

export const recordFailed = (
  verificationId: string,
  after: number,
  permanent = true,
  incarnation = 1
): SenderCommand => ({
  _tag: "RecordMailFailed",
  at: t0 + after,
  incarnation,
  verificationId,
  reason: "550 no such mailbox",
  permanent
})

export const expire = (verificationId: string, after: number, incarnation = 1): SenderCommand => ({
  _tag: "ExpireLink",
  at: t0 + after,
  incarnation,
  verificationId
})

/** Unless said otherwise, the streak is this probe alone. */
export const probe = (
  after: number,
  sights: ReadonlyArray<Sight>,
  other: {
    readonly onDemand?: boolean
    readonly held?: boolean
    readonly streak?: Streak
    readonly incarnation?: number
  } = {}
): SenderCommand => ({
  _tag: "RecordProbe",
  at: t0 + after,
  incarnation: 1,
  evidence: saw(...sights),
  onDemand: false,
  held: false,
  streak: negatives(after, sights, { count: 1 }),
  ...other
})

export const remove = (after: number): SenderCommand => ({
  _tag: "RemoveSender",
  at: t0 + after,
  reason: "by its owner"
})
