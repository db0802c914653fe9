/** Who may submit: access keys, checked again and again, and never sent in the clear to another machine. */
import { connect as connectTls } from "node:tls"
import { makeLoopbackCertificate, SmtpSink } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Logger, Redacted } from "effect"
import { send } from "./Nodemailer.ts"
import { dial, dialKnown, plain, submit } from "./RawClient.ts"
import { loopback, startRelay } from "./RelayWorld.ts"
import { scriptedUpstream } from "./ScriptedUpstream.ts"

const quiet = Effect.provide(Logger.layer([]))
const base64 = (text: string) => Buffer.from(text).toString("base64")

describe("a client is", () => {
  it.live("an account or one of its organizations, by PLAIN and by LOGIN", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port, world } = yield* startRelay(sink.port)
      const one = yield* dial(port)
      expect(yield* one.say("EHLO c")).toMatch(/^250[- ]AUTH PLAIN LOGIN$/m)
      expect(yield* one.say(plain("acc", "key-1"))).toMatch(/^235 /)
      yield* submit(one)
      const other = yield* dial(port)
      yield* other.say("EHLO c")
      yield* other.say("AUTH LOGIN")
      yield* other.say(base64("org"))
      expect(yield* other.say(base64("key-1"))).toMatch(/^235 /)
      yield* submit(other)
      expect(world.asked).toEqual(["acc - anna@customer.example", "acc org anna@customer.example"])
    })
  )

  it.live("refused with a wrong key or another's organization, and closed out the third time", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port, world } = yield* startRelay(sink.port)
      world.keys.set("key-2", "other")
      const client = yield* dial(port)
      yield* client.say("EHLO c")
      expect(yield* client.say(plain("acc", "guess"))).toMatch(/^535 5\.7\.8 /)
      expect(yield* client.say(plain("org", "key-2"))).toMatch(/^535 5\.7\.8 /)
      expect(yield* client.say(plain("other", "key-1"))).toMatch(/^421 4\.7\.0 /)
      expect(yield* client.reply).toBe("closed")
      const stranger = yield* dial(port)
      yield* stranger.say("EHLO c")
      expect(yield* stranger.say("MAIL FROM:<anna@customer.example>")).toMatch(/^530 /)
      expect((yield* sink.counts).connections).toBe(0)
    })
  )

  it.live("let in until its key is revoked: at the next MAIL, and at the last dot", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream()
      const { port, world } = yield* startRelay(upstream.port)
      const client = yield* dialKnown(port)
      yield* submit(client)
      yield* client.say("MAIL FROM:<anna@customer.example>")
      yield* client.say("RCPT TO:<bob@example.org>")
      yield* client.say("DATA")
      world.keys.clear()
      yield* client.write("From: anna@customer.example\r\n\r\n")
      expect(yield* client.say(".")).toMatch(/^550 5\.7\.1 the access key/)
      expect(yield* client.say("MAIL FROM:<anna@customer.example>")).toMatch(/^550 5\.7\.1 the access key/)
      expect(upstream.messages).toHaveLength(1)
    })
  )

  it.live("told to come back while the storage is away, and not closed out", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port, world } = yield* startRelay(sink.port)
      world.storage = "away"
      const client = yield* dial(port)
      yield* client.say("EHLO c")
      for (const _ of [1, 2, 3]) expect(yield* client.say(plain("acc", "key-1"))).toMatch(/^454 4\.7\.0 /)
      world.storage = "there"
      expect(yield* client.say(plain("acc", "key-1"))).toMatch(/^235 /)
      world.storage = "away"
      expect(yield* client.say("MAIL FROM:<anna@customer.example>")).toMatch(/^451 4\.3\.0 /)
    }).pipe(quiet)
  )
})

describe("limits of an account", () => {
  it.live("are connections at once", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port, world } = yield* startRelay(sink.port, { limits: { connections: 2, messagesPerMinute: 100 } })
      world.keys.set("key-2", "other")
      const first = yield* dialKnown(port)
      yield* dialKnown(port)
      const third = yield* dial(port)
      yield* third.say("EHLO c")
      expect(yield* third.say(plain("org", "key-1"))).toMatch(/^421 4\.7\.0 too many connections/)
      expect(yield* (yield* dialKnown(port, "other", "key-2")).say("NOOP")).toMatch(/^250 /)
      yield* first.say("QUIT")
      yield* first.hangUp
      const enter = Effect.gen(function* () {
        const next = yield* dial(port)
        yield* next.say("EHLO c")
        return yield* next.say(plain("acc", "key-1"))
      })
      // The relay hears of the end of the first one a moment later.
      let reply = yield* enter
      while (reply.startsWith("421")) reply = yield* enter
      expect(reply).toMatch(/^235 /)
    })
  )

  it.live("are messages a minute", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port } = yield* startRelay(sink.port, { limits: { connections: 9, messagesPerMinute: 2 } })
      yield* submit(yield* dialKnown(port))
      const client = yield* dialKnown(port)
      yield* submit(client)
      expect(yield* client.say("MAIL FROM:<anna@customer.example>")).toMatch(/^450 4\.7\.1 /)
    })
  )

  it.live("do not keep a silent connection, and there are so many connections in all", () =>
    Effect.gen(function* () {
      const silent = yield* dial((yield* startRelay(1, { idle: "1 second" })).port)
      expect(yield* silent.reply).toMatch(/^421 Timeout/)
      const { port } = yield* startRelay(1, { maxConnections: 1 })
      yield* dial(port)
      expect((yield* dial(port)).greeting).toMatch(/^421 .* Too many connected clients/)
    })
  )
})

describe("encryption", () => {
  const certificate = { ...makeLoopbackCertificate(), implicit: false }

  it.live.each(["0.0.0.0", "::", "192.0.2.1", "mail.example.com"])(
    "%s is not listened on without a certificate",
    (host) =>
      Effect.gen(function* () {
        const refused = yield* Effect.flip(startRelay(1, { host }))
        expect(refused.message).toContain(`does not listen on ${host} without a certificate of its own`)
      })
  )

  it.live("a certificate that is none is told, and so is a port that is taken", () =>
    Effect.gen(function* () {
      const bad = yield* Effect.flip(startRelay(1, { certificate: { ...certificate, cert: "x" } }))
      expect(bad.message).toContain("certificate or key cannot be used")
      const sink = yield* SmtpSink.make()
      const taken = yield* Effect.flip(startRelay(1, { port: sink.port }))
      expect(taken.message).toContain(`cannot listen on 127.0.0.1, port ${sink.port}`)
    })
  )

  it.live("comes before the key is asked for", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port } = yield* startRelay(sink.port, { certificate })
      const client = yield* dial(port)
      const offers = yield* client.say("EHLO c")
      expect(offers).toContain("STARTTLS")
      expect(offers).not.toContain("AUTH")
      expect(yield* client.say(plain("acc", "key-1"))).toMatch(/^5/)
      expect(yield* client.say("MAIL FROM:<anna@customer.example>")).toMatch(/^530 /)
      expect(yield* client.say("RCPT TO:<bob@example.org>")).toMatch(/^503 /)
      const auth = { user: "acc", pass: "key-1" }
      yield* send(port, {}, { auth, requireTLS: true, tls: { ca: certificate.cert } })
      expect((yield* sink.messages)[0]?.headers.received?.[0]).toContain("with ESMTPSA")
    })
  )

  it.live("is there from the first byte where it is set so, with the certificate that was given", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port } = yield* startRelay(sink.port, { certificate: { ...certificate, implicit: true } })
      const shown = yield* Effect.callback<string>((resume) => {
        const socket = connectTls({ host: "127.0.0.1", port, ca: certificate.cert }, () => {
          resume(Effect.succeed(String(socket.getPeerCertificate().subject.CN)))
          socket.destroy()
        })
      })
      expect(shown).toBe("countersign sandbox")
      yield* send(port, {}, { auth: { user: "acc", pass: "key-1" }, secure: true, tls: { ca: certificate.cert } })
      expect((yield* sink.counts).mails).toBe(1)
    })
  )
})

describe("the relay as a client of the mail server", () => {
  const certificate = makeLoopbackCertificate()
  const credentials = { user: "relay", pass: "s3cret-of-the-relay" }
  const given = { user: credentials.user, pass: Redacted.make(credentials.pass) }

  it.live.each(["implicit", "starttls"] as const)("encrypts and authenticates: %s", (mode) =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make({ tls: { mode, ...certificate }, auth: credentials })
      const encryption = mode === "implicit" ? "implicit" : "required"
      const upstream = loopback(sink.port, { encryption, credentials: given })
      const { port } = yield* startRelay(upstream, { upstreamCa: certificate.cert })
      expect((yield* submit(yield* dialKnown(port))).at(-1)).toBe("250 2.0.0 kept as 1")
      expect((yield* sink.messages).map(({ secure, user }) => [secure, user])).toEqual([[true, "relay"]])
      const distrustful = yield* startRelay(upstream)
      const client = yield* dialKnown(distrustful.port)
      expect(yield* client.say("MAIL FROM:<anna@customer.example>")).toMatch(/^451 4\.3\.5 /)
    }).pipe(quiet)
  )

  it.live("is 451 4.3.5 with wrong credentials, and tells nobody what they are", () => {
    const logged: Array<string> = []
    const log = Logger.make(({ message }) => logged.push(String(message)))
    return Effect.gen(function* () {
      const sink = yield* SmtpSink.make({ auth: { user: "relay", pass: "another" } })
      const { port } = yield* startRelay(loopback(sink.port, { credentials: given }))
      const client = yield* dialKnown(port)
      const reply = yield* client.say("MAIL FROM:<anna@customer.example>")
      expect(reply).toMatch(/^451 4\.3\.5 /)
      expect(logged.join()).toContain("AUTH was answered 535")
      const secrets = [credentials.pass, base64(credentials.pass), base64(`\0relay\0${credentials.pass}`)]
      for (const secret of secrets) expect([reply, ...logged].join()).not.toContain(secret)
    }).pipe(Effect.provide(Logger.layer([log])))
  })

  it.live("uses AUTH LOGIN where there is nothing else, and does not send without STARTTLS where it is required", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream((command) => {
        if (command.startsWith("EHLO")) return "250-upstream.example\r\n250 AUTH LOGIN"
        if (command === "AUTH LOGIN" || command === base64("relay")) return "334 "
        if (command === base64(credentials.pass)) return "235 2.7.0 in"
        return command === "STARTTLS" ? "502 5.5.1 no" : undefined
      })
      const { port } = yield* startRelay(loopback(upstream.port, { credentials: given }))
      expect((yield* submit(yield* dialKnown(port))).at(-1)).toBe("250 2.0.0 fine")
      const strict = yield* startRelay(loopback(upstream.port, { encryption: "required", credentials: given }))
      const client = yield* dialKnown(strict.port)
      expect(yield* client.say("MAIL FROM:<anna@customer.example>")).toMatch(/^451 4\.3\.5 /)
      expect(upstream.said.filter((line) => line.startsWith("2 "))).toEqual(["2 EHLO relay.example", "2 STARTTLS"])
    }).pipe(quiet)
  )

  it.live("does not go on when something was put in front of the encryption", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream((command) => {
        if (command.startsWith("EHLO")) return "250-upstream.example\r\n250 STARTTLS"
        return command === "STARTTLS" ? "220 go\r\n250 injected" : undefined
      })
      const { port } = yield* startRelay(upstream.port)
      const client = yield* dialKnown(port)
      expect(yield* client.say("MAIL FROM:<anna@customer.example>")).toMatch(/^451 4\.3\.5 /)
    }).pipe(quiet)
  )
})
