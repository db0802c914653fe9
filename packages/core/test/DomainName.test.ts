import { Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { DomainName, type DomainOptions, displayDomain, parseDomain } from "../src/DomainName.ts"
import { printable } from "./Printable.ts"

/** The name, or the code of the problem behind an exclamation mark. */
const read = (input: unknown, options?: DomainOptions): string => {
  const result = parseDomain(input, options)
  return Result.isSuccess(result) ? result.success : `!${result.failure.code}`
}

describe("a domain is read as lower-case A-labels", () => {
  it.each([
    ["example.com", "example.com"],
    ["EXAMPLE.Net", "example.net"],
    ["mail.example.org", "mail.example.org"],
    ["3com.com", "3com.com"],
    ["ab--cd.com", "ab--cd.com"],
    ["example.co.uk", "example.co.uk"],
    ["example.lan", "example.lan"],
    ["bücher.com", "xn--bcher-kva.com"],
    ["BÜCHER.COM", "xn--bcher-kva.com"],
    ["bu\u0308cher.com", "xn--bcher-kva.com"],
    ["XN--BCHER-KVA.com", "xn--bcher-kva.com"],
    ["www.bücher.Example.com", "www.xn--bcher-kva.example.com"],
    // Not the transitional mapping of IDNA 2003, in which this became fass.de.
    ["faß.de", "xn--fa-hia.de"],
    ["βόλος.com", "xn--nxasmm1c.com"],
    ["пример.рф", "xn--e1afmkfd.xn--p1ai"],
    ["💩.la", "xn--ls8h.la"],
    ["i❤\ufe0f.ws", "xn--i-7iq.ws"],
    ["i❤.ws", "xn--i-7iq.ws"],
    // A joiner where its script needs it.
    ["क्\u200dष.com", "xn--11b2ezcw70k.com"],
    // Full-width letters and the dots of East Asian keyboards.
    ["ｅｘａｍｐｌｅ。com", "example.com"],
    ["example．co｡uk", "example.co.uk"]
  ])("%j is %s", (input, name) => expect(read(input)).toBe(name))

  it("takes labels of 63 and names of 253 octets, and none longer", () => {
    const label = "a".repeat(63)
    const longest = `${[label, label, label].join(".")}.${"a".repeat(57)}.com`
    expect(longest).toHaveLength(253)
    expect(read(longest)).toBe(longest)
    expect(read(`a${longest}`)).toBe("!domain-too-long")
    expect(read(`${label}.com`)).toBe(`${label}.com`)
    expect(read(`a${label}.com`)).toBe("!domain-label-too-long")
    expect(read(`ü${"a".repeat(55)}.com`)).toMatch(/^xn--a{55}-.{3}\.com$/)
    expect(read(`ü${"a".repeat(56)}.com`)).toBe("!domain-label-too-long")
  })
})

it("refuses what was typed in more than 512 code units unread, even where its A-labels would fit", () => {
  const syllables = (count: number): string => "\u1100\u1161\u11a8".repeat(count)
  expect(read(`${Array.from({ length: 3 }, () => syllables(50)).join(".")}.com`)).toMatch(/^xn--/)
  expect(read(`${Array.from({ length: 4 }, () => syllables(50)).join(".")}.com`)).toBe("!domain-too-long")
})

describe("what is no domain name is refused", () => {
  const refused: ReadonlyArray<readonly [input: unknown, code: string]> = [
    [undefined, "missing"],
    [null, "missing"],
    [42, "not-a-string"],
    [["example.com"], "not-a-string"],
    [{ toString: () => "example.com" }, "not-a-string"],
    ["", "empty"],
    ["string", "domain-single-label"],
    ["a".repeat(10_240), "domain-too-long"],
    ["ü.".repeat(5_120), "domain-too-long"],
    [`${"ü.".repeat(250)}com`, "domain-too-long"],
    ["example.com\r\nBcc: x@example.com", "control-character"],
    ["example\0.com", "control-character"],
    ["example\t.com", "control-character"],
    ["example\u0085.com", "control-character"],
    ["example\u2028.com", "control-character"],
    [" example.com", "space"],
    ["example.com ", "space"],
    ["exam ple.com", "space"],
    ["exam\u00a0ple.com", "space"],
    ["exam\u3000ple.com", "space"],
    ["example\ud800.com", "invalid-unicode"],
    ["exa\u00admple.com", "invisible-character"],
    ["exa\u200bmple.com", "invisible-character"],
    ["\ufeffexample.com", "space"],
    ["exa\u2060mple.com", "invisible-character"],
    ["exa\ufe0fmple.com", "invisible-character"],
    ["exa\u202emple.com", "invisible-character"],
    // What domainToASCII would cut off, decode or keep.
    ["a/b.example", "domain-character"],
    ["b%41.example", "domain-character"],
    ["b%41.com", "domain-character"],
    ["user@example.com", "domain-character"],
    ["example.com:25", "domain-character"],
    ["example.com#x", "domain-character"],
    ["example.com?x", "domain-character"],
    ["example.com\\x", "domain-character"],
    ["https://example.com", "domain-character"],
    ["_dmarc.example.com", "domain-character"],
    ["*.example.com", "domain-character"],
    ['"example".com', "domain-character"],
    // The same in the full-width forms that the mapping turns into ASCII.
    ["a／b.com", "domain-idn-invalid"],
    ["a％41.com", "domain-idn-invalid"],
    ["a＠b.com", "domain-idn-invalid"],
    ["a：b.com", "domain-idn-invalid"],
    ["℀.com", "domain-idn-invalid"],
    ["ü_.com", "domain-character"],
    ["ü＿.com", "domain-idn-invalid"],
    [".example.com", "domain-empty-label"],
    ["example..com", "domain-empty-label"],
    [".", "domain-empty-label"],
    ["..", "domain-empty-label"],
    ["example.com.", "domain-trailing-dot"],
    ["example.com。", "domain-trailing-dot"],
    ["bücher.com。", "domain-trailing-dot"],
    ["-example.com", "domain-hyphen"],
    ["example-.com", "domain-hyphen"],
    ["example.-com", "domain-hyphen"]
  ]

  it.each(refused.map(([input, code]) => [printable(input), code, input] as const))("%s: %s", (_, code, input) =>
    expect(read(input, { allowTestNames: true })).toBe(`!${code}`)
  )
})

describe("an internationalized name is refused unless UTS 46 would write it so", () => {
  it.each([
    ["an unfinished prefix", "xn--.com"],
    ["a label that cannot be decoded", "xn--0.com"],
    ["a label that cannot be decoded", "xn--bcher-kv.com"],
    ["a label that decodes to nothing but ASCII", "xn--example-.com"],
    ["a label that decodes to a capital", "xn--cher-fna.com"],
    ["a label that decodes to a soft hyphen", "xn--ab-5da.com"],
    ["a label that decodes to a form outside NFC", "xn--a-xbb.com"],
    ["a label that decodes to a dot", "xn--ab-r13a.com"],
    ["a label that decodes to an A-label", "xn--xn---epa.com"],
    ["an invalid A-label beside a Unicode label", "xn--0.bücher.com"],
    ["a label that begins with a combining mark", "\u0301a.com"],
    ["a joiner out of its context", "a\u200db.com"],
    ["mixed directions", "1א.com"],
    ["an unassigned character", "\u0378.com"],
    ["a hyphen at the end of a U-label", "ü-.com"],
    ["a hyphen at the beginning of a U-label", "-ü.com"],
    ["two hyphens in the third and fourth place of a U-label", "ab--ü.com"]
  ])("%s", (_, input) => expect(read(input)).toBe("!domain-idn-invalid"))
})

describe("numbers and IP addresses are refused in every writing", () => {
  it.each([
    "127.0.0.1",
    "127.1",
    "1.0x10",
    "0x7f.1",
    "example.0X10",
    "example.123",
    "1.2.3.４",
    "2130706433",
    "::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "[127.0.0.1]",
    "[::1]",
    "[IPv6:2001:db8::1]"
  ])("%s", (input) => expect(read(input)).toBe("!domain-ip-address"))

  it("takes a number anywhere but at the end", () => expect(read("1.2.3.com")).toBe("1.2.3.com"))
})

describe("public suffixes of the ICANN section are refused", () => {
  it.each([
    ["co.uk", "domain-public-suffix"],
    ["CO.UK", "domain-public-suffix"],
    ["公司.cn", "domain-public-suffix"],
    ["xn--55qx5d.cn", "domain-public-suffix"],
    ["k12.ca.us", "domain-public-suffix"],
    // By the wildcard *.ck, from which www.ck is an exception.
    ["foo.ck", "domain-public-suffix"],
    ["com", "domain-single-label"],
    ["рф", "domain-single-label"]
  ])("%s: %s", (input, code) => expect(read(input)).toBe(`!${code}`))

  it.each(["www.ck", "city.kawasaki.jp", "github.io", "example.github.io", "notco.uk"])("takes %s", (input) =>
    expect(read(input)).toBe(input)
  )
})

describe("special-use names are refused at label boundaries", () => {
  it.each([
    "localhost",
    "mail.localhost",
    "printer.local",
    "a.invalid",
    "a.onion",
    "a.alt",
    "a.internal",
    "router.home.arpa",
    "home.arpa",
    "arpa",
    "1.168.192.in-addr.arpa",
    "a.test",
    "a.example",
    "A.TEST",
    "bücher.example",
    "a.ｔｅｓｔ"
  ])("%s", (input) => expect(read(input)).toBe("!domain-special-use"))

  it.each(["notlocal.com", "mytest.com", "test.com", "example.com", "example.net", "example.org", "local.example.org"])(
    "takes %s",
    (input) => expect(read(input)).toBe(input)
  )

  it("takes .test and .example in the sandbox, and no other special-use name", () => {
    const sandbox = { allowTestNames: true }
    expect(read("a.test", sandbox)).toBe("a.test")
    expect(read("bücher.example", sandbox)).toBe("xn--bcher-kva.example")
    expect(read("test", sandbox)).toBe("!domain-single-label")
    expect(read("a.local", sandbox)).toBe("!domain-special-use")
    expect(read("a.invalid", sandbox)).toBe("!domain-special-use")
    expect(read("a.test", { allowTestNames: false })).toBe("!domain-special-use")
  })
})

describe("DomainName", () => {
  const isDomainName = Schema.is(DomainName)

  it.each(["example.com", "xn--bcher-kva.com", "a.test", "co.uk"])("holds %s", (name) =>
    expect(isDomainName(name)).toBe(true)
  )

  it.each(["", "com", "Example.com", "bücher.com", "example.com.", "-a.com", "a_b.com", `${"a".repeat(64)}.com`])(
    "does not hold %j",
    (name) => expect(isDomainName(name)).toBe(false)
  )

  it("is shown in Unicode", () => {
    expect(displayDomain(DomainName.make("www.xn--bcher-kva.example"))).toBe("www.bücher.example")
    expect(displayDomain(DomainName.make("example.com"))).toBe("example.com")
  })
})
