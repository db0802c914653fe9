/**
 * The words of the Space Invoices dialect for the two axes of a sender: the one table.
 *
 * Trouble in asking the DNS changes no word, because it changes no state of the domain.
 */
import type { DomainState, MailboxState } from "@countersign/core"
import { Schema } from "effect"

/** What `emailVerificationStatus` may say. */
export const EmailVerificationStatus = Schema.Literals(["PENDING", "SUCCESS", "FAILED"]).annotate({
  identifier: "EmailVerificationStatus",
  description:
    "`PENDING` until the mailed link is confirmed, then `SUCCESS`; `FAILED` when the link expired after 24 hours, was declined, or the mail could not be delivered."
})
export type EmailVerificationStatus = typeof EmailVerificationStatus.Type

/** What `domainVerificationStatus` may say. */
export const DomainVerificationStatus = Schema.Literals(["PENDING", "SUCCESS", "FAILED", "TEMPORARY_FAILURE"]).annotate(
  {
    identifier: "DomainVerificationStatus",
    description:
      "`PENDING` until all CNAME records are found, then `SUCCESS`; `TEMPORARY_FAILURE` while records are missing after that (sending goes on), `FAILED` when they were not found within 72 hours or stayed missing. Later publication turns `FAILED` into `SUCCESS`."
  }
)
export type DomainVerificationStatus = typeof DomainVerificationStatus.Type

/** A domain sender has no mailbox to verify: nothing is left to be done there. */
export const emailVerificationStatus: { readonly [state in MailboxState]: EmailVerificationStatus } = {
  "not-needed": "SUCCESS",
  pending: "PENDING",
  verified: "SUCCESS",
  expired: "FAILED",
  declined: "FAILED",
  undeliverable: "FAILED"
}

export const domainVerificationStatus: { readonly [state in DomainState]: DomainVerificationStatus } = {
  pending: "PENDING",
  verified: "SUCCESS",
  degraded: "TEMPORARY_FAILURE",
  "timed-out": "FAILED",
  lost: "FAILED"
}
