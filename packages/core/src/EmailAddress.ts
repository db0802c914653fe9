/**
 * E-mail addresses of senders: a dot-atom local part (RFC 5321, section 4.1.2) at a domain name.
 *
 * Called for every address that enters the system. It promises that RCPT TO can be built from the result without
 * quoting or escaping, that plus tags and dots stay as they are, and that two spellings which differ in the case of
 * letters or in the form of the domain have equal `canonical` forms.
 */
import { Brand, Result, Schema } from "effect"
import { type AddressProblem, type AddressProblemCode, addressProblem } from "./AddressProblem.ts"
import { DomainName, type DomainOptions, parseDomain } from "./DomainName.ts"

/**
 * What duplicates of a sender are told by: the local part in lower case at the A-label domain; of a domain sender, the
 * domain. Never for delivery.
 */
export const CanonicalAddress = Schema.NonEmptyString.pipe(Schema.brand("CanonicalAddress"))
export type CanonicalAddress = typeof CanonicalAddress.Type

/** The canonical form of a sender of a whole domain. */
export const canonicalDomain = (domain: DomainName): CanonicalAddress => canonicalBrand(domain)

/** An accepted address. The schema checks the form of the parts only: see `DomainName`. */
export const EmailAddress = Schema.Struct({
  /** As the person typed it, for display. It is ASCII before the at sign, so it is in NFC there by nature. */
  typed: Schema.String,
  /**
   * The typed local part at the A-label domain: what RCPT TO must be, 254 octets at most (RFC 5321, section 4.5.3.1).
   */
  delivery: Schema.String,
  /** The local part as typed. */
  local: Schema.String,
  domain: DomainName,
  canonical: CanonicalAddress
})
export type EmailAddress = typeof EmailAddress.Type

// RFC 5322, section 3.2.3. An atom holds no dot, so there is one way only to match: linear on any input.
const dotAtom = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const controls = /[\p{Cc}\u2028\u2029]/u
const spaces = /\s/u
const foreignToAscii = /\P{ASCII}/u
const misplacedDot = /^\.|\.$|\.\./

// A local part, the at sign and the longest domain that `parseDomain` reads.
const longestTyped = 64 + 1 + 512

const canonicalBrand = Brand.nominal<CanonicalAddress>()
const refuse = (code: AddressProblemCode) => Result.fail(addressProblem(code))

/**
 * Reads an address as typed. Refused are quoted strings, comments, display names, domain literals, any space or control
 * character, and what `parseDomain` refuses of the domain.
 *
 * Fails with the first problem found. Takes time in proportion to the input, at most 577 code units of it.
 */
export const parseEmailAddress = (
  input: unknown,
  options?: DomainOptions
): Result.Result<EmailAddress, AddressProblem> => {
  if (typeof input !== "string") return refuse(input === undefined || input === null ? "missing" : "not-a-string")
  if (input === "") return refuse("empty")
  if (input.length > longestTyped) return refuse("address-too-long")

  const at = input.indexOf("@")
  const local = input.slice(0, at)
  // ASCII is tested on the raw text: NFC first would turn the Kelvin sign U+212A into a K that nobody typed.
  if (at === -1 || at !== input.lastIndexOf("@") || at > 64 || !dotAtom.test(local)) {
    return refuse(addressCode(input, at))
  }
  if (at === input.length - 1) return refuse("domain-missing")

  const domain = parseDomain(input.slice(at + 1), options)
  if (Result.isFailure(domain)) return Result.fail(domain.failure)
  const delivery = `${local}@${domain.success}`
  if (delivery.length > 254) return refuse("address-too-long")
  return Result.succeed({
    typed: input,
    delivery,
    local,
    domain: domain.success,
    canonical: canonicalBrand(`${local.toLowerCase()}@${domain.success}`)
  })
}

// Only for text that is already refused: which sentence helps its author most.
const addressCode = (input: string, at: number): AddressProblemCode => {
  if (controls.test(input)) return "control-character"
  if (!input.isWellFormed()) return "invalid-unicode"
  if (/[<>]/.test(input)) return "display-name"
  if (input.includes('"')) return "quoted-string"
  if (/[()]/.test(input)) return "comment"
  if (spaces.test(input)) return "space"
  if (at === -1) return "at-sign-missing"
  if (at !== input.lastIndexOf("@")) return "several-at-signs"
  const local = input.slice(0, at)
  if (local === "") return "local-part-empty"
  if (foreignToAscii.test(local)) return "local-part-not-ascii"
  if (local.length > 64) return "local-part-too-long"
  return misplacedDot.test(local) ? "local-part-dot" : "local-part-character"
}
