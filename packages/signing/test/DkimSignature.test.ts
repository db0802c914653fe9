/** What is signed holds, what was changed does not: judged by other people's verifiers. */
import { generateKeyPairSync } from "node:crypto"
import { describe, expect, it } from "vitest"
import { relaxedBody } from "../src/DkimSignature.ts"
import { judges } from "./Judges.ts"
import { domain, mail, records, signed, signer } from "./Signing.ts"

const header = [
  "From: Ada <ada@example.com>",
  "To: bob@example.net",
  "Subject: Hello",
  "Date: Sat, 28 Nov 2026 04:00:00 +0000"
]
const text = (octets: Uint8Array) => Buffer.from(octets).toString("latin1")
const sent = text(await signed(mail(header)))
const before = (line: string) => (whole: string) => `${line}\r\n${whole}`

describe.each(judges)("%s", (_, judge) => {
  const passes = async (...mails: ReadonlyArray<string>) =>
    judge(
      mails.map((each) => Buffer.from(each, "latin1")),
      domain,
      records
    )

  it("passes what is signed", async () => {
    const several = [
      mail(header),
      mail(header, ""),
      mail(header, "\r\n\r\n"),
      mail(header, " \t\r\n"),
      mail(header, "no end"),
      mail(header, "..\r\n.\r\n \t a  \t b \r\n\r\n\r\n"),
      mail(["Received: a", "Received: b", "From:\r\n\tada@example.com", "Subject:  a \t b\r\n  c  "]),
      mail([...header, "List-Id: <a>", "List-Id: <b>", "Content-Type: text/plain", "MIME-Version: 1.0"])
    ]
    const all = await Promise.all(several.map((each) => signed(each)))
    expect(await passes(...all.map(text))).toEqual(several.map(() => true))
  })

  it("passes a signed mail that got a trace field, and one whose white space changed", async () => {
    const respaced = sent
      .replace("Subject: Hello", "subject:\r\n\t Hello  ")
      .replace("\r\n\r\nHello", "\r\n\r\nHello \t")
    expect(await passes(before("Received: from somewhere")(sent), respaced)).toEqual([true, true])
  })

  it("fails what was changed, and what is not signed for the domain with its key", async () => {
    const stranger = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey
    const changed = {
      unsigned: sent.slice(sent.indexOf("From: ")),
      "another body": sent.replace("\r\n\r\nHello", "\r\n\r\nHullo"),
      "more body": `${sent}More\r\n`,
      "another Subject": sent.replace("Subject: Hello", "Subject: Hullo"),
      "no To": sent.replace("To: bob@example.net\r\n", ""),
      "a second From on top": before("From: eve@example.com")(sent),
      "a second From below": sent.replace("\r\n\r\nHello", "\r\nFrom: eve@example.com\r\n\r\nHello"),
      "a second Subject": before("Subject: Pay")(sent),
      "a Reply-To": before("Reply-To: eve@example.net")(sent),
      "a Cc": before("Cc: eve@example.net")(sent),
      "a Content-Type": before("Content-Type: text/html")(sent),
      "a List-Unsubscribe": before("List-Unsubscribe: <https://example.net/>")(sent),
      "another domain": text(await signed(mail(header), { ...signer, domain: "example.net" })),
      "another key": text(await signed(mail(header), { ...signer, privateKey: stranger }))
    }
    const elsewhere = { ...records, "abc.k1._domainkey.example.net": Object.values(records)[0] ?? "" }
    const verdicts = await judge(
      Object.values(changed).map((each) => Buffer.from(each, "latin1")),
      domain,
      elsewhere
    )
    const names = Object.keys(changed)
    expect(names.filter((_name, index) => verdicts[index])).toEqual([])
    expect(new Set(Object.values(changed)).size).toBe(names.length)
    expect(Object.values(changed)).not.toContain(sent)
  })
})

it("names the fields that count once more than they stand there", () => {
  const fields = (/ h=([^;]*);/.exec(sent)?.[1] ?? "").replaceAll(/\s/g, "").split(":")
  const times = (name: string) => fields.filter((each) => each === name).length
  expect(["from", "to", "subject", "date", "message-id"].map(times)).toEqual([2, 2, 2, 2, 2])
  expect(["cc", "reply-to", "mime-version", "content-type", "list-unsubscribe"].map(times)).toEqual([1, 1, 1, 1, 1])
})

it("writes lines of 78 characters at most, and no l=", () => {
  const field = sent.slice(0, sent.indexOf("From: "))
  expect(Math.max(...field.split("\r\n").map((line) => line.length))).toBeLessThanOrEqual(78)
  expect(field).not.toMatch(/[; ]l=/)
  expect(field).toContain("t=1795824000;")
})

it("leaves out what the next server writes anew, but never From", async () => {
  const some = text(await signed(mail(header), { ...signer, unsigned: ["date", "message-id", "from"] }))
  const names = / h=([^;]*);/.exec(some)?.[1] ?? ""
  expect(names).toMatch(/^from:from:/)
  expect(names).not.toMatch(/date|message-id/)
})

const edwards = generateKeyPairSync("ed25519")
const short = generateKeyPairSync("rsa", { modulusLength: 1_024 })
it.each([
  ["a key that is not RSA", { privateKey: edwards.privateKey }, "the key is not a private RSA key"],
  ["a public key", { privateKey: short.publicKey }, "the key is not a private RSA key"],
  ["a short key", { privateKey: short.privateKey }, "the key is shorter than 2048 bits"],
  ["a domain that is none", { domain: "example.com; l=0" }, "the domain or the selector is not a name"],
  ["a selector that is none", { selector: "a\r\nb" }, "the domain or the selector is not a name"]
])("fails with %s", async (_, change, reason) => {
  await expect(signed(mail(header), { ...signer, ...change })).rejects.toMatchObject({ _tag: "SigningFailed", reason })
})

// RFC 6376, section 3.4.5, and its neighbours.
it.each([
  [" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"],
  ["", ""],
  ["\r\n", ""],
  [" \t\r\n \r\n", ""],
  ["a", "a\r\n"],
  ["\r\n a\t", "\r\n a\r\n"]
])("writes the body %j as %j", (body, relaxed) => {
  expect(text(relaxedBody(Buffer.from(body)))).toBe(relaxed)
})
