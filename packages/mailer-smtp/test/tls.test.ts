import { makeLoopbackCertificate, SmtpSink, type SmtpSinkOptions } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { refusal, send } from "./Attempt.ts"
import { dialogue, rawServer } from "./RawServer.ts"
import { mailerFor } from "./SinkWorld.ts"

const certificate = makeLoopbackCertificate()
const ca = certificate.cert
const credentials = { user: "relay", pass: "sUpEr-sEcReT" }
const transient = { _tag: "MailRefused", permanent: false }

/** A sink, and mailers for it by scheme and parameters. */
const given = Effect.fnUntraced(function* (options: SmtpSinkOptions) {
  const sink = yield* SmtpSink.make(options)
  const mailer = (scheme: string, query = "", more: { readonly ca?: string; readonly login?: string } = {}) =>
    mailerFor(sink, {
      url: Redacted.make(`${scheme}://${more.login === undefined ? "" : `${more.login}@`}${sink.address}${query}`),
      ...(more.ca === undefined ? {} : { ca: more.ca })
    })
  return { sink, mailer }
})

describe("STARTTLS", () => {
  const tls = { mode: "starttls", ...certificate } as const

  it.live.each(["", "?tls=required", "?tls=opportunistic"])("is used when it is offered: %s", (query) =>
    Effect.gen(function* () {
      const { mailer, sink } = yield* given({ tls })
      yield* Effect.provide(send(), mailer("smtp", query, { ca }))
      expect((yield* sink.messages)[0]?.secure).toBe(true)
    })
  )

  it.live("is not used when it is turned off", () =>
    Effect.gen(function* () {
      const { mailer, sink } = yield* given({ tls })
      yield* Effect.provide(send(), mailer("smtp", "?tls=none"))
      expect((yield* sink.messages)[0]?.secure).toBe(false)
    })
  )

  it.live("that is not offered is done without, or nothing is sent where it is required", () =>
    Effect.gen(function* () {
      const { mailer, sink } = yield* given({})
      expect(yield* Effect.provide(refusal(), mailer("smtp", "?tls=required"))).toMatchObject(transient)
      expect((yield* sink.counts).mails).toBe(0)
      yield* Effect.provide(send(), mailer("smtp"))
      expect((yield* sink.messages)[0]?.secure).toBe(false)
    })
  )

  it.live("that is offered and then refused ends the attempt: nobody in between can turn it off", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const server = yield* rawServer((socket) => {
        socket.on("data", (chunk) => heard.push(chunk.toString("latin1")))
        dialogue({
          EHLO: () => socket.write("250-raw\r\n250 STARTTLS\r\n"),
          STAR: () => socket.write("554 5.7.0 not today\r\n")
        })(socket)
      })
      const refused = yield* Effect.provide(refusal(), mailerFor(server))
      expect(refused).toMatchObject({ ...transient, code: 554 })
      expect(refused.reason).toContain("not with the recipient")
      expect(heard.join("")).not.toContain("MAIL FROM")
    })
  )
})

describe("TLS from the first byte", () => {
  const tls = { mode: "implicit", ...certificate } as const

  it.live("carries the mail", () =>
    Effect.gen(function* () {
      const { mailer, sink } = yield* given({ tls })
      yield* Effect.provide(send(), mailer("smtps", "", { ca }))
      expect((yield* sink.messages)[0]?.secure).toBe(true)
    })
  )

  it.live("at a server that speaks plain SMTP is a refusal for now", () =>
    Effect.gen(function* () {
      const { mailer } = yield* given({})
      expect(yield* Effect.provide(refusal(), mailer("smtps", "", { ca }))).toMatchObject(transient)
    })
  )
})

describe("the certificate", () => {
  it.live.each(["implicit", "starttls"] as const)("must be vouched for, unless told otherwise: %s", (mode) =>
    Effect.gen(function* () {
      const { mailer, sink } = yield* given({ tls: { mode, ...certificate } })
      const scheme = mode === "implicit" ? "smtps" : "smtp"
      const refused = yield* Effect.provide(refusal(), mailer(scheme))
      expect(refused).toMatchObject(transient)
      expect(refused.reason).toMatch(/certificate/)
      expect(
        yield* Effect.provide(refusal(), mailer(scheme, "", { ca: makeLoopbackCertificate().cert }))
      ).toMatchObject(transient)
      expect((yield* sink.counts).mails).toBe(0)
      yield* Effect.provide(send(), mailer(scheme, "?verify=false"))
      expect((yield* sink.counts).mails).toBe(1)
    })
  )
})

describe("credentials", () => {
  const login = `${credentials.user}:${credentials.pass}`

  it.live("that are right let the mail in", () =>
    Effect.gen(function* () {
      const { mailer, sink } = yield* given({ auth: credentials, tls: { mode: "starttls", ...certificate } })
      yield* Effect.provide(send(), mailer("smtp", "", { ca, login }))
      expect((yield* sink.messages)[0]).toMatchObject({ user: credentials.user, secure: true })
    })
  )

  it.live.each(["relay:wrong", "stranger:sUpEr-sEcReT"])(
    "that are wrong are no word about the recipient: %s",
    (wrong) =>
      Effect.gen(function* () {
        const { mailer, sink } = yield* given({ auth: credentials, tls: { mode: "starttls", ...certificate } })
        const refused = yield* Effect.provide(refusal(), mailer("smtp", "", { ca, login: wrong }))
        expect(refused).toMatchObject({ ...transient, code: 535 })
        expect(refused.reason).toContain("not with the recipient")
        expect(refused.reason).not.toContain("sUpEr-sEcReT")
        expect((yield* sink.counts).mails).toBe(0)
      })
  )

  it.live("that are missing, too", () =>
    Effect.gen(function* () {
      const { mailer } = yield* given({ auth: credentials })
      const refused = yield* Effect.provide(refusal(), mailer("smtp"))
      expect(refused).toMatchObject({ ...transient, code: 530 })
      expect(refused.reason).toContain("not with the recipient")
    })
  )

  it.live("that the server has no use for are not left out without a word", () =>
    Effect.gen(function* () {
      const server = yield* rawServer(dialogue({ AUTH: (socket) => socket.write("502 no such command\r\n") }))
      const layer = mailerFor(server, { url: Redacted.make(`smtp://${login}@${server.address}`) })
      const refused = yield* Effect.provide(refusal(), layer)
      expect(refused).toMatchObject({ ...transient, code: 502 })
    })
  )

  it.live("are never sent in the clear where TLS is required", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const server = yield* rawServer((socket) => {
        socket.on("data", (chunk) => heard.push(chunk.toString("latin1")))
        dialogue({
          EHLO: () => socket.write("250-raw\r\n250 AUTH PLAIN LOGIN\r\n"),
          STAR: () => socket.write("502 no such command\r\n")
        })(socket)
      })
      const url = Redacted.make(`smtp://${login}@${server.address}?tls=required`)
      expect(yield* Effect.provide(refusal(), mailerFor(server, { url }))).toMatchObject(transient)
      expect(heard.join("")).not.toContain("AUTH")
    })
  )
})
