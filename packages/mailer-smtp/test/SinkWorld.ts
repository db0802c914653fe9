/**
 * The sandbox's SMTP sink as the world behind a mailer under test.
 */
import { SmtpMailer, type SmtpMailerOptions } from "@countersign/mailer-smtp"
import { SmtpSink, type SmtpSinkHandle } from "@countersign/sandbox"
import { MailWorld } from "@countersign/testkit"
import { Effect, Layer, Redacted } from "effect"

/** A mailer for a sink. */
export const mailerFor = (sink: Pick<SmtpSinkHandle, "address">, options: Partial<SmtpMailerOptions> = {}) =>
  SmtpMailer.layer({
    url: Redacted.make(`smtp://${sink.address}`),
    from: "Countersign <no-reply@mail.example.com>",
    ...options
  })

export const sinkWorld = Layer.unwrap(
  Effect.gen(function* () {
    const sink = yield* SmtpSink.make({ maxMessages: 2000 })
    const world = MailWorld.of({
      arrived: sink.messages,
      refuseNext: (code, text) => sink.setFaults({ at: "RCPT", kind: "reply", code, text, times: 1 })
    })
    return Layer.merge(Layer.succeed(MailWorld, world), mailerFor(sink))
  })
)
