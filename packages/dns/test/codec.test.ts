/** Names and messages as octets: what is read, and what is not. */
import { describe, expect, it } from "@effect/vitest"
import { type Answer, encode } from "dns-packet"
import * as fc from "fast-check"
import { answersQuestion, decodeAnswer, encodeQuestion } from "../src/DnsMessage.ts"
import { canonicalName, isAtOrBelow, labelsOf, nameOctets, namesUpwards, readName } from "../src/DnsName.ts"
import { isPublicAddress } from "../src/PublicAddress.ts"
import { readAnswer } from "../src/ReadAnswer.ts"
import { rr, soa } from "./Internet.ts"

const label = fc.uint8Array({ minLength: 1, maxLength: 63 })
const labels = fc
  .array(label, { maxLength: 6 })
  .filter((all) => all.reduce((sum, one) => sum + one.length + 1, 1) <= 255)
const wire = (all: ReadonlyArray<Uint8Array>) => Uint8Array.from([...all.flatMap((one) => [one.length, ...one]), 0])

describe("a name", () => {
  it("is told so that equal text means equal labels, whatever octets they hold", () => {
    void fc.assert(
      fc.property(labels, labels, (one, other) => {
        const [a, b] = [readName(wire(one), 0)?.name, readName(wire(other), 0)?.name]
        const lower = (all: ReadonlyArray<Uint8Array>) =>
          JSON.stringify(
            all.map((part) => Array.from(part, (octet) => (octet >= 65 && octet <= 90 ? octet + 32 : octet)))
          )
        expect(a === b).toBe(lower(one) === lower(other))
      })
    )
  })

  it("is written as it was read, and reads again as itself", () => {
    void fc.assert(
      fc.property(labels, (all) => {
        const name = readName(wire(all), 0)?.name ?? "none"
        expect(readName(nameOctets(name), 0)).toEqual({ name, end: wire(all).length })
        expect(labelsOf(name)).toHaveLength(all.length)
        expect(canonicalName(name === "" ? "." : name)).toBe(name)
      })
    )
  })

  it.each([
    ["Shop.Example.", "shop.example"],
    ["a\\.b.example", "a\\.b.example"],
    ["a\\046b.example", "a\\.b.example"],
    ["\\065.example", "a.example"],
    ["a\\ b.example", "a\\032b.example"],
    ["\\042.example", "\\042.example"],
    [".", ""]
  ])("%j is the name %j", (text, name) => {
    expect(canonicalName(text)).toBe(name)
  })

  it.each([
    "",
    "..",
    ".a",
    "a..b",
    "a b",
    "a\0",
    "\\256.a",
    "bücher.example",
    "x".repeat(64),
    `${"x.".repeat(127)}xx`,
    "a\\"
  ])("%j is none", (text) => {
    expect(canonicalName(text)).toBeUndefined()
  })

  it("is below a zone by labels, not by letters", () => {
    expect(isAtOrBelow("a.shop.com", "shop.com")).toBe(true)
    expect(isAtOrBelow("shop.com", "shop.com")).toBe(true)
    expect(isAtOrBelow("shop.com", "")).toBe(true)
    expect(isAtOrBelow("myshop.com", "shop.com")).toBe(false)
    expect(isAtOrBelow("a\\.shop.com", "shop.com")).toBe(false)
    expect(namesUpwards("a\\.b.shop.com")).toEqual(["a\\.b.shop.com", "shop.com", "com"])
  })

  it.each([
    ["a pointer to itself", [0xc0, 0x00]],
    ["pointers in a circle", [0xc0, 0x02, 0xc0, 0x00]],
    ["a pointer forwards", [0xc0, 0x02, 0x01, 0x61, 0x00]],
    ["a label beyond the end", [0x05, 0x61]],
    ["no end", [0x01, 0x61]],
    ["half a pointer", [0xc0]],
    ["a label of a kind that nobody defined", [0x40, 0x61, 0x00]],
    ["more than 255 octets", [...Array.from({ length: 5 }, () => [63, ...Array(63).fill(0x61)]).flat(), 0]]
  ])("%s is none", (_, octets) => {
    expect(readName(Uint8Array.from(octets), 0)).toBeUndefined()
  })

  it("that is compressed is followed backwards", () => {
    const packet = Uint8Array.from([3, 0x63, 0x6f, 0x6d, 0, 1, 0x41, 0xc0, 0x00, 0xff])
    expect(readName(packet, 5)).toEqual({ name: "a.com", end: 9 })
  })
})

const question = { name: "a.shop.com", type: "CNAME" } as const
const packet = (answers: Array<Answer>, more: { readonly flags?: number; readonly authorities?: Array<Answer> } = {}) =>
  encode({ type: "response", id: 7, questions: [{ ...question, class: "IN" }], answers, ...more })

describe("a message", () => {
  it("is asked with recursion, EDNS and checking as told", () => {
    const flags = { id: 0x1234, recursionDesired: true, checkingDisabled: true, edns: true }
    expect(Buffer.from(encodeQuestion(question, flags)).toString("hex")).toBe(
      ["123401100001000000000001", "016104", "73686f7003636f6d00", "00050001", "00002904d0000000000000"].join("")
    )
  })

  it("answers the question with its id, its QR bit and its question in any case; nothing else does", () => {
    const right = packet([])
    expect(answersQuestion(right, question, 7)).toBe(true)
    const upper = Buffer.from(right)
    upper.write("A", 13)
    expect(answersQuestion(upper, question, 7)).toBe(true)
    expect(answersQuestion(right, question, 8)).toBe(false)
    expect(answersQuestion(right, { ...question, type: "TXT" }, 7)).toBe(false)
    expect(answersQuestion(right, { ...question, name: "b.shop.com" }, 7)).toBe(false)
    expect(answersQuestion(encode({ type: "query", id: 7, questions: [question] }), question, 7)).toBe(false)
    const chaos = encode({ type: "response", id: 7, questions: [{ ...question, class: "CH" }] })
    expect(answersQuestion(chaos, question, 7)).toBe(false)
    expect(answersQuestion(right.subarray(0, 11), question, 7)).toBe(false)
    expect(answersQuestion(encode({ type: "response", id: 7, flags: 1 }), question, 7)).toBe(true)
    expect(answersQuestion(encode({ type: "response", id: 7, flags: 3 }), question, 7)).toBe(false)
  })

  it("is read record by record", () => {
    const texts: Answer = { name: "a.shop.com", type: "TXT", ttl: 5, data: ["a\\", Buffer.from([0, 255])] }
    const mail: Answer = { name: "a.shop.com", type: "MX", ttl: 5, data: { preference: 10, exchange: "Mail.shop.com" } }
    const six = rr("a.shop.com", "AAAA", "2001:db8:0:0:1:0:0:1")
    const caa: Answer = { name: "a.shop.com", type: "CAA", ttl: 5, data: { flags: 0, tag: "issue", value: "x" } }
    const message = decodeAnswer(packet([texts, mail, six, caa], { authorities: [soa("shop.com")] }))
    expect(message?.answers.map(({ type, value }) => `${type} ${value}`)).toEqual([
      "TXT a\\\\000\\255",
      "MX 10 mail.shop.com",
      "AAAA 2001:db8::1:0:0:1",
      "TYPE257 \\# 8 0005697373756578"
    ])
    expect(message?.authorities).toMatchObject([{ value: "ns.shop.com root.shop.com 1 1 1 1 600", minimum: 600 }])
  })

  it("has no TTL of half a century", () => {
    const message = decodeAnswer(packet([rr("a.shop.com", "A", "192.0.2.1", 0xffff_ffff)]))
    expect(message?.answers).toMatchObject([{ ttl: 0 }])
  })

  it.each([1, 2, 11, 20, 40])("that lacks its last %i octets is none", (cut) => {
    const whole = packet([rr("a.shop.com", "CNAME", "b.shop.com"), rr("a.shop.com", "A", "192.0.2.1")])
    expect(decodeAnswer(whole)).toBeDefined()
    expect(decodeAnswer(whole.subarray(0, whole.length - cut))).toBeUndefined()
  })
})

describe("an answer", () => {
  const aa = 0x0400
  const ra = 0x0080
  const readOf = (
    zone: string | undefined,
    answers: Array<Answer>,
    flags: number,
    authorities: Array<Answer> = []
  ): unknown => {
    const message = decodeAnswer(packet(answers, { flags, authorities }))
    return message === undefined ? undefined : readAnswer(message, question, zone)
  }
  const read = (answers: Array<Answer>, flags: number, authorities?: Array<Answer>) =>
    readOf("shop.com", answers, flags, authorities)
  const below = [rr("a.shop.com", "NS", "ns.a.com")]
  const alias = rr("a.shop.com", "CNAME", "b.com")

  it.each([
    ["an alias with AA", read([alias], aa), { role: "authoritative", outcome: "records" }],
    ["an alias whose end is missing", read([alias], aa | 3), { outcome: "records" }],
    ["an alias out of a cache", read([alias], ra), { role: "recursive", outcome: "records" }],
    ["records of another name", read([rr("b.shop.com", "CNAME", "b.com")], aa), { _tag: "Nothing" }],
    ["nothing with AA", read([], aa), { role: "authoritative", outcome: "nodata" }],
    ["nothing, with a SOA", read([], aa, [soa("shop.com", 60, 600)]), { outcome: "nodata", negativeTtl: 60 }],
    ["no name, with a SOA", read([], aa | 3, [soa("shop.com", 900, 30)]), { outcome: "nxdomain", negativeTtl: 30 }],
    ["nothing out of a cache, with a SOA", read([], ra, [soa("shop.com")]), { role: "recursive", outcome: "nodata" }],
    ["nothing out of a cache, without", read([], ra), { _tag: "Nothing", reason: "an empty answer" }],
    ["nothing, of nobody's authority", read([], 0, [soa("shop.com")]), { _tag: "Nothing" }],
    ["no name, of nobody's authority", read([], 3, [soa("shop.com")]), { _tag: "Nothing" }],
    ["the SOA of a zone above", read([], aa | 3, [soa("com")]), expect.not.objectContaining({ zone: "com" })],
    ["the SOA of a zone below", read([], aa | 3, [soa("a.shop.com")]), { outcome: "nxdomain", zone: "a.shop.com" }],
    ["the SOA of another zone", read([], aa | 3, [soa("other.com")]), { reason: "the answer is about another zone" }],
    ["a referral", read([], 0, below), { _tag: "Referral", zone: "a.shop.com" }],
    [
      "a referral to itself",
      read([], 0, [rr("shop.com", "NS", "ns.a.com")]),
      { reason: "a referral that leads nowhere" }
    ],
    ["a referral of a resolver", readOf(undefined, [], 0, below), { reason: "a referral that leads nowhere" }],
    ["an unknown code", read([], 9), { reason: "RCODE 9" }]
  ])("%s", (_, reading, expected) => {
    expect(reading).toMatchObject(expected)
  })
})

describe("an address", () => {
  it.each(["8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"])(
    "%s is one of the internet",
    (address) => {
      expect(isPublicAddress(address)).toBe(true)
    }
  )

  it.each([
    "0.0.0.0",
    "10.255.255.255",
    "100.64.0.1",
    "127.0.0.53",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.251",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:8.8.8.8",
    "::10.0.0.1",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::fb",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "2002:a00:1::1",
    "2002:7f00:1::",
    "2001:0:4136:e378::1",
    "example.com",
    ""
  ])("%j is none", (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })
})
