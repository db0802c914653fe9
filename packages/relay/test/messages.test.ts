/** Messages: what is refused, what is signed, and that nothing else of them changes on the way. */

import { makeLoopbackCertificate, SmtpSink } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Scope } from "effect"
import { aMessage, dial, dialKnown, submit } from "./RawClient.ts"
import { judged, signatureOf, startRelay } from "./RelayWorld.ts"
import { scriptedUpstream } from "./ScriptedUpstream.ts"

const quiet = Effect.provide(Logger.layer([]))
const withoutDots = (wire: string) => wire.replace(/(^|\r\n)\./g, "$1")

describe("a message", () => {
  it.live("arrives byte for byte, behind what the relay adds, and passes", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream()
      const { port } = yield* startRelay(upstream.port)
      const bytes = Buffer.from(
        Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => ![0, 10, 13].includes(byte))
      )
      const lines = [".", "..", ". dot", "x".repeat(998), `.${"y".repeat(997)}`, bytes.toString("latin1"), "", "end"]
      const message = `From: anna@customer.example\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\n${lines.join("\r\n")}\r\n`
      const wire = Buffer.from(message.replace(/(^|\r\n)\./g, "$1.."), "latin1")
      const replies = yield* submit(yield* dialKnown(port), ["bob@example.org"], wire)
      expect(replies.at(-1)).toBe("250 2.0.0 fine")
      const arrived = withoutDots(upstream.messages[0] ?? "")
      expect(signatureOf(arrived)).toMatchObject({ domain: "customer.example", rest: message })
      expect(yield* judged(Buffer.from(arrived, "latin1"))).toEqual([["customer.example", "pass"]])
    })
  )

  it.live("begins with one Received line that tells no secret", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream()
      const { port } = yield* startRelay(upstream.port)
      const client = yield* dialKnown(port)
      yield* client.say("EHLO evil(comment);<x>")
      yield* submit(client)
      const [received = ""] = (upstream.messages[0] ?? "").split(/\r\n(?![ \t])/)
      expect(received).toMatch(
        /^Received: from \[127\.0\.0\.1\] \(\[127\.0\.0\.1\]\)\r\n\tby relay\.example with ESMTPA id [a-z0-9]+\.1;\r\n\t\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/
      )
      expect(signatureOf(upstream.messages[0] ?? "").rest).toBe(aMessage)
    })
  )

  it.live("that has 50 Received lines goes round in circles", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream()
      const { port } = yield* startRelay(upstream.port)
      const client = yield* dialKnown(port)
      const hops = (count: number) =>
        `${"Received: from x\r\n by y; z\r\n".repeat(count)}${aMessage}\r\nReceived: body\r\n`
      expect((yield* submit(client, ["bob@example.org"], hops(50))).at(-1)).toMatch(/^554 5\.4\.6 /)
      expect((yield* submit(client, ["bob@example.org"], hops(49))).at(-1)).toMatch(/^250 /)
      expect(upstream.messages).toHaveLength(1)
    })
  )

  it.live("that cannot be read is refused with the reason", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream()
      const { port } = yield* startRelay(upstream.port)
      const replies = yield* submit(yield* dialKnown(port), ["bob@example.org"], "Subject: s\r\n\r\n")
      expect(replies.at(-1)).toBe("550 5.6.0 The header contains no From field: add one.")
      expect(upstream.messages).toEqual([])
    })
  )

  it.live("with an 8-bit body needs a mail server that takes one", () =>
    Effect.gen(function* () {
      const eightBit = Buffer.from(`${aMessage}\u00e9\r\n`, "latin1")
      const mail = "MAIL FROM:<anna@customer.example> BODY=8BITMIME"
      const old = yield* scriptedUpstream((command) => (command.startsWith("EHLO") ? "250 old.example" : undefined))
      const behind = yield* startRelay(old.port)
      const client = yield* dialKnown(behind.port)
      expect((yield* submit(client, ["bob@example.org"], eightBit, mail)).at(-1)).toMatch(/^550 5\.6\.3 /)
      expect((yield* submit(client, ["bob@example.org"], aMessage, mail)).at(-1)).toMatch(/^250 /)
      expect(old.messages).toHaveLength(1)
      expect(old.said.join()).not.toContain("BODY")
      const upstream = yield* scriptedUpstream()
      const { port } = yield* startRelay(upstream.port)
      expect((yield* submit(yield* dialKnown(port), ["bob@example.org"], eightBit, mail)).at(-1)).toMatch(/^250 /)
      expect(upstream.said).toContain("1 MAIL FROM:<bounce@platform.example> BODY=8BITMIME")
    })
  )

  it.live("that is too large is refused at MAIL by its size, and at the end without one", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream()
      const { port } = yield* startRelay(upstream.port, { maxBytes: 5_000 })
      const client = yield* dialKnown(port)
      expect(yield* client.say("MAIL FROM:<anna@customer.example> SIZE=5001")).toMatch(/^552 /)
      const replies = yield* submit(client, ["bob@example.org"], `${aMessage}${"x".repeat(70)}\r\n`.repeat(50))
      expect(replies.at(-1)).toMatch(/^552 /)
      expect((yield* submit(client)).at(-1)).toMatch(/^250 /)
      expect(upstream.messages).toHaveLength(1)
    })
  )
})

describe("the send plan", () => {
  it.live("is asked after the last byte", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port, world } = yield* startRelay(sink.port)
      const client = yield* dialKnown(port)
      yield* client.say("MAIL FROM:<anna@customer.example>")
      yield* client.say("RCPT TO:<bob@example.org>")
      yield* client.say("DATA")
      yield* client.write(aMessage)
      expect(world.asked).toEqual([])
      world.active.clear()
      expect(yield* client.say(".")).toBe("550 5.7.1 anna@customer.example is not active: its status is degraded.")
      expect(world.asked).toHaveLength(1)
      expect((yield* sink.counts).mails).toBe(0)
    })
  )

  it.live("that cannot be told is 451, also where the fallback is used", () =>
    Effect.gen(function* () {
      for (const fallback of ["refuse", "rewrite"] as const) {
        const sink = yield* SmtpSink.make()
        const { port, world } = yield* startRelay(sink.port, { fallback })
        const client = yield* dialKnown(port)
        yield* client.say("MAIL FROM:<anna@customer.example>")
        yield* client.say("RCPT TO:<bob@example.org>")
        yield* client.say("DATA")
        world.storage = "half"
        yield* client.write(aMessage)
        expect(yield* client.say(".")).toMatch(/^451 4\.3\.0 /)
        expect((yield* sink.counts).mails).toBe(0)
      }
    }).pipe(quiet)
  )

  it.live("gives another From where that is wanted", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port, world } = yield* startRelay(sink.port, { fallback: "rewrite" })
      world.active.clear()
      expect((yield* submit(yield* dialKnown(port))).at(-1)).toMatch(/^250 /)
      const headers = (yield* sink.messages)[0]?.headers
      expect(headers?.["dkim-signature"]).toBeUndefined()
      expect(headers?.from).toEqual(['"Shop" <fallback@platform.example>'])
      expect(headers?.["reply-to"]).toEqual(["anna@customer.example"])
    })
  )

  it.live("is asked again when the key took longer than it holds", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port, world } = yield* startRelay(sink.port)
      world.signer = "slow"
      expect((yield* submit(yield* dialKnown(port))).at(-1)).toMatch(/^550 5\.7\.1 /)
      expect(world.asked).toHaveLength(2)
      expect((yield* sink.counts).mails).toBe(0)
    })
  )

  it.live("that cannot be kept is 451: nothing goes out unsigned", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port, world } = yield* startRelay(sink.port)
      world.signer = "broken"
      expect((yield* submit(yield* dialKnown(port))).at(-1)).toMatch(/^451 4\.3\.0 the message cannot be signed/)
      expect((yield* sink.counts).mails).toBe(0)
    }).pipe(quiet)
  )

  it.live("is signed without the headers that the mail server replaces", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream()
      const { port } = yield* startRelay(upstream.port, { unsigned: ["date", "message-id"] })
      yield* submit(yield* dialKnown(port))
      const { names } = signatureOf(upstream.messages[0] ?? "")
      expect(names).toEqual(expect.arrayContaining(["from", "subject"]))
      expect(names).not.toEqual(expect.arrayContaining(["date"]))
      expect(names).not.toEqual(expect.arrayContaining(["message-id"]))
    })
  )
})

describe("the end of the relay", () => {
  it.live("lets a message finish that is on its way, and greets nobody any more", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ at: "DATA", kind: "slow" })
      const scope = yield* Scope.make()
      const { port } = yield* Scope.provide(startRelay(sink.port), scope)
      const client = yield* dialKnown(port)
      const idle = yield* dialKnown(port)
      const submitted = yield* Effect.forkChild(submit(client))
      yield* sink.awaitHeld(1, "5 seconds")
      const closed = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      expect(yield* idle.reply).toMatch(/^421 4\.3\.2 /)
      yield* sink.release
      expect((yield* Fiber.join(submitted)).at(-1)).toBe("250 2.0.0 kept as 1")
      yield* client.say("QUIT")
      yield* client.hangUp
      yield* Fiber.join(closed)
    })
  )

  it.live("hangs up in the middle of STARTTLS", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const certificate = { ...makeLoopbackCertificate(), implicit: false }
      const { port } = yield* Scope.provide(startRelay(1, { certificate }), scope)
      const client = yield* dial(port)
      yield* client.say("EHLO c")
      expect(yield* client.say("STARTTLS")).toMatch(/^220 /)
      yield* Scope.close(scope, Exit.void)
      expect(yield* client.reply).toBe("closed")
    })
  )
})
