import { SmtpSink, type SmtpStage } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { message, refusal, send } from "./Attempt.ts"
import { mailerFor } from "./SinkWorld.ts"

const pass = "sUpEr-sEcReT"

describe("a reply code decides whether it is for good", () => {
  const replies: ReadonlyArray<readonly [SmtpStage, number, boolean]> = [
    // About the message.
    ["MAIL", 550, true],
    ["RCPT", 550, true],
    ["RCPT", 553, true],
    ["RCPT", 554, true],
    ["DATA", 550, true],
    ["DATA", 552, true],
    ["DATA", 554, true],
    ["MAIL", 451, false],
    ["MAIL", 452, false],
    ["RCPT", 421, false],
    ["RCPT", 450, false],
    ["RCPT", 451, false],
    ["RCPT", 452, false],
    ["DATA", 451, false],
    // RFC 5321, section 4.5.3.1.10.
    ["RCPT", 552, false],
    // About the session: the configuration, not the recipient.
    ["MAIL", 503, false],
    ["MAIL", 530, false],
    ["MAIL", 535, false],
    ["RCPT", 530, false],
    ["CONNECT", 421, false],
    ["CONNECT", 554, false],
    ["AUTH", 454, false],
    ["AUTH", 535, false],
    ["AUTH", 554, false]
  ]
  it.live.each(replies)("%s %i", ([at, code, permanent]) =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ at, kind: "reply", code, text: "5.9.9 the server's words", times: 1 })
      yield* Effect.gen(function* () {
        const refused = yield* refusal()
        expect(refused).toMatchObject({ _tag: "MailRefused", permanent, code })
        expect(refused.message).toContain("the server's words")
        const excused = /not with the recipient/.test(refused.message)
        expect(excused).toBe(code >= 500 && !permanent)
        expect((yield* sink.counts).mails).toBe(0)
        yield* send()
        expect((yield* sink.messages).map(({ messageId }) => messageId)).toEqual([message.messageId])
      }).pipe(Effect.provide(mailerFor(sink, { url: Redacted.make(`smtp://relay:${pass}@${sink.address}`) })))
    })
  )
})

describe("the reason is fit to be stored and shown", () => {
  const reasonFor = Effect.fnUntraced(function* (at: SmtpStage, text: string) {
    const sink = yield* SmtpSink.make()
    yield* sink.setFaults({ at, kind: "reply", code: 550, text })
    const layer = mailerFor(sink, { url: Redacted.make(`smtp://relay-user:${pass}@${sink.address}`) })
    return (yield* Effect.provide(refusal(), layer)).reason
  })

  it.live("it names the step and repeats the server's words on one line", () =>
    Effect.gen(function* () {
      const reason = yield* reasonFor("RCPT", "5.1.1 no\x1b[31m such\t\u202euser \u0007here")
      expect(reason).toBe("RCPT TO: 550 5.1.1 no [31m such user here")
    })
  )

  it.live("it is limited in length", () =>
    Effect.gen(function* () {
      const reason = yield* reasonFor("DATA", "😀".repeat(5000))
      expect(Array.from(reason).length).toBeLessThan(330)
      expect(reason.endsWith("😀…")).toBe(true)
    })
  )

  it.live("it holds no credentials, though the server repeats them", () =>
    Effect.gen(function* () {
      const base64 = (text: string) => Buffer.from(text).toString("base64")
      const forms = [pass, "relay-user", base64(pass), base64("relay-user"), base64(`\0relay-user\0${pass}`)]
      const reason = yield* reasonFor("AUTH", `wrong: ${forms.join(" ")}`)
      for (const form of forms) expect(reason).not.toContain(form)
      expect(reason).toContain("AUTH PLAIN: 550 wrong: *** *** *** *** ***")
    })
  )
})
