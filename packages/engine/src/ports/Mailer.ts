/**
 * The mailer hands one message to a mail server and says what the server said.
 */
import { Context, type Effect, Schema } from "effect"

/** A message. Addresses are values, never header text; the sender of the mail is the adapter's own setting. */
export interface MailMessage {
  /** `local@A-label-domain`: exactly what RCPT TO must be. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** With angle brackets (RFC 5322, section 3.6.4). The same for every attempt to send the same mail. */
  readonly messageId: string
}

/**
 * Refused. `permanent`: the same message will be refused again (5yz of RFC 5321, section 4.2.1); otherwise worth trying
 * later.
 */
export class MailRefused extends Schema.TaggedError<MailRefused>()("MailRefused", {
  permanent: Schema.Boolean,
  /** For a person to read: the server's words, or what failed. */
  reason: Schema.String,
  /** The reply code, when the server gave one. */
  code: Schema.optionalKey(Schema.Int)
}) {
  override get message(): string {
    return `the mail was refused ${this.permanent ? "for good" : "for now"}: ${this.reason}`
  }
}

/** Hands one message to a mail server. */
export class Mailer extends Context.Service<
  Mailer,
  {
    /** Succeeds when the server took responsibility for the message. */
    readonly send: (message: MailMessage) => Effect.Effect<void, MailRefused>
  }
>()("countersign/Mailer") {}
