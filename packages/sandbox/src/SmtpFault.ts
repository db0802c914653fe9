/**
 * The misbehaviour that the SMTP sink can be told to show. A fault is data; tests of a mailer write them down as the
 * given part of given/when/then.
 */
import type { Duration } from "effect"

/**
 * The moment at which a fault strikes. `CONNECT` is the greeting, `AUTH` the check of the credentials, `MAIL` and
 * `RCPT` the envelope commands, `DATA` the answer to the final dot, when the whole message has been read.
 */
export type SmtpStage = "CONNECT" | "AUTH" | "MAIL" | "RCPT" | "DATA"

interface Strikes {
  readonly at: SmtpStage
  /** Only for this recipient (case does not matter): at `RCPT` the one named, at `DATA` any of the accepted ones. */
  readonly recipient?: string
  /** How many times; absent: always. */
  readonly times?: number
}

/** A reply with a code of the caller's choice: 4xx is transient, 5xx permanent (RFC 5321 section 4.2.1). */
export interface SmtpReplyFault extends Strikes {
  readonly kind: "reply"
  readonly code: number
  readonly text: string
}

/**
 * The connection is closed instead of an answer. At `DATA` with `kept: true` the message is received all the same: the
 * client cannot know whether its mail was taken.
 */
export interface SmtpDropFault extends Strikes {
  readonly kind: "drop"
  readonly kept?: boolean
}

/** No answer ever, the connection stays open. At `CONNECT` the client is never greeted. */
export interface SmtpSilentFault extends Strikes {
  readonly kind: "silent"
}

/**
 * The answer comes late: after `wait`, or without one when the sink's `release` is called. Faults further down the list
 * then decide what the answer is.
 */
export interface SmtpSlowFault extends Strikes {
  readonly kind: "slow"
  readonly wait?: Duration.Input
}

export type SmtpFault = SmtpReplyFault | SmtpDropFault | SmtpSilentFault | SmtpSlowFault

/** Whether a fault strikes at this stage of a transaction with these recipients. */
export const strikes =
  (stage: SmtpStage, recipients: ReadonlyArray<string>) =>
  (fault: SmtpFault): boolean =>
    fault.at === stage &&
    (fault.recipient === undefined ||
      recipients.some((recipient) => recipient.toLowerCase() === fault.recipient?.toLowerCase()))
