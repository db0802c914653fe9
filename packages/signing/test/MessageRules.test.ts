/** What is refused, with its code, and what stands right beside it and passes. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { readMessage } from "../src/index.ts"
import { mail } from "./Signing.ts"

/** The code of the refusal; `undefined` when the message passes. */
const codeOf = (raw: string | Uint8Array): string | undefined => {
  const read = readMessage(typeof raw === "string" ? Buffer.from(raw, "latin1") : raw)
  return Result.isFailure(read) ? read.failure.code : undefined
}
const from = "From: ada@example.com"
const word = (set: string, encoding: string, content: string) => `=?${set}?${encoding}?${content}?=`
const named = (name: string) => mail([`From: ${name} <ada@example.com>`])
const encoded = (name: string) => named(word("utf-8", "b", Buffer.from(name).toString("base64")))

describe("refuses", () => {
  it.each([
    ["a bare LF in the header", `${from}\nBcc: eve@example.net\r\n\r\n`, "bare-line-break"],
    ["a bare CR in the header", `${from}\rBcc: eve@example.net\r\n\r\n`, "bare-line-break"],
    ["a bare LF in the body", mail([from], "a\n.\r\nb\r\n"), "bare-line-break"],
    ["a bare CR in the body", mail([from], "a\r.\r\nb\r\n"), "bare-line-break"],
    ["CR CR LF", mail([from], "a\r\r\n"), "bare-line-break"],
    ["LF CR", mail([from], "a\n\rb\r\n"), "bare-line-break"],
    ["a CR as the last octet", mail([from], "a\r"), "bare-line-break"],
    ["an LF as the first octet", `\n${from.slice(0, 5)}`, "bare-line-break"],
    ["no CR at all", `${from}\n\nHello\n`, "bare-line-break"],
    ["NUL in the body", mail([from], "a\0b\r\n"), "nul"],
    ["NUL in the header", mail([from, "Subject: a\0b"]), "nul"],
    ["999 octets in the body", mail([from], `${"x".repeat(999)}\r\n`), "line-too-long"],
    ["999 octets without an end", mail([from], "x".repeat(999)), "line-too-long"],
    ["999 octets in the header", mail([from, `X: ${"x".repeat(996)}`]), "line-too-long"],
    ["UTF-8 in the header", mail([from, "Subject: gr\u00C3\u00BC\u00DF"]), "header-8-bit"],
    ["an escape in the header", mail([from, "Subject: a\x1Bb"]), "header-control-character"],
    ["a vertical tab in the header", mail([from, "Subject: a\vb"]), "header-control-character"],
    ["a space before the colon", mail(["From : ada@example.com"]), "header-colon-space"],
    ["a tab before the colon", mail([from, "Subject\t: a"]), "header-colon-space"],
    ["a second From behind a space", mail([from, "From : eve@example.com"]), "header-colon-space"],
    ["a fold of a space", mail([from, "Subject: a\r\n \r\n b"]), "header-blank-fold"],
    ["a fold of a tab at the end", mail([from, "Subject: a\r\n\t"]), "header-blank-fold"],
    ["a fold before the first field", mail([" a", from]), "header-malformed"],
    ["a line without a colon", mail([from, "Subject"]), "header-malformed"],
    ["a line of mbox", mail(["From ada@example.com Sat Nov 28", from]), "header-malformed"],
    ["a field without a name", mail([from, ": a"]), "header-malformed"],
    ["a header without an end", from, "header-malformed"],
    ["nothing", "", "header-malformed"],
    ["two From", mail([from, from]), "header-repeated"],
    ["two From in other capitals", mail([from, "FROM: ada@example.com"]), "header-repeated"],
    ["two Sender", mail([from, "Sender: ada@example.com", "Sender: ada@example.com"]), "header-repeated"],
    ["two Reply-To", mail([from, "Reply-To: a@example.com", "Reply-To: b@example.com"]), "header-repeated"],
    ["two To", mail([from, "To: a@example.com", "to: b@example.com"]), "header-repeated"],
    ["two Cc", mail([from, "Cc: a@example.com", "Cc:"]), "header-repeated"],
    ["two Subject", mail([from, "Subject: a", "Subject: a"]), "header-repeated"],
    ["two Date", mail([from, "Date: a", "Date: b"]), "header-repeated"],
    ["two Message-ID", mail([from, "Message-ID: <a@b>", "Message-Id: <a@b>"]), "header-repeated"],
    ["Resent-From", mail([from, "Resent-From: ada@example.com"]), "header-resent"],
    ["Resent-Bcc", mail([from, "RESENT-BCC: ada@example.com"]), "header-resent"],
    ["no From", mail(["Subject: a"]), "from-missing"],
    ["an empty header", "\r\nFrom: ada@example.com\r\n\r\n", "from-missing"],
    ["an empty From", mail(["From:"]), "from-syntax"],
    ["two addresses", mail([`${from}, eve@example.com`]), "from-syntax"],
    ["two addresses without a space", mail([`${from},eve@example.com`]), "from-syntax"],
    ["two angled addresses", mail(["From: A <ada@example.com>, B <eve@example.com>"]), "from-syntax"],
    ["two angles", mail(["From: <ada@example.com> <eve@example.com>"]), "from-syntax"],
    ["text behind the address", mail(["From: <ada@example.com> Ada"]), "from-syntax"],
    ["an address before the angle", mail(["From: eve@example.net <ada@example.com>"]), "from-syntax"],
    ["a group", mail(["From: Us: ada@example.com;"]), "from-syntax"],
    ["an empty group", mail(["From: undisclosed:;"]), "from-syntax"],
    ["a comment behind", mail([`${from} (Ada)`]), "from-syntax"],
    ["a comment in the name", named("Ada (eve)"), "from-syntax"],
    ["a comment in the address", mail(["From: <ada(c)@example.com>"]), "from-syntax"],
    ["a route", mail(["From: <@relay.example.net:ada@example.com>"]), "from-syntax"],
    ["a quoted local part", mail(['From: "ada"@example.com']), "from-syntax"],
    ["an angled quoted local part", mail(['From: <"ada king"@example.com>']), "from-syntax"],
    ["an address literal", mail(["From: ada@[192.0.2.1]"]), "from-syntax"],
    ["spaces in the angle", mail(["From: < ada@example.com >"]), "from-syntax"],
    ["a fold in the address", mail(["From: ada@\r\n example.com"]), "from-syntax"],
    ["a quote that stays open", named('"Ada'), "from-syntax"],
    ["an empty address", mail(["From: Ada <>"]), "from-syntax"],
    ["two at signs", mail(["From: ada@eve@example.com"]), "from-syntax"],
    ["more than 998 characters", mail([`From: ${"Ada\r\n ".repeat(300)}<ada@example.com>`]), "from-syntax"],
    ["a dot before the angle", mail(["From: Jr.<ada@example.com>"]), "from-syntax"],
    ["a name that begins with a dot", named(".Ada"), "from-syntax"],
    ["a word in the local part", mail(["From: =?utf-8?q?eve=40example.net=3E?=@example.com"]), "from-syntax"],
    ["two dots in the local part", mail(["From: ada..king@example.com"]), "from-address"],
    ["a domain of one label", mail(["From: ada@localhost"]), "from-address"],
    ["a test name", mail(["From: ada@mail.example"]), "from-address"],
    ["a dot at the end", mail([`${from}.`]), "from-address"],
    ["another address as the name", named('"eve@example.net"'), "from-name-address"],
    ["another address in the name", named('"Ada eve@example.net"'), "from-name-address"],
    ["another address escaped", named('"eve\\@example.net"'), "from-name-address"],
    ["an address that ends like it", named('"xada@example.com"'), "from-name-address"],
    ["both addresses", named('"ada@example.com eve@example.net"'), "from-name-address"],
    ["an at sign alone", named('"Ada @ home"'), "from-name-address"],
    ["another address, encoded", encoded("eve@example.net"), "from-name-address"],
    ["another address, as Q", named(word("utf-8", "q", "eve=40example.net")), "from-name-address"],
    ["another address, in two words", named("=?utf-8?q?eve?= =?utf-8?q?=40example.net?="), "from-name-address"],
    ["another address, encoded in quotes", named('"=?utf-8?q?eve=40example.net?="'), "from-name-address"],
    ["a full-width at sign", encoded("eve\uFF20example.net"), "from-name-address"],
    ["a small at sign", encoded("eve\uFE6Bexample.net"), "from-name-address"],
    ["a zero-width space in another", encoded("eve\u200B@\u200Bexample.net"), "from-name-address"],
    ["a zero-width space in its own", encoded("ada@exam\u200Bple.com"), "from-name-address"],
    ["its own with a Cyrillic letter", encoded("\u0430da@example.com"), "from-name-address"],
    ["a right-to-left override", encoded("\u202Eten.elpmaxe@eve"), "from-name-character"],
    ["an override without an at sign", encoded("a\u202Eb"), "from-name-character"],
    ["an isolate", encoded("\u2067a\u2069"), "from-name-character"],
    ["an encoded line break", encoded("Ada\r\nFrom: eve@example.net"), "from-name-character"],
    ["an encoded NUL", encoded("Ada\0"), "from-name-character"],
    ["a line separator", encoded("a\u2028b"), "from-name-character"],
    ["a word encoded twice", encoded(word("utf-8", "q", "eve=40example.net")), "from-name-encoding"],
    ["a word that stays open", named("=?utf-8?q?eve=40example.net"), "from-name-encoding"],
    ["a word with a space", named('"=?utf-8?q?eve =40example.net?="'), "from-name-encoding"],
    ["an overlong at sign", named(word("utf-8", "q", "eve=C1=80example.net")), "from-name-encoding"],
    ["a character cut in two", named("=?utf-8?q?eve=EF=BC?= =?utf-8?q?=A0x?="), "from-name-encoding"],
    ["an unknown set", named(word("x-unknown", "q", "eve")), "from-name-encoding"],
    ["UTF-7", named(word("utf-7", "q", "eve+AEA-x")), "from-name-encoding"],
    ["a set with states", named(word("iso-2022-jp", "b", "GyRCIXc=")), "from-name-encoding"],
    ["UTF-16", named(word("utf-16le", "b", "QAA=")), "from-name-encoding"],
    ["base64 that is none", named(word("utf-8", "b", "QQ=A")), "from-name-encoding"],
    ["an escape of one digit", named(word("utf-8", "q", "a=4")), "from-name-encoding"],
    ["another Sender", mail([from, "Sender: eve@example.com"]), "sender-not-from"],
    ["a Sender with a list", mail([from, "Sender: ada@example.com, eve@example.com"]), "sender-not-from"]
  ])("%s", (_, raw, code) => {
    expect(codeOf(raw)).toBe(code)
  })
})

describe("accepts", () => {
  it.each([
    ["998 octets", mail([from, `X: ${"x".repeat(995)}`], `${"x".repeat(998)}\r\n`)],
    ["a body without an end", mail([from], "a")],
    ["no body", mail([from], "")],
    ["a header alone", `${from}\r\n`],
    ["octets of all kinds in the body", mail([from], "\x01\x7F\x80\xFF\f\r\n")],
    ["an empty value", mail([from, "Subject:", "To: "])],
    ["a value behind a fold", mail(["From:\r\n ada@example.com"])],
    ["fields that may stand twice", mail(["Received: a", "Received: b", from, "Comments: a", "Comments: b"])],
    ["a second signature", mail(["DKIM-Signature: a", "DKIM-Signature: b", from])],
    ["Sender as From", mail([from, "Sender: Ada <ada@EXAMPLE.com>"])],
    ["an angle alone", mail(["From: <ada@example.com>"])],
    ["no space before the angle", mail(["From: Ada<ada@example.com>"])],
    ["a tab in the name", named("Ada\r\n\tKing")],
    ["dots in the name", named("J. R. Public")],
    ["its own address as the name", named('"ada@example.com"')],
    ["its own address between quotes", named("\"'Ada@Example.com'\"")],
    ["its own address, encoded", encoded("ada@example.com")],
    ["its own address, escaped", named('"ada\\@example.com"')],
    ["its own address in two words", named("=?utf-8?q?ada?= =?utf-8?q?=40example.com?=")],
    ["an emoji of several", encoded("Ada \u{1F469}\u200D\u{1F4BB}")],
    ["Arabic and Hebrew", encoded("\u0639\u062F\u0627 \u05E2\u05D3\u05D4")],
    ["one octet a character", named(word("koi8-r", "b", "4cTB"))],
    ["an open question", named('"Ada?="')]
  ])("%s", (_, raw) => {
    expect(codeOf(raw)).toBeUndefined()
  })

  it("the address with its domain in A-labels and small letters", () => {
    const { from: address } = Result.getOrThrow(
      readMessage(Buffer.from(mail(["From: Ada.K <Ada.K@XN--BCHER-KVA.Com>"])))
    )
    expect(address).toMatchObject({ delivery: "Ada.K@xn--bcher-kva.com", canonical: "ada.k@xn--bcher-kva.com" })
  })

  it("test names where they are allowed", () => {
    const raw = Buffer.from(mail(["From: ada@mail.example"]))
    expect(Result.isSuccess(readMessage(raw, { allowTestNames: true }))).toBe(true)
  })
})

it("refuses with an enhanced code and a sentence that quotes nothing", () => {
  const read = readMessage(Buffer.from(mail([from, "Sender: eve@example.com"])))
  expect(Result.isFailure(read) && read.failure).toMatchObject({
    enhancedCode: "5.6.0",
    message: "Sender must be the address in From: remove the field."
  })
})

it("reads a long hostile From in a moment", () => {
  const names = ['"'.repeat(900), "a ".repeat(450), "'".repeat(900), `"${"\\\\".repeat(450)}`, "=?a?q?".repeat(150)]
  for (const name of names) expect(codeOf(mail([`From: ${name}@`]))).toBe("from-syntax")
})
