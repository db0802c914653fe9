import {
  arbitraryAddress,
  arbitraryDomain,
  arbitraryHostileDomain,
  arbitraryHostileInput,
  arbitraryInternationalDomain,
  arbitraryTypedAddress
} from "@countersign/testkit"
import { Result, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { DomainName, displayDomain, parseDomain } from "../src/DomainName.ts"
import { type EmailAddress, parseEmailAddress } from "../src/EmailAddress.ts"

const runs = { numRuns: 1_000 }
const domainOf = (input: string): DomainName => Result.getOrThrow(parseDomain(input))
const addressOf = (input: string): EmailAddress => Result.getOrThrow(parseEmailAddress(input))
const isDomainName = Schema.is(DomainName)

describe("every domain", () => {
  it("in its normal form is itself", () => {
    fc.assert(
      fc.property(arbitraryDomain, (domain) => {
        expect(domainOf(domain)).toBe(domain)
        expect(domainOf(domain.toUpperCase())).toBe(domain)
      }),
      runs
    )
  })

  it("in Unicode is its A-labels, and comes back from its display form", () => {
    fc.assert(
      fc.property(arbitraryInternationalDomain, ({ typed, domain }) => {
        expect(domainOf(typed)).toBe(domain)
        expect(domainOf(domain)).toBe(domain)
        expect(domainOf(displayDomain(domainOf(typed)))).toBe(domain)
      }),
      runs
    )
  })

  it("that is accepted fits the schema and is read again as itself, whatever the text", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 20 }),
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.string({ unit: fc.constantFrom(..."aAzZ09-._xn:/%@#[]üß\u0301。．１ａ\u200d\u00ad❤\ufe0f א"), maxLength: 20 })
    )
    fc.assert(
      fc.property(anyText, fc.constantFrom("", ".com"), (text, suffix) => {
        const first = parseDomain(text + suffix, { allowTestNames: true })
        if (Result.isFailure(first)) return
        expect(isDomainName(first.success)).toBe(true)
        expect(parseDomain(first.success, { allowTestNames: true })).toEqual(first)
        expect(parseDomain(displayDomain(first.success), { allowTestNames: true })).toEqual(first)
      }),
      { numRuns: 20_000 }
    )
  })
})

describe("every address", () => {
  it("is delivered to the typed local part at the A-label domain", () => {
    fc.assert(
      fc.property(arbitraryTypedAddress, ({ typed, delivery }) => {
        const address = addressOf(typed)
        expect(address.typed).toBe(typed)
        expect(address.delivery).toBe(delivery)
        expect(address.delivery).toBe(`${address.local}@${address.domain}`)
      }),
      runs
    )
  })

  it("is read again from each of its own forms, with the same canonical form", () => {
    fc.assert(
      fc.property(arbitraryTypedAddress, ({ typed }) => {
        const address = addressOf(typed)
        expect(addressOf(address.typed)).toEqual(address)
        expect(addressOf(address.delivery)).toEqual({ ...address, typed: address.delivery })
        expect(addressOf(address.canonical).canonical).toBe(address.canonical)
      }),
      runs
    )
  })

  it("equals another in canonical form exactly when they differ in case alone", () => {
    fc.assert(
      fc.property(arbitraryAddress, arbitraryAddress, (one, other) => {
        expect(addressOf(one.toUpperCase()).canonical).toBe(addressOf(one).canonical)
        const sameButForCase = one.toLowerCase() === other.toLowerCase()
        expect(addressOf(one).canonical === addressOf(other).canonical).toBe(sameButForCase)
      }),
      runs
    )
  })

  it("that loses or changes one character is another one or none", () => {
    fc.assert(
      fc.property(arbitraryAddress, fc.nat(), fc.constantFrom("", "x", "0", ".", "-"), (address, at, piece) => {
        const position = at % address.length
        const changed = address.slice(0, position) + piece + address.slice(position + 1)
        fc.pre(changed.toLowerCase() !== address.toLowerCase())
        const result = parseEmailAddress(changed)
        if (Result.isFailure(result)) return
        expect(result.success.canonical).not.toBe(addressOf(address).canonical)
      }),
      runs
    )
  })
})

describe("hostile input", () => {
  const options = fc.constantFrom(undefined, { allowTestNames: true })

  it("is refused as a domain", () => {
    fc.assert(
      fc.property(fc.oneof(arbitraryHostileDomain, arbitraryHostileInput), options, (input, allow) => {
        expect(Result.isFailure(parseDomain(input, allow))).toBe(true)
      }),
      { numRuns: 3_000 }
    )
  })

  it("is refused as an address, in a sentence that quotes nothing of it", () => {
    fc.assert(
      fc.property(arbitraryHostileInput, options, (input, allow) => {
        const result = parseEmailAddress(input, allow)
        expect(Result.isFailure(result)).toBe(true)
        if (Result.isFailure(result)) expect(result.failure.message).toMatch(/^[\x20-\x7e]+\.$/)
      }),
      { numRuns: 3_000 }
    )
  })
})
