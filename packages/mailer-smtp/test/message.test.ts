import { SmtpSink } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { message, refusal, send } from "./Attempt.ts"
import { mailerFor } from "./SinkWorld.ts"

const sent = Effect.fnUntraced(function* (from?: string) {
  const sink = yield* SmtpSink.make()
  yield* Effect.provide(send(), mailerFor(sink, from === undefined ? {} : { from }))
  return yield* sink.awaitMessage(() => true, "5 seconds")
})

describe("a message on the wire", () => {
  it.effect("has the headers of an automatic mail, and the time of the clock", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2030, 0, 1, 12))
      const { from, headers, raw, to } = yield* sent("Countersign <no-reply@mail.example.com>")
      expect(from).toBe("no-reply@mail.example.com")
      expect(to).toEqual([message.to])
      expect(headers).toMatchObject({
        from: ["Countersign <no-reply@mail.example.com>"],
        to: [message.to],
        subject: [message.subject],
        "message-id": [message.messageId],
        date: ["Tue, 01 Jan 2030 12:00:00 +0000"],
        "auto-submitted": ["auto-generated"],
        "x-auto-response-suppress": ["All"],
        "mime-version": ["1.0"],
        "content-type": [expect.stringMatching(/^multipart\/alternative;/)]
      })
      expect(Object.keys(headers).sort()).toEqual(
        [
          "auto-submitted",
          "content-type",
          "date",
          "from",
          "message-id",
          "mime-version",
          "subject",
          "to",
          "x-auto-response-suppress"
        ].sort()
      )
      expect(raw).toMatch(/Content-Type: text\/plain; charset=utf-8[\s\S]*Content-Type: text\/html; charset=utf-8/)
    })
  )

  it.live("goes to the address exactly, even to a spelling that mail libraries rewrite", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* Effect.provide(send({ to: "Anna@Mail.EXAMPLE.com" }), mailerFor(sink))
      expect((yield* sink.messages)[0]?.to).toEqual(["Anna@Mail.EXAMPLE.com"])
    })
  )

  it.live("has only lines that SMTP can carry", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* Effect.provide(
        send({ subject: "ä".repeat(300), text: "x".repeat(5000), html: "<p>ß</p>".repeat(1000) }),
        mailerFor(sink)
      )
      const { raw } = yield* sink.awaitMessage(() => true, "5 seconds")
      // RFC 5322, section 2.1.1, and 7 bits: the server may have no 8BITMIME.
      expect(raw.split("\r\n").every((line) => line.length <= 998)).toBe(true)
      expect(raw.replace(/[\r\n\t]/g, "")).toMatch(/^[ -~]*$/)
    })
  )

  it.live.each([
    ["no-reply@mail.example.com", "no-reply@mail.example.com"],
    ['"Shop, Inc." <a@mail.example.com>', '"Shop, Inc." <a@mail.example.com>'],
    ['"a@evil.example" <a@mail.example.com>', '"a@evil.example" <a@mail.example.com>'],
    ["Müller <a@mail.example.com>", "=?UTF-8?Q?M=C3=BCller?= <a@mail.example.com>"]
  ])("is from %s", ([from, header]) =>
    Effect.gen(function* () {
      expect((yield* sent(from)).headers.from).toEqual([header])
    })
  )
})

describe("what could change the mail's head or envelope is refused before anything is sent", () => {
  it.live.each([
    ["to", "anna@example.com\r\nRCPT TO:<eve@example.com>"],
    ["to", "anna@example.com>\r\n"],
    ["to", "anna@example.com, eve@example.com"],
    ["to", "anna@example.com,eve@example.com"],
    ["to", "Anna <anna@example.com>"],
    ["to", '"anna"@example.com'],
    ["to", "anna@bücher.example"],
    ["to", "änna@example.com"],
    ["to", "anna@[127.0.0.1]"],
    ["to", "anna"],
    ["to", ""],
    ["to", "anna\0@example.com"],
    ["subject", "Hello\r\nBcc: eve@example.com"],
    ["subject", "Hello\nBcc: eve@example.com"],
    ["subject", "Hello\0"],
    ["subject", "Hello\x7f"],
    ["subject", "Hello\u0085"],
    ["subject", "Hello\u2028"],
    ["subject", "Hello\ud800"],
    ["messageId", "<a@b>\r\nBcc: eve@example.com"],
    ["messageId", "a@b"],
    ["messageId", "<a@b> <c@d>"],
    ["messageId", "<ä@b>"],
    ["messageId", ""]
  ] as const)("%s: %j", ([part, value]) =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const refused = yield* Effect.provide(refusal({ [part]: value }), mailerFor(sink))
      expect(refused).toMatchObject({ _tag: "MailRefused", permanent: true })
      expect(refused.message).not.toMatch(/[\p{Cc}\u2028]/u)
      expect((yield* sink.counts).connections).toBe(0)
    })
  )

  it.live("the bodies may hold anything", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const text = "From: eve@example.com\r\n\r\n.\r\nRSET\r\nQUIT\r\n"
      yield* Effect.provide(send({ text, html: "file:///etc/passwd https://127.0.0.1/" }), mailerFor(sink))
      const mails = yield* sink.messages
      expect(mails.map((mail) => [mail.to, mail.text.trimEnd().replace(/\r\n/g, "\n"), mail.html.trimEnd()])).toEqual([
        [[message.to], "From: eve@example.com\n\n.\nRSET\nQUIT", "file:///etc/passwd https://127.0.0.1/"]
      ])
    })
  )
})
