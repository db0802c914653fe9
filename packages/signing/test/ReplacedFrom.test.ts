/** The From of a fallback in a message that came with another one. */
import { Result } from "effect"
import { expect, it } from "vitest"
import { messageOctets, type NewFrom, readMessage, replaceFrom } from "../src/index.ts"
import { mail } from "./Signing.ts"

const came = [
  "Received: a",
  "From: Ada <ada@example.com>",
  "Sender: ada@example.com",
  "Reply-To: eve@example.net",
  "Subject: a"
]
const message = Result.getOrThrow(readMessage(Buffer.from(mail(came))))
const octets = (by: NewFrom) =>
  Buffer.from(messageOctets(Result.getOrThrow(replaceFrom(message, by)))).toString("latin1")
const codeOf = (by: NewFrom) => {
  const result = replaceFrom(message, by)
  return Result.isFailure(result) ? result.failure.code : undefined
}
const no = { replyTo: undefined }

it("puts the new fields in front and takes Sender and Reply-To away", () => {
  expect(octets({ from: "no-reply@example.org", ...no })).toBe(
    mail(["From: no-reply@example.org", "Received: a", "Subject: a"])
  )
  expect(octets({ from: '"A \\"B\\"" <no-reply@Example.org>', replyTo: "ada@EXAMPLE.com" })).toBe(
    mail(['From: "A \\"B\\""\r\n <no-reply@Example.org>', "Reply-To: ada@example.com", "Received: a", "Subject: a"])
  )
})

it("writes any name so that it passes the rules, and can be read again", () => {
  const name = `J\u00FCrgen \\"\u{1F469}\u200D\u{1F4BB}\\" ${"\u00E9\u{1F600}".repeat(40)}`
  const raw = octets({ from: `"${name}" <no-reply@example.org>`, ...no })
  const read = Result.getOrThrow(readMessage(Buffer.from(raw, "latin1")))
  expect(read.from.delivery).toBe("no-reply@example.org")
  const [line = ""] = raw.split("\r\nReceived")
  const words = Array.from(line.matchAll(/=\?utf-8\?B\?([^?]*)\?=/g), ([word, text = ""]) => {
    expect(word.length).toBeLessThanOrEqual(75)
    return Buffer.from(text, "base64").toString()
  })
  expect(words.join("")).toBe(name.replaceAll("\\", ""))
})

it.each([
  ["another address in the name", '"eve@example.net" <no-reply@example.org>', undefined, "from-name-address"],
  ["a line break in the name", '"a\r\nBcc: b" <no-reply@example.org>', undefined, "from-name-character"],
  ["a line break behind the address", "no-reply@example.org\r\nBcc: eve@example.net", undefined, "from-syntax"],
  ["a folded line behind it", "no-reply@example.org\r\n (c)", undefined, "from-syntax"],
  ["a line break in Reply-To", "no-reply@example.org", "ada@example.com\r\nBcc: eve@example.net", "from-address"]
])("refuses %s", (_, from, replyTo, code) => {
  expect(codeOf({ from, replyTo })).toBe(code)
})
