/** What goes and what comes before a message is signed. */
import { Result } from "effect"
import { expect, it } from "vitest"
import { messageOctets, prepareMessage, readMessage } from "../src/index.ts"
import { at, domain, mail } from "./Signing.ts"

const prepared = (header: ReadonlyArray<string>, body?: string, by: string | undefined = domain) => {
  const message = Result.getOrThrow(readMessage(Buffer.from(mail(header, body), "latin1")))
  return Buffer.from(messageOctets(prepareMessage(message, { domain: by, at, id: "id-1" }))).toString("latin1")
}
const complete = ["From: ada@example.com", "Date: Sat, 28 Nov 2026 04:00:00 +0000", "Message-ID: <a@b>"]

it("leaves a complete message as it is, octet for octet", () => {
  const header = [...complete, "X-Folded:  a\r\n\tb  ", "x-empty:", "Received: b", "Received: a"]
  expect(prepared(header, "\x80\f \r\n\r\n")).toBe(mail(header, "\x80\f \r\n\r\n"))
})

it("takes out every Bcc and Return-Path", () => {
  const secret = ["BCC: eve@example.net,\r\n bob@example.net", "Bcc:", "Return-Path: <a@example.net>"]
  expect(prepared([...secret, ...complete])).toBe(mail(complete))
})

it("takes out signatures of the domain that signs, however they are written, and no others", () => {
  const ours = ["v=1; d=example.com; b=", "v=1;\r\n\td =\r\n\tEXAMPLE.com ;b=", "d=example.com"]
  const others = ["v=1; d=example.net; b=", "v=1; d=mail.example.com; b=", "v=1; x=d=example.com; b="]
  const field = (value: string) => `DKIM-Signature: ${value}`
  expect(prepared([...ours, ...others].map(field).concat(complete))).toBe(mail([...others.map(field), ...complete]))
})

it("adds a missing Date and Message-ID, and an empty line behind a header alone", () => {
  const added = ["Date: Sat, 28 Nov 2026 00:00:00 +0000", "Message-ID: <id-1@example.com>"]
  expect(prepared(["From: ada@Example.com"])).toBe(mail(["From: ada@Example.com", ...added]))
  const alone = Result.getOrThrow(readMessage(Buffer.from(`${complete.join("\r\n")}\r\n`)))
  expect(Buffer.from(messageOctets(alone)).toString()).toBe(mail(complete, ""))
})

it("throws for an id that could end the field", () => {
  const message = Result.getOrThrow(readMessage(Buffer.from(mail(complete))))
  expect(() => prepareMessage(message, { domain, at, id: "a>\r\nX: b" })).toThrow(RangeError)
})
