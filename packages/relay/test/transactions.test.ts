/** Transactions: what each recipient is answered, and what is said last, are the mail server's own words. */

import { SmtpSink } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { aMessage, dialKnown, submit } from "./RawClient.ts"
import { startRelay } from "./RelayWorld.ts"
import { scriptedUpstream } from "./ScriptedUpstream.ts"

const quiet = Effect.provide(Logger.layer([]))

describe("the mail server's own answer", () => {
  it.live("goes to each recipient, while the others are accepted", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults([
        { at: "RCPT", kind: "reply", code: 550, text: "5.1.1 no Carol here", recipient: "carol@example.org" },
        { at: "RCPT", kind: "reply", code: 452, text: "4.2.2 Dan is full", recipient: "dan@example.org" }
      ])
      const { port } = yield* startRelay(sink.port)
      const client = yield* dialKnown(port)
      const replies = yield* submit(client, ["bob@example.org", "carol@example.org", "dan@example.org"])
      expect(replies.slice(1, 4)).toEqual(["250 Accepted", "550 5.1.1 no Carol here", "452 4.2.2 Dan is full"])
      expect(replies[5]).toBe("250 2.0.0 kept as 1")
      expect((yield* sink.messages).map(({ from, to }) => [from, to])).toEqual([
        ["bounce@platform.example", ["bob@example.org"]]
      ])
    })
  )

  it.live("is there before the next recipient is named", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ at: "RCPT", kind: "slow" })
      const { port } = yield* startRelay(sink.port)
      const client = yield* dialKnown(port)
      yield* client.say("MAIL FROM:<anna@customer.example>")
      yield* client.write("RCPT TO:<bob@example.org>\r\n")
      yield* sink.awaitHeld(1, "5 seconds")
      yield* sink.release
      expect(yield* client.reply).toBe("250 Accepted")
    })
  )

  it.live("ends the message, its code written once", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream((command, connection) =>
        command !== "."
          ? undefined
          : connection === 1
            ? "554-5.7.1 spam\r\n554-5.7.1 of kind 7\r\n554 5.7.1 bye"
            : undefined
      )
      const { port } = yield* startRelay(upstream.port)
      const refused = yield* submit(yield* dialKnown(port))
      expect(refused.at(-1)).toBe("554 5.7.1 spam of kind 7 bye")
      const accepted = yield* submit(yield* dialKnown(port))
      expect(accepted.at(-1)).toBe("250 2.0.0 fine")
    })
  )

  it.live("to DATA is passed on, when that is refused", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream((command) => (command === "DATA" ? "452 4.3.1 disk full" : undefined))
      const { port } = yield* startRelay(upstream.port)
      expect((yield* submit(yield* dialKnown(port))).at(-1)).toBe("452 4.3.1 disk full")
      expect(upstream.messages).toEqual([])
    })
  )

  it.live("to MAIL is passed on", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ at: "MAIL", kind: "reply", code: 552, text: "5.2.2 quota" })
      const { port } = yield* startRelay(sink.port)
      const client = yield* dialKnown(port)
      expect(yield* client.say("MAIL FROM:<anna@customer.example>")).toBe("552 5.2.2 quota")
      expect(yield* client.say("RCPT TO:<bob@example.org>")).toMatch(/^503 /)
    })
  )
})

describe("the envelope", () => {
  it.live("names the bounce address, and an empty sender stays empty", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port } = yield* startRelay(sink.port)
      const client = yield* dialKnown(port)
      yield* submit(client, ["bob@example.org"], aMessage, "MAIL FROM:<>")
      yield* submit(client)
      expect((yield* sink.messages).map(({ from }) => from)).toEqual(["bounce@platform.example", ""])
    })
  )

  it.live("has the recipients as they were typed", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port } = yield* startRelay(sink.port)
      const label = "d".repeat(61)
      const longest = `${"l".repeat(64)}@${label}.${label}.${label}.abc`
      const recipients = ["Bob@XN--bcher-kva.example", "bob@xn--bcher-kva.example", longest]
      yield* submit(yield* dialKnown(port), recipients)
      expect((yield* sink.messages).map(({ to }) => to)).toEqual([recipients])
    })
  )

  it.live("refuses what is not offered in the command itself", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port } = yield* startRelay(sink.port)
      const client = yield* dialKnown(port)
      for (const [parameter, code] of [
        ["SMTPUTF8", "555 5.6.7"],
        ["RET=HDRS", "555 5.5.4"],
        ["ENVID=x", "555 5.5.4"],
        ["MT-PRIORITY=3", "555 5.5.4"],
        ["BODY=BINARYMIME", "501"]
      ]) {
        const reply = yield* client.say(`MAIL FROM:<anna@customer.example> ${parameter}`)
        expect(reply.startsWith(`${code} `), reply).toBe(true)
      }
      expect(yield* client.say("MAIL FROM:<änna@customer.example>")).toMatch(/^553 5\.6\.7 /)
      expect(yield* client.say("MAIL FROM:<anna@customer.example> SIZE=100 BODY=7BIT AUTH=<>")).toMatch(/^250 /)
      for (const parameter of ["NOTIFY=SUCCESS", "ORCPT=rfc822;bob@example.org"]) {
        expect(yield* client.say(`RCPT TO:<bob@example.org> ${parameter}`)).toMatch(/^555 5\.5\.4 /)
      }
      expect(yield* client.say("RCPT TO:<bob@exämple.org>")).toMatch(/^553 5\.6\.7 /)
      expect(yield* client.say("EHLO again.example")).not.toMatch(/SMTPUTF8|DSN/)
      expect((yield* sink.counts).mails).toBe(0)
    })
  )

  it.live("has 100 recipients at most", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port } = yield* startRelay(sink.port)
      const client = yield* dialKnown(port)
      const replies = yield* submit(
        client,
        Array.from({ length: 101 }, (_, index) => `r${index}@example.org`)
      )
      expect(replies.slice(100, 102).map((reply) => reply.slice(0, 3))).toEqual(["250", "452"])
      expect((yield* sink.messages)[0]?.to).toHaveLength(100)
    })
  )
})

describe("one connection", () => {
  it.live("carries many messages, and each goes to its own recipients", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream()
      const { port } = yield* startRelay(upstream.port)
      const client = yield* dialKnown(port)
      yield* client.say("MAIL FROM:<anna@customer.example>")
      yield* client.say("RCPT TO:<left@example.org>")
      expect(yield* client.say("RSET")).toMatch(/^250 /)
      yield* submit(client)
      expect(upstream.said.slice(1)).toEqual([
        "1 MAIL FROM:<bounce@platform.example>",
        "1 RCPT TO:<left@example.org>",
        "1 RSET",
        "1 MAIL FROM:<bounce@platform.example>",
        "1 RCPT TO:<bob@example.org>",
        "1 DATA",
        "1 ."
      ])
    })
  )

  it.live("goes on over a new one to the mail server, when that wants no more", () =>
    Effect.gen(function* () {
      let mails = 0
      const upstream = yield* scriptedUpstream((command, connection) => {
        if (command.startsWith("MAIL")) mails += 1
        if (mails === 2 && connection === 1) return "421 4.7.0 enough of this connection"
        return command === "RSET" && connection === 2 ? "drop" : undefined
      })
      const { port } = yield* startRelay(upstream.port)
      const client = yield* dialKnown(port)
      for (const _ of [1, 2, 3]) expect((yield* submit(client)).at(-1)).toBe("250 2.0.0 fine")
      expect(upstream.said.filter((line) => line.endsWith(" .")).map((line) => line[0])).toEqual(["1", "2", "3"])
    })
  )

  it.live("that breaks in the middle sends nothing, and frees the mail server", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      const { port } = yield* startRelay(sink.port)
      const client = yield* dialKnown(port)
      yield* client.say("MAIL FROM:<anna@customer.example>")
      yield* client.say("RCPT TO:<bob@example.org>")
      yield* client.say("DATA")
      yield* client.write(aMessage)
      yield* client.hangUp
      while ((yield* sink.counts).open > 0) yield* Effect.yieldNow
      expect(yield* sink.counts).toEqual({ connections: 1, open: 0, mails: 0 })
    })
  )
})

describe("trouble with the mail server", () => {
  const answering = (to: string, answer: string) => ({
    what: `${to} is answered ${answer}`,
    script: (command: string) => (command.startsWith(to) ? answer : undefined)
  })

  it.live.each([
    answering("connect", "554 5.3.2 go away"),
    answering("connect", "SSH-2.0-x"),
    answering("connect", "drop"),
    answering("connect", "silent"),
    answering("EHLO", "502 5.5.1 no"),
    answering("MAIL", "530 5.7.0 who?")
  ])("before a transaction is 451 4.3.5: $what", ({ script }) =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream(script)
      const { port } = yield* startRelay(upstream.port, { timeouts: { reply: "200 millis" } })
      const client = yield* dialKnown(port)
      expect(yield* client.say("MAIL FROM:<anna@customer.example>")).toMatch(/^451 4\.3\.5 /)
      expect(yield* client.say("NOOP")).toMatch(/^250 /)
    }).pipe(quiet)
  )

  it.live("that does not listen is 451 4.3.5, until it does", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.close
      const { port } = yield* startRelay(sink.port)
      const client = yield* dialKnown(port)
      expect(yield* client.say("MAIL FROM:<anna@customer.example>")).toMatch(/^451 4\.3\.5 /)
      yield* SmtpSink.make({ port: sink.port })
      expect((yield* submit(client)).at(-1)).toBe("250 2.0.0 kept as 1")
    }).pipe(quiet)
  )

  it.live("that closes after the last dot is 451, although the message may have been taken", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ at: "DATA", kind: "drop", kept: true, times: 1 })
      const { port } = yield* startRelay(sink.port)
      const client = yield* dialKnown(port)
      expect((yield* submit(client)).at(-1)).toMatch(/^451 4\.4\.2 /)
      expect((yield* submit(client)).at(-1)).toBe("250 2.0.0 kept as 2")
    }).pipe(quiet)
  )

  it.live("that says nothing any more is 451, and a late answer is nobody's", () =>
    Effect.gen(function* () {
      const sink = yield* SmtpSink.make()
      yield* sink.setFaults({ at: "RCPT", kind: "slow", times: 1 })
      const { port } = yield* startRelay(sink.port, { timeouts: { reply: "300 millis" } })
      const client = yield* dialKnown(port)
      yield* client.say("MAIL FROM:<anna@customer.example>")
      expect(yield* client.say("RCPT TO:<bob@example.org>")).toMatch(/^451 4\.4\.2 /)
      yield* sink.release
      expect(yield* client.say("RCPT TO:<carol@example.org>")).toMatch(/^451 4\.4\.2 /)
      expect(yield* client.say("RSET")).toMatch(/^250 /)
      expect((yield* submit(client)).at(-1)).toBe("250 2.0.0 kept as 1")
    }).pipe(quiet)
  )

  it.live("that gives an answer of no sense is 451", () =>
    Effect.gen(function* () {
      const upstream = yield* scriptedUpstream((command) => (command.startsWith("RCPT") ? "354 what?" : undefined))
      const { port } = yield* startRelay(upstream.port)
      const client = yield* dialKnown(port)
      yield* client.say("MAIL FROM:<anna@customer.example>")
      expect(yield* client.say("RCPT TO:<bob@example.org>")).toMatch(/^451 4\.3\.0 /)
    })
  )
})
