import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { makeLoopbackCertificate, SmtpSink, type SmtpStage } from "../src/index.ts"
import { send } from "./Nodemailer.ts"
import { open } from "./SmtpDialogue.ts"

const to = (...recipients: ReadonlyArray<string>) => ({ to: [...recipients] })
const credentials = { auth: { user: "u", pass: "p" } }

describe("a reply", () => {
  for (const at of ["CONNECT", "AUTH", "MAIL", "RCPT", "DATA"] as const) {
    it.live(`at ${at} has the code and the text of the script, and happens as often as it says`, () =>
      Effect.gen(function* () {
        const sink = yield* SmtpSink.make()
        yield* sink.setFaults({ kind: "reply", at, code: 454, text: "4.3.0 not now", times: 2 })
        for (const _ of [1, 2]) {
          const refused = yield* Effect.flip(send(sink.port, {}, credentials))
          expect([refused.responseCode, refused.message]).toEqual([454, expect.stringContaining("454 4.3.0 not now")])
        }
        expect(yield* sink.messages).toEqual([])
        yield* send(sink.port, {}, credentials)
        expect(yield* sink.messages).toHaveLength(1)
      })
    )
  }

  it.live("of 5xx stays until it is taken back", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ kind: "reply", at: "RCPT", code: 550, text: "5.1.1 no such user" })
      for (const _ of [1, 2, 3]) expect((yield* Effect.flip(send(sink.port))).responseCode).toBe(550)
      yield* sink.setFaults(undefined)
      yield* send(sink.port)
      expect(yield* sink.messages).toHaveLength(1)
    })
  )

  it.live("for one recipient leaves the others in peace", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const fault = { kind: "reply", code: 550, text: "5.1.1 unknown", recipient: "Bob@example.com" } as const
      yield* sink.setFaults({ ...fault, at: "RCPT" })
      const info = yield* send(sink.port, to("anna@example.com", "bob@example.com"))
      expect([info.accepted, info.rejected]).toEqual([["anna@example.com"], ["bob@example.com"]])
      expect((yield* sink.messages).map((message) => message.to)).toEqual([["anna@example.com"]])
      yield* sink.setFaults({ ...fault, at: "DATA" })
      expect((yield* Effect.flip(send(sink.port, to("bob@example.com")))).responseCode).toBe(550)
      yield* send(sink.port, to("anna@example.com"))
      expect((yield* sink.counts).mails).toBe(2)
    })
  )

  it.live("of several: the first that strikes counts, and only that one is spent", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults([
        { kind: "reply", at: "MAIL", code: 451, text: "first", times: 1 },
        { kind: "reply", at: "MAIL", code: 452, text: "second", times: 1 }
      ])
      expect((yield* Effect.flip(send(sink.port))).responseCode).toBe(451)
      expect((yield* Effect.flip(send(sink.port))).responseCode).toBe(452)
      yield* send(sink.port)
    })
  )
})

describe("a drop", () => {
  const stages: ReadonlyArray<SmtpStage> = ["CONNECT", "MAIL", "RCPT", "DATA"]
  for (const at of stages) {
    it.live(`at ${at} closes the connection instead of an answer`, () =>
      Effect.gen(function* () {
        const sink = yield* SmtpSink.make()
        yield* sink.setFaults({ kind: "drop", at, times: 1 })
        const lost = yield* Effect.flip(send(sink.port))
        expect(lost.responseCode).toBe(undefined)
        expect(lost.message).toMatch(/closed|ECONNRESET/i)
        expect(yield* sink.messages).toEqual([])
        yield* send(sink.port)
        expect(yield* sink.counts).toMatchObject({ connections: 2, mails: 1 })
      })
    )
  }

  it.live("after DATA can leave the mail received without the client knowing", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ kind: "drop", at: "DATA", kept: true, times: 1 })
      expect((yield* Effect.flip(send(sink.port, { subject: "ghost" }))).responseCode).toBe(undefined)
      expect((yield* sink.messages).map((message) => message.subject)).toEqual(["ghost"])
    })
  )

  it.live("under TLS closes the connection too", () =>
    Effect.gen(function* () {
      const certificate = makeLoopbackCertificate()
      for (const mode of ["implicit", "starttls"] as const) {
        const sink = yield* SmtpSink.make({ tls: { mode, ...certificate } })
        const client = { secure: mode === "implicit", requireTLS: mode === "starttls", tls: { ca: certificate.cert } }
        for (const at of stages) {
          yield* sink.setFaults({ kind: "drop", at, times: 1 })
          expect((yield* Effect.flip(send(sink.port, {}, client))).message, `${mode} ${at}`).toMatch(/clos|ECONNRESET/i)
        }
        yield* send(sink.port, {}, client)
      }
    })
  )
})

describe("slow and silent", () => {
  it.live("an answer is held until it is released", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ kind: "slow", at: "DATA" })
      const sending = yield* Effect.forkChild(send(sink.port, { subject: "held" }), { startImmediately: true })
      yield* sink.awaitHeld(1, "2 seconds")
      expect(yield* sink.messages).toEqual([])
      yield* sink.release
      expect((yield* Fiber.join(sending)).response).toContain("250")
      expect(yield* sink.messages).toHaveLength(1)
    })
  )

  it.live("an answer comes late by itself, and then as the rest of the script says", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults([
        { kind: "slow", at: "MAIL", wait: "30 millis" },
        { kind: "reply", at: "MAIL", code: 451, text: "later" }
      ])
      const sending = yield* Effect.forkChild(Effect.flip(send(sink.port)), { startImmediately: true })
      yield* sink.awaitHeld(1, "2 seconds")
      expect((yield* Fiber.join(sending)).responseCode).toBe(451)
    })
  )

  it.live("a client that is never greeted gives up, and the sink can still be closed", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ kind: "silent", at: "CONNECT" })
      const gaveUp = yield* Effect.flip(send(sink.port, {}, { greetingTimeout: 200 }))
      expect(gaveUp.message).toMatch(/greeting/i)
      const client = yield* open(sink.port)
      yield* sink.close
      expect(yield* client.reply).toBe("closed")
    })
  )

  it.live("closing the sink ends what is held, without an answer", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ kind: "slow", at: "MAIL" })
      const sending = yield* Effect.forkChild(Effect.flip(send(sink.port)), { startImmediately: true })
      yield* sink.awaitHeld(1, "2 seconds")
      yield* sink.close
      expect((yield* Fiber.join(sending)).responseCode).toBe(undefined)
      const nothingHeld = yield* Effect.flip(sink.awaitHeld(1, "10 millis"))
      expect(nothingHeld.message).toContain("1 held answers")
    })
  )
})
