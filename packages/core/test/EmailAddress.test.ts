import { Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { AddressProblem } from "../src/AddressProblem.ts"
import { CanonicalAddress, canonicalDomain, EmailAddress, parseEmailAddress } from "../src/EmailAddress.ts"
import { printable } from "./Printable.ts"

const problemOf = (input: unknown): AddressProblem => {
  const result = parseEmailAddress(input)
  if (Result.isSuccess(result)) throw new Error(`accepted ${JSON.stringify(result.success)}`)
  return result.failure
}

const accepted = (input: unknown): EmailAddress => Result.getOrThrow(parseEmailAddress(input))

describe("an address is read", () => {
  it("keeps what was typed, and knows where to deliver and what is the same", () => {
    expect(accepted("Jane.Doe+Tag@Bücher.COM")).toEqual({
      typed: "Jane.Doe+Tag@Bücher.COM",
      delivery: "Jane.Doe+Tag@xn--bcher-kva.com",
      local: "Jane.Doe+Tag",
      domain: "xn--bcher-kva.com",
      canonical: "jane.doe+tag@xn--bcher-kva.com"
    })
  })

  it("fits its schema", () => {
    expect(Schema.is(EmailAddress)(accepted("jane@example.com"))).toBe(true)
  })

  it.each([
    "a@example.com",
    "1@example.com",
    "o'brien@example.com",
    "!#$%&'*+/=?^_`{|}~-@example.com",
    "-@example.com",
    "a.b.c@example.com"
  ])("takes the local part of %s", (input) => expect(accepted(input).delivery).toBe(input))

  it("strips neither plus tags nor dots", () => {
    const canonical = ["jane@example.com", "jane+a@example.com", "ja.ne@example.com"].map((a) => accepted(a).canonical)
    expect(new Set(canonical).size).toBe(3)
  })

  it("takes local parts of 64 and addresses of 254 octets, and none longer", () => {
    const label = "a".repeat(63)
    const local = "a".repeat(64)
    const domain = `${label}.${label}.${"a".repeat(57)}.com`
    const longerDomain = domain.replace(".com", "a.com")
    expect(`${local}@${domain}`).toHaveLength(254)
    expect(accepted(`${local}@${domain}`).delivery).toHaveLength(254)
    expect(problemOf(`${local}@${longerDomain}`).code).toBe("address-too-long")
    expect(problemOf(`a${local}@example.com`).code).toBe("local-part-too-long")
  })

  it("counts the octets of the ASCII form", () => {
    // 240 characters as typed, more than 254 octets as A-labels.
    const domain = `${"ü".repeat(20)}.`.repeat(9)
    expect(problemOf(`jane@${domain}${"a".repeat(40)}.com`).code).toBe("domain-too-long")
  })
})

it("the canonical form of a whole domain is the domain, and no address's", () => {
  const { domain, canonical } = accepted("Jane@BÜCHER.com")
  expect(canonicalDomain(domain)).toBe("xn--bcher-kva.com")
  expect(Schema.is(CanonicalAddress)(canonicalDomain(domain))).toBe(true)
  expect(canonicalDomain(domain)).not.toBe(canonical)
})

describe("what is no bare address is refused", () => {
  const refused: ReadonlyArray<readonly [input: unknown, code: string]> = [
    [undefined, "missing"],
    [null, "missing"],
    [42, "not-a-string"],
    [true, "not-a-string"],
    [{ email: "a@example.com" }, "not-a-string"],
    [["a@example.com"], "not-a-string"],
    [new String("a@example.com"), "not-a-string"],
    ["", "empty"],
    ["string", "at-sign-missing"],
    ["example.com", "at-sign-missing"],
    ["@", "local-part-empty"],
    ["@example.com", "local-part-empty"],
    ["jane@", "domain-missing"],
    ["a@b@example.com", "several-at-signs"],
    ["a@example.com,b@example.com", "several-at-signs"],
    ["a@@example.com", "several-at-signs"],
    ["a".repeat(10_240), "address-too-long"],
    [`${"a".repeat(10_240)}@example.com`, "address-too-long"],
    [`a@${"a.".repeat(5_120)}com`, "address-too-long"],
    ["jane@example.com\r\n", "control-character"],
    ["jane@example.com\r\nBcc: x@example.com", "control-character"],
    ["jane\r\n@example.com", "control-character"],
    ["jane\n@example.com", "control-character"],
    ["ja\0ne@example.com", "control-character"],
    ["ja\u009bne@example.com", "control-character"],
    ["\ud800@example.com", "invalid-unicode"],
    [" jane@example.com", "space"],
    ["jane@example.com ", "space"],
    ["jane @example.com", "space"],
    ["jane@ example.com", "space"],
    ["jane doe@example.com", "space"],
    ["jane\u00a0@example.com", "space"],
    ["Jane <jane@example.com>", "display-name"],
    ["<jane@example.com>", "display-name"],
    ['"jane"@example.com', "quoted-string"],
    ['"jane doe"@example.com', "quoted-string"],
    ['"a@b"@example.com', "quoted-string"],
    ["(x)jane@example.com", "comment"],
    ["jane(x)@example.com", "comment"],
    ["jürgen@example.com", "local-part-not-ascii"],
    ["用户@example.com", "local-part-not-ascii"],
    // NFC would turn the Kelvin sign into a K.
    ["\u212aelvin@example.com", "local-part-not-ascii"],
    ["ja,ne@example.com", "local-part-character"],
    ["ja;ne@example.com", "local-part-character"],
    ["ja:ne@example.com", "local-part-character"],
    ["ja\\ne@example.com", "local-part-character"],
    ["[jane]@example.com", "local-part-character"],
    [".jane@example.com", "local-part-dot"],
    ["jane.@example.com", "local-part-dot"],
    ["ja..ne@example.com", "local-part-dot"],
    ["jane@[127.0.0.1]", "domain-ip-address"],
    ["jane@[IPv6:::1]", "domain-ip-address"],
    ["jane@127.0.0.1", "domain-ip-address"],
    ["jane@co.uk", "domain-public-suffix"],
    ["jane@localhost", "domain-special-use"],
    ["jane@a.test", "domain-special-use"],
    ["jane@com", "domain-single-label"],
    ["jane@xn--0.com", "domain-idn-invalid"],
    ["jane@a/b.example", "domain-character"],
    ["jane@b%41.example", "domain-character"],
    ["jane@example.com.", "domain-trailing-dot"],
    ["jane@.example.com", "domain-empty-label"],
    ["jane@-example.com", "domain-hyphen"]
  ]

  it.each(refused.map(([input, code]) => [printable(input), code, input] as const))("%s: %s", (_, code, input) =>
    expect(problemOf(input).code).toBe(code)
  )

  it("takes test names in the sandbox", () => {
    const result = parseEmailAddress("jane@bücher.example", { allowTestNames: true })
    expect(Result.getOrThrow(result).delivery).toBe("jane@xn--bcher-kva.example")
  })

  it("says so in one sentence that is data", () => {
    const problem = problemOf("jane@co.uk")
    expect(Schema.decodeUnknownSync(AddressProblem)(JSON.parse(JSON.stringify(problem)))).toEqual(problem)
    expect(problem.message).toMatch(/^[A-Z][^\n]*\.$/)
  })
})
