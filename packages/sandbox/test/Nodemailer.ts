/** Sending a mail with nodemailer as an effect whose failure is what nodemailer says. */
import { Data, Effect } from "effect"
import { createTransport, type SendMailOptions } from "nodemailer"
import type { Options } from "nodemailer/lib/smtp-transport"

class NotSent extends Data.TaggedError("NotSent")<{
  readonly code: string | undefined
  readonly responseCode: number | undefined
  readonly message: string
}> {}

const facts = (cause: unknown) => {
  const error = cause instanceof Error ? cause : new Error(String(cause), { cause })
  return new NotSent({
    code: "code" in error && typeof error.code === "string" ? error.code : undefined,
    responseCode: "responseCode" in error && typeof error.responseCode === "number" ? error.responseCode : undefined,
    message: error.message
  })
}

const plainMail: SendMailOptions = { from: "shop@sender.example", to: "anna@example.com", subject: "s", text: "t" }

/** Sends one mail over a connection of its own. */
export const send = (port: number, mail: SendMailOptions = {}, options: Options = {}) =>
  Effect.acquireUseRelease(
    Effect.sync(() =>
      createTransport({
        host: "127.0.0.1",
        port,
        connectionTimeout: 10_000,
        greetingTimeout: 10_000,
        socketTimeout: 10_000,
        ...options
      })
    ),
    (transport) => Effect.tryPromise({ try: () => transport.sendMail({ ...plainMail, ...mail }), catch: facts }),
    (transport) => Effect.sync(() => transport.close())
  )
