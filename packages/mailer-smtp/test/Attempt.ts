/**
 * Handing one message to a mailer and looking at what came of it.
 */
import { Mailer, type MailMessage } from "@countersign/engine"
import { Effect } from "effect"

export const message: MailMessage = {
  to: "anna@example.com",
  subject: "Confirm your address",
  text: "https://example.com/verify/abc",
  html: '<a href="https://example.com/verify/abc">confirm</a>',
  messageId: "<01234567@mail.example.com>"
}

/** Timeouts for servers that never answer. */
export const hasty = { connection: "2 seconds", greeting: "200 millis", silence: "200 millis" } as const

export const send = (change: Partial<MailMessage> = {}) =>
  Mailer.use((mailer) => mailer.send({ ...message, ...change }))

/** The refusal of a message, which must be refused. Bounded, so that a test that hangs says where. */
export const refusal = (change: Partial<MailMessage> = {}) =>
  Effect.flip(send(change)).pipe(Effect.timeout("20 seconds"), Effect.orDie)
