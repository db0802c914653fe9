/** The parts of the relay that need no connection. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { readCommand } from "../src/CommandLine.ts"
import { makeLimits } from "../src/Limits.ts"
import { countReceived, receivedLine } from "../src/Received.ts"
import { passedOn, textOf } from "../src/SmtpReply.ts"

it.effect("a minute's messages are counted anew in the next one, for each account", () =>
  Effect.gen(function* () {
    const limits = makeLimits({ connections: 1, messagesPerMinute: 2 })
    const sent = (account: string) => Effect.isSuccess(limits.message(account))
    expect([yield* sent("a"), yield* sent("a"), yield* sent("a"), yield* sent("b")]).toEqual([true, true, false, true])
    yield* TestClock.adjust("59 seconds")
    expect(yield* sent("a")).toBe(false)
    yield* TestClock.adjust("1 second")
    expect(yield* sent("a")).toBe(true)
  })
)

describe("the Received line", () => {
  const hop = {
    helo: "client.example",
    address: "::1",
    by: "relay.example",
    protocol: "ESMTPSA",
    id: "x.1",
    at: new Date(0)
  }

  it("writes IPv6 addresses as RFC 5321 does", () => {
    expect(Buffer.from(receivedLine(hop)).toString()).toBe(
      "Received: from client.example ([IPv6:::1])\r\n\tby relay.example with ESMTPSA id x.1;\r\n\tThu, 01 Jan 1970 00:00:00 +0000\r\n"
    )
  })

  it.each(["x(y)", "\u00e4.example", `${"a".repeat(254)}`, "-", ""])("never repeats %s", (helo) => {
    expect(Buffer.from(receivedLine({ ...hop, helo })).toString()).toContain("from [IPv6:::1] ([IPv6:::1])")
  })

  it("is counted in the header only, however it is spelled", () => {
    expect(countReceived(Buffer.from("RECEIVED : a\r\nX-Received: b\r\nreceived:\r\n\r\nReceived: c\r\n"))).toBe(2)
  })
})

it("a reply's text has its enhanced code once", () => {
  expect(textOf({ code: 250, lines: [] })).toBe("")
  expect(textOf({ code: 550, lines: ["5.1.1 no", "5.1.1 really", "5.7.1 else"] })).toBe("5.1.1 no really 5.7.1 else")
  expect(passedOn({ code: 250, lines: ["fine"] }).code).toBe(451)
})

it("a command is read as it was typed", () => {
  const read = readCommand("mail from: <O'Neil@XN--A.example>  size=1  Body=8bitmime", "MAIL")
  expect(read).toEqual({
    address: "O'Neil@XN--A.example",
    parameters: new Map([
      ["SIZE", "1"],
      ["BODY", "8bitmime"]
    ])
  })
  expect(readCommand("RCPT TO:bob@example.org", "RCPT")).toMatchObject({ code: 501 })
})
