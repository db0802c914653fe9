/**
 * The facts of a sender's life, as they are stored.
 *
 * Each event has a schema version; from the first release on, a shipped version never changes: a new one is added
 * and the old one is lifted to it when it is read (`EventCodec.ts`). `at` is milliseconds since the epoch by the
 * storage's clock.
 */
import { Schema } from "effect"
import { DnsObservation } from "./DnsObservation.ts"
import { DnsPlan } from "./DnsPlan.ts"
import { RecordVerdict } from "./DnsVerdict.ts"
import { StoredDomainName } from "./DomainName.ts"
import { CanonicalAddress } from "./EmailAddress.ts"
import { makeEventCodec } from "./EventCodec.ts"
import { StoredSenderId } from "./Identity.ts"
import { AccountId, Owner } from "./Owner.ts"
import { Streak } from "./ProbeSchedule.ts"

/** What an owner wants in the From header: one address, or every address of a domain. */
export const SenderKind = Schema.Literals(["email", "domain"])
export type SenderKind = typeof SenderKind.Type

const evidence = { evidence: Schema.Array(DnsObservation) }
/** What a domain moves down by: each negative that counted, the last one the newest. */
const negatives = { negatives: Streak }

/**
 * Where a proof was taken from: another sender of the account on the same domain, for the same records, and the version
 * of its stream at which it was read.
 */
export const ProofSource = Schema.Struct({ sender: StoredSenderId, version: Schema.Int })
export type ProofSource = typeof ProofSource.Type
const link = { verificationId: Schema.String }

/** Version 1 of every event: its name, and what it carries besides its name. */
export const senderEventFields = {
  /**
   * A new incarnation begins. `address` is as typed (for a domain sender: the domain as typed). Until `declinedUntil`
   * nothing is mailed, because the mailbox owner declined, by a link of any sender of the account.
   */
  SenderAdded: {
    at: Schema.Number,
    account: AccountId,
    owner: Owner,
    kind: SenderKind,
    address: Schema.String,
    canonical: CanonicalAddress,
    domain: StoredDomainName,
    plan: DnsPlan,
    metadata: Schema.Record(Schema.String, Schema.Json),
    notifyAccount: Schema.Boolean,
    declinedUntil: Schema.optionalKey(Schema.Number)
  },
  /** A link was issued; every older link is void. Its mail may go out from `notBefore` on. */
  VerificationRequested: { at: Schema.Number, ...link, notBefore: Schema.Number, expiresAt: Schema.Number },
  /** The mail server took the mail; the link's time runs from here. */
  VerificationMailSent: { at: Schema.Number, ...link, messageId: Schema.String, expiresAt: Schema.Number },
  /** The mail server refused the mail for good, or delivery was given up (`permanent: false`). */
  VerificationMailFailed: { at: Schema.Number, ...link, reason: Schema.String, permanent: Schema.Boolean },
  /** The mailbox owner confirmed the link. */
  EmailVerified: { at: Schema.Number, ...link },
  /** "This was not me." */
  VerificationDeclined: { at: Schema.Number, ...link },
  /** The link's time went by without a click. */
  VerificationExpired: { at: Schema.Number, ...link },
  /** Every record of the plan is right. `inheritedFrom`: that is known from another sender's probe. */
  DomainVerified: { at: Schema.Number, ...evidence, inheritedFrom: Schema.optionalKey(ProofSource) },
  /** The verdicts on a domain that is not verified changed. */
  DomainProblemFound: { at: Schema.Number, verdicts: Schema.Array(RecordVerdict), ...evidence },
  /** 72 h without success. Probes go on, slower, and the same tokens stay good. */
  DomainVerificationTimedOut: { at: Schema.Number },
  /** Records of a verified domain went missing, by three negatives; sending goes on during the grace period. */
  DomainDegraded: { at: Schema.Number, ...negatives, inheritedFrom: Schema.optionalKey(ProofSource) },
  /** The records of a degraded domain are back. */
  DomainRecovered: { at: Schema.Number, ...evidence },
  /** The grace period ended with the records still wrong. */
  DomainVerificationLost: { at: Schema.Number, ...negatives },
  /** The incarnation ends: gone from lists, its link dead. */
  SenderRemoved: { at: Schema.Number, reason: Schema.String }
} as const

/** One fact of a sender's life, told apart by `_tag`. */
export const SenderEvent = Schema.TaggedUnion(senderEventFields)
export type SenderEvent = typeof SenderEvent.Type

/** How they are stored. */
export const senderEventCodec = makeEventCodec(SenderEvent, {
  SenderAdded: 1,
  VerificationRequested: 1,
  VerificationMailSent: 1,
  VerificationMailFailed: 1,
  EmailVerified: 1,
  VerificationDeclined: 1,
  VerificationExpired: 1,
  DomainVerified: 1,
  DomainProblemFound: 1,
  DomainVerificationTimedOut: 1,
  DomainDegraded: 1,
  DomainRecovered: 1,
  DomainVerificationLost: 1,
  SenderRemoved: 1
})
