import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Scope } from "effect"
import { makeLoopbackCertificate, type ReceivedMessage, SmtpSink, SmtpSinkError } from "../src/index.ts"
import { send } from "./Nodemailer.ts"
import { open } from "./SmtpDialogue.ts"

const anyMail = () => true

describe("what the sink receives", () => {
  it.live("is the envelope as typed and the content decoded", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* send(sink.port, {
        from: "Trgovina Šiška <shop@sender.example>",
        to: "Anna <Anna.B+x@example.com>, bob@xn--bcher-kva.example",
        subject: "Potrditev naslova čšž €",
        text: "Pozdravljeni, kliknite: https://x.example/?a=1&b=2 čšž",
        html: "<p>Pozdravljeni čšž</p>"
      })
      const message = yield* sink.awaitMessage(anyMail, "2 seconds")
      expect(message.from).toBe("shop@sender.example")
      expect(message.to).toEqual(["Anna.B+x@example.com", "bob@xn--bcher-kva.example"])
      expect(message.subject).toBe("Potrditev naslova čšž €")
      expect(message.text.trimEnd()).toBe("Pozdravljeni, kliknite: https://x.example/?a=1&b=2 čšž")
      expect(message.html.trimEnd()).toBe("<p>Pozdravljeni čšž</p>")
      expect(message.headers["mime-version"]).toEqual(["1.0"])
      expect(message.messageId).toMatch(/^<.+@sender\.example>$/)
      expect(message.raw).toContain("MIME-Version: 1.0\r\n")
      expect(new Date(message.receivedAt).toISOString()).toBe(message.receivedAt)
      expect([message.secure, message.user]).toEqual([false, null])
      expect(JSON.parse(JSON.stringify(message))).toEqual(message)
    })
  )

  it.live("keeps recipients apart that differ only in case, and A-labels as they are", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const client = yield* open(sink.port)
      expect(yield* client.reply).toMatch(/^220 /)
      expect(yield* client.say("EHLO test")).toMatch(/^250-/)
      expect(yield* client.say("MAIL FROM:<>")).toMatch(/^250 /)
      expect(yield* client.say("RCPT TO:<Anna@XN--bcher-kva.example>")).toMatch(/^250 /)
      expect(yield* client.say("RCPT TO:<anna@xn--bcher-kva.example>")).toMatch(/^250 /)
      expect(yield* client.say("DATA")).toMatch(/^354 /)
      expect(yield* client.say("Subject: dots\r\n\r\n..a dot\r\n.")).toBe("250 2.0.0 kept as 1")
      const [message] = yield* sink.messages
      expect(message?.from).toBe("")
      expect(message?.to).toEqual(["Anna@XN--bcher-kva.example", "anna@xn--bcher-kva.example"])
      expect(message?.text).toBe(".a dot\n")
      expect(yield* client.say("MAIL FROM:<b@example.com>")).toMatch(/^250 /)
      expect(yield* client.say("RCPT TO:<c@example.com>")).toMatch(/^250 /)
      expect(yield* client.say("DATA")).toMatch(/^354 /)
      expect(yield* client.say(".")).toBe("250 2.0.0 kept as 2")
      expect((yield* sink.messages).map(({ from, to }) => [from, to])).toEqual([
        ["b@example.com", ["c@example.com"]],
        ["", ["Anna@XN--bcher-kva.example", "anna@xn--bcher-kva.example"]]
      ])
    })
  )

  it.live("refuses addresses that RFC 5321 does not know, and takes the longest that it knows", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const client = yield* open(sink.port)
      yield* client.reply
      yield* client.say("EHLO test")
      expect(yield* client.say("MAIL FROM:<a@example.com>")).toMatch(/^250 /)
      const label = "d".repeat(61)
      const longest = `${"l".repeat(64)}@${label}.${label}.${label}.abc`
      expect(longest.length).toBe(254)
      expect(yield* client.say(`RCPT TO:<${longest}>`)).toMatch(/^250 /)
      for (const bad of [
        `${longest}d`,
        `${"l".repeat(65)}@example.com`,
        "a..b@example.com",
        "a@-x.example",
        "é@x.example"
      ]) {
        expect(yield* client.say(`RCPT TO:<${bad}>`), bad).toMatch(/^5(?:01|53) /)
      }
      expect(yield* client.say("RCPT TO:a@example.com")).toMatch(/^501 /)
    })
  )

  it.live("is newest first, bounded, cleared, and goes on counting after a restore", () =>
    Effect.gen(function* () {
      const first = yield* SmtpSink.make({ maxMessages: 2 })
      for (const subject of ["one", "two", "three"]) yield* send(first.port, { subject })
      const kept = yield* first.messages
      expect(kept.map((message) => [message.id, message.subject])).toEqual([
        ["3", "three"],
        ["2", "two"]
      ])
      expect(yield* first.counts).toMatchObject({ connections: 3, mails: 3 })
      const second = yield* SmtpSink.make({ messages: kept })
      yield* send(second.port, { subject: "four" })
      expect((yield* second.messages).map((message) => message.id)).toEqual(["4", "3", "2"])
      yield* second.clear
      expect(yield* second.messages).toEqual([])
    })
  )

  it.live("is answered 552 when it is too large, and not kept", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make({ maxBytes: 2000 })
      const refused = yield* Effect.flip(send(sink.port, { text: "x".repeat(5000) }))
      expect(refused.responseCode).toBe(552)
      expect(yield* sink.messages).toEqual([])
    })
  )
})

describe("onMessage", () => {
  it.live("has finished when the client gets its answer", () =>
    Effect.gen(function* () {
      const stored: Array<ReceivedMessage> = []
      const sink = yield* SmtpSink.make({
        onMessage: (message) =>
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => stored.push(message))
          )
      })
      yield* send(sink.port, { subject: "stored" })
      expect(stored.map((message) => message.subject)).toEqual(["stored"])
    })
  )

  it.live("that dies makes the client try again later", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make({ onMessage: () => Effect.die("disk full") })
      const refused = yield* Effect.flip(send(sink.port))
      expect(refused.responseCode).toBe(451)
      expect(yield* sink.messages).toEqual([])
      expect((yield* sink.counts).mails).toBe(0)
      // The sink says so in the log, which is not wanted here.
    }).pipe(Effect.provide(Logger.layer([])))
  )
})

describe("awaitMessage", () => {
  it.live("gives a mail that comes later, and fails when none comes in time", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const wanted = yield* Effect.forkChild(
        sink.awaitMessage((message) => message.subject === "wanted", "2 seconds"),
        { startImmediately: true }
      )
      yield* send(sink.port, { subject: "other" })
      yield* send(sink.port, { subject: "wanted" })
      expect((yield* Fiber.join(wanted)).subject).toBe("wanted")
      const late = yield* Effect.flip(sink.awaitMessage((message) => message.subject === "never", "20 millis"))
      expect(late.message).toBe("Waited 20ms for a mail that matches without success.")
    })
  )
})

describe("AUTH", () => {
  it.live("lets the right credentials in and no others", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make({ auth: { user: "relay", pass: "secret" } })
      expect((yield* Effect.flip(send(sink.port))).responseCode).toBe(530)
      const wrong = yield* Effect.flip(send(sink.port, {}, { auth: { user: "relay", pass: "guess" } }))
      expect([wrong.code, wrong.responseCode]).toEqual(["EAUTH", 535])
      yield* send(sink.port, {}, { auth: { user: "relay", pass: "secret" } })
      expect((yield* sink.messages).map((message) => message.user)).toEqual(["relay"])
    })
  )

  it.live("takes any credentials when none are set", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* send(sink.port, {}, { auth: { user: "who", pass: "ever" } })
      expect((yield* sink.messages).map((message) => message.user)).toEqual(["who"])
    })
  )
})

describe("TLS", () => {
  const certificate = makeLoopbackCertificate()
  for (const mode of ["implicit", "starttls"] as const) {
    it.live(`${mode}: a client that trusts the certificate sends, another one does not`, () =>
      Effect.gen(function* () {
        const sink = yield* SmtpSink.make({ tls: { mode, ...certificate }, auth: { user: "u", pass: "p" } })
        const client = { secure: mode === "implicit", requireTLS: mode === "starttls", auth: { user: "u", pass: "p" } }
        yield* send(sink.port, {}, { ...client, tls: { ca: certificate.cert } })
        expect((yield* sink.messages).map((message) => message.secure)).toEqual([true])
        const untrusted = yield* Effect.flip(send(sink.port, {}, client))
        expect(untrusted.message).toContain("self-signed certificate")
        expect(yield* sink.messages).toHaveLength(1)
      })
    )
  }

  it.live("is not offered without a certificate", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const client = yield* open(sink.port)
      yield* client.reply
      expect(yield* client.say("EHLO test")).not.toContain("STARTTLS")
      expect(yield* client.say("STARTTLS")).toMatch(/^500 /)
    })
  )
})

describe("close", () => {
  it.live("frees the port, hangs up, and can be done twice", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const client = yield* open(sink.port)
      expect(yield* client.reply).toMatch(/^220 /)
      yield* sink.close
      expect(yield* client.reply).toBe("closed")
      yield* sink.close
      const refused = yield* Effect.flip(open(sink.port))
      expect(refused.message).toContain("ECONNREFUSED")
      const again = yield* SmtpSink.make({ port: sink.port })
      expect(again.address).toBe(`127.0.0.1:${sink.port}`)
    })
  )

  it.live("happens with the scope, also in the middle of a TLS handshake", () =>
    Effect.gen(function* () {
      for (const mode of ["implicit", "starttls"] as const) {
        const scope = yield* Scope.make()
        const sink = yield* Scope.provide(SmtpSink.make({ tls: { mode, ...makeLoopbackCertificate() } }), scope)
        const client = yield* open(sink.port)
        if (mode === "starttls") {
          yield* client.reply
          yield* client.say("EHLO test")
          expect(yield* client.say("STARTTLS")).toMatch(/^220 /)
        } else {
          while ((yield* sink.counts).open === 0) yield* Effect.yieldNow
        }
        yield* Scope.close(scope, Exit.void)
        expect(yield* client.reply).toBe("closed")
        expect((yield* Effect.flip(open(sink.port))).message).toContain("ECONNREFUSED")
      }
    })
  )

  it.live("a port that is taken is a typed error with a sentence", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const error = yield* Effect.flip(SmtpSink.make({ port: sink.port }))
      expect(error).toBeInstanceOf(SmtpSinkError)
      expect(error.message).toContain(`cannot listen on 127.0.0.1:${sink.port}`)
    })
  )
})
