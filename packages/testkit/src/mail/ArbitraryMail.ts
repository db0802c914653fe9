/**
 * Generated messages that pass the rules of signing, in the forms that mail programs write: folded fields, runs of
 * white space, names in quotes and encoded words, fields that may stand twice, and bodies of every kind.
 */
import fc from "fast-check"
import { arbitraryAddress, arbitraryLocalPart } from "../arbitraries/Addresses.ts"

/** A message as it goes over the wire, without the dots that SMTP adds. */
export interface ArbitraryMail {
  readonly raw: Uint8Array
  /** The local part of From. */
  readonly local: string
}

const visible = fc.constantFrom(..."abcXYZ0189.,:;!?<>()[]@'\"\\=_-/*%")
const words = fc.array(fc.string({ unit: visible, minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 })
const gap = fc.constantFrom(" ", "  ", "\t", " \t ", "\r\n ", "\r\n\t", " \r\n  ")
/** Words between gaps, some of which are folds. */
const text = fc
  .tuple(words, fc.array(gap, { minLength: 8, maxLength: 8 }), fc.constantFrom("", " ", "\t  "))
  .map(
    ([parts, gaps, end]) => parts.map((part, index) => (index === 0 ? part : `${gaps[index]}${part}`)).join("") + end
  )

const name = fc.oneof(
  fc.constant(""),
  fc.constantFrom(
    "Ada",
    "Ada  King",
    "John Q. Public",
    "O'Brien & Sons",
    "Ada\r\n King",
    '"King, Ada"',
    '"a \\" b \\\\"'
  ),
  fc.constantFrom(
    '"(not a comment)"',
    '""',
    "=?utf-8?Q?J=C3=BCrgen_M=2E?=",
    "=?UTF-8?B?w4Vzw6U=?= =?UTF-8?B?IPCfkqk=?="
  ),
  fc.constantFrom(
    "=?iso-8859-1?q?Andr=E9?= Pirard",
    '"=?utf-8*en?q?quoted?="',
    "=?us-ascii?Q?a?=\r\n\t=?us-ascii?Q?b?="
  )
)

/** `Name: value` with the name in other capitals and other white space behind the colon. */
const field = (key: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(key, key.toLowerCase(), key.toUpperCase()),
      fc.constantFrom(" ", "", "  ", "\t", "\r\n "),
      value
    )
    .map(([written, space, content]) => `${written}:${space}${content}`)

const maybe = (each: fc.Arbitrary<string>) => fc.array(each, { maxLength: 1 })
const several = (each: fc.Arbitrary<string>) => fc.array(each, { maxLength: 3 })

const others = fc
  .tuple(
    maybe(
      field(
        "To",
        fc.array(arbitraryAddress, { minLength: 1, maxLength: 4 }).map((all) => all.join(",\r\n\t"))
      )
    ),
    maybe(field("Cc", arbitraryAddress)),
    maybe(field("Bcc", arbitraryAddress)),
    maybe(field("Reply-To", arbitraryAddress)),
    maybe(fc.oneof(field("Subject", text), fc.constantFrom("Subject:", "Subject: "))),
    maybe(fc.constant("Date: Sat, 28 Nov 2026 04:00:00 +0000 (UTC)")),
    maybe(fc.constant("Message-ID:\r\n <1@example.com>")),
    maybe(field("Return-Path", fc.constant("<bounce@example.com>"))),
    several(field("Received", text)),
    several(field("Comments", text)),
    several(field("X-Odd_Name!", text)),
    several(field("List-Unsubscribe", fc.constantFrom("<mailto:leave@example.com>", "<https://example.com/a?b=c>"))),
    maybe(field("List-Id", text)),
    several(field("Content-Language", fc.constantFrom("en", "de, fr"))),
    maybe(fc.constant("DKIM-Signature: v=1; a=rsa-sha256; d=elsewhere.example; s=a; h=from; bh=YQ==; b=YQ=="))
  )
  .map((all) => all.flat())

const plainLine = fc.oneof(
  fc.constantFrom("", ".", "..", ".text", " ", "\t", "text \t ", "  a \t b", "From the start", "-- ", "a\fb\vc"),
  fc.string({ unit: visible, maxLength: 80 }),
  fc.integer({ min: 900, max: 998 }).map((length) => "x".repeat(length)),
  fc.constantFrom("gr\u00FC\u00DF dich", "\u00A0\u0085\u00FF")
)
const lines = fc.array(plainLine, { maxLength: 12 }).map((all) => all.map((line) => `${line}\r\n`).join(""))
const base64 = fc.uint8Array({ maxLength: 400 }).map((octets) =>
  Buffer.from(octets)
    .toString("base64")
    .replaceAll(/.{1,76}/g, "$&\r\n")
)
const part = fc.oneof(
  lines.map((body) => `Content-Type: text/plain; charset=utf-8\r\n\r\n${body}`),
  base64.map((body) => `Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}`)
)
const multipart = fc
  .array(part, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.map((each) => `--b\r\n${each}\r\n`).join(""))
  .map((parts) => ["Mime-version:1.0", `Content-Type: multipart/mixed;\r\n\tboundary="b"`, `${parts}--b--\r\n`])
const simple = fc.tuple(fc.constant("MIME-Version: 1.0"), fc.constant("Content-Type: text/plain"), lines)

/** Messages from addresses of `domain`. Only Date and Message-ID may be missing; none is signed for `domain`. */
export const arbitraryMail = (domain: string): fc.Arbitrary<ArbitraryMail> =>
  fc
    .tuple(
      arbitraryLocalPart.filter((each) => !each.includes("=?")),
      name,
      others,
      fc.oneof(simple, multipart)
    )
    .chain(([local, shown, fields, [version = "", type = "", body = ""]]) => {
      const from = `From: ${shown}${shown === "" ? `${local}@${domain}` : ` <${local}@${domain}>`}`
      const header = [from, ...fields, version, type]
      return fc.shuffledSubarray(header, { minLength: header.length }).map((shuffled) => ({
        local,
        raw: Buffer.from(`${shuffled.join("\r\n")}\r\n\r\n${body}`, "latin1")
      }))
    })
