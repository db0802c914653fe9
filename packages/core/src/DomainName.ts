/**
 * Domain names of senders: one normaliser from what a person typed to lower-case A-labels (UTS 46, RFC 5890).
 *
 * Called for every address and domain that enters the system; afterwards a `DomainName` is compared byte by byte.
 * It promises that a parsed name is a registrable name or lies below one, and that parsing it again yields itself.
 *
 * Mapping is left to `node:url`, but nothing that its URL parser would interpret ever reaches it: `domainToASCII` alone
 * turns `a/b.example` into `a`, `1.0x10` into `1.0.0.16`, and lets any `xn--` label through unread.
 */
import { domainToASCII, domainToUnicode } from "node:url"
import { Brand, Result, Schema } from "effect"
import { getDomain, getPublicSuffix } from "tldts"
import { type AddressProblem, type AddressProblemCode, addressProblem } from "./AddressProblem.ts"

/**
 * A domain name as lower-case A-labels without a trailing dot, 253 octets at most (RFC 1035, section 2.3.4).
 *
 * The schema checks the form only. Whether the name may be used was decided by `parseDomain` when it came in: the list
 * of public suffixes changes over the years, and an event that was stored must decode for ever.
 */
export const DomainName = Schema.String.check(
  Schema.isMaxCodePoints(253),
  Schema.isPattern(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u)
).pipe(Schema.brand("DomainName"))
export type DomainName = typeof DomainName.Type

/** A domain name that was checked when it came in, as events have it. */
export const StoredDomainName = Schema.String.pipe(Schema.brand("DomainName"))

/** What a domain may be besides a name below a public suffix. */
export interface DomainOptions {
  /** Accept names below `.test` and `.example` (RFC 6761): for the sandbox only. */
  readonly allowTestNames?: boolean
}

/**
 * Reserved top-level names: RFC 6761 (example, invalid, localhost, test), RFC 6762 (local), RFC 7686 (onion), RFC 9476
 * (alt), `arpa` with everything below it (RFC 3172; the rest of IANA's special-use registry lies there, home.arpa
 * included), and `internal`, which ICANN reserved for private use in 2024. example.com, .net and .org are registered
 * names that resolve, so they pass.
 */
const specialUse = new Set(["alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"])
const testNames = new Set(["example", "test"])

// In UTF-16 code units. Far above what people type for a name of 253 octets, low enough that mapping costs nothing.
const longestTyped = 512

const plain = /^[A-Za-z0-9.-]+$/
const controls = /[\p{Cc}\u2028\u2029]/u
const spaces = /\s/u
const ipLiteral = /^\[|^[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*$/
// ASCII that no domain label holds, and with it everything that has a meaning in a URL.
const foreignAscii = /[\p{ASCII}--[A-Za-z0-9.\-]]/v
// Characters that UTS 46 deletes, so that two names which look alike become one. Emoji keyboards write U+FE0F by
// themselves; joiners are judged by their context during the mapping.
const invisible = /(?<!\p{Extended_Pictographic})\uFE0F|[\p{Default_Ignorable_Code_Point}--[\u200C\u200D\uFE0F]]/v
// A URL parser reads names that end like this as IPv4 addresses.
const numeric = /^(?:[0-9]+|0x[0-9a-f]*)$/
const misplacedHyphen = /^-|-$|^..--/u

const suffixOptions = { extractHostname: false, validateHostname: false, detectIp: false, mixedInputs: false } as const
const brand = Brand.nominal<DomainName>()
const refuse = (code: AddressProblemCode) => Result.fail(addressProblem(code))

/**
 * Reads a domain name as typed. Capitals and Unicode are mapped, dots of East Asian keyboards (U+3002, U+FF0E, U+FF61)
 * count as dots, because UTS 46 maps them so. A trailing dot is refused rather than dropped: RFC 5321, section 4.1.2,
 * has none, and a name is to have one accepted spelling.
 *
 * Fails with the first problem found. Takes time in proportion to the input, at most 512 code units of it.
 */
export const parseDomain = (input: unknown, options?: DomainOptions): Result.Result<DomainName, AddressProblem> => {
  if (typeof input !== "string") return refuse(input === undefined || input === null ? "missing" : "not-a-string")
  if (input === "") return refuse("empty")
  if (input.length > longestTyped) return refuse("domain-too-long")

  let name: string
  if (plain.test(input)) {
    name = input.toLowerCase()
  } else {
    const problem = foreignCharacter(input)
    if (problem !== undefined) return refuse(problem)
    name = domainToASCII(input)
    if (!plain.test(name)) return refuse("domain-idn-invalid")
  }

  const labels = name.split(".")
  // The length first, so that the checks of single labels stay cheap.
  const problem = name.length > 253 ? "domain-too-long" : (labelProblem(labels) ?? nameProblem(name, labels, options))
  return problem === undefined ? Result.succeed(brand(name)) : refuse(problem)
}

/** The domain in Unicode (U-labels) for people to read. Never a key: compare and store the `DomainName`. */
export const displayDomain = (domain: DomainName): string => domainToUnicode(domain)

const foreignCharacter = (input: string): AddressProblemCode | undefined => {
  if (controls.test(input)) return "control-character"
  if (spaces.test(input)) return "space"
  if (!input.isWellFormed()) return "invalid-unicode"
  if (ipLiteral.test(input)) return "domain-ip-address"
  if (foreignAscii.test(input)) return "domain-character"
  if (invisible.test(input)) return "invisible-character"
  return undefined
}

const labelProblem = (labels: ReadonlyArray<string>): AddressProblemCode | undefined => {
  for (const [index, label] of labels.entries()) {
    if (label === "") return index > 0 && index === labels.length - 1 ? "domain-trailing-dot" : "domain-empty-label"
    if (label.length > 63) return "domain-label-too-long"
    if (label.startsWith("xn--")) {
      if (!isALabel(label)) return "domain-idn-invalid"
    } else if (label.startsWith("-") || label.endsWith("-")) return "domain-hyphen"
  }
  return undefined
}

// `node:url` hands back an `xn--` label it cannot decode, or whose content UTS 46 would not produce, as it was: so a
// valid one changes on the way to Unicode and returns as it was. Hyphens: RFC 5891, section 4.2.3.1.
const isALabel = (label: string): boolean => {
  const unicode = domainToUnicode(label)
  return unicode !== "" && unicode !== label && !misplacedHyphen.test(unicode) && domainToASCII(unicode) === label
}

const nameProblem = (
  name: string,
  labels: ReadonlyArray<string>,
  options: DomainOptions | undefined
): AddressProblemCode | undefined => {
  const last = labels[labels.length - 1] ?? ""
  if (numeric.test(last)) return "domain-ip-address"
  if (specialUse.has(last) && !(options?.allowTestNames === true && testNames.has(last))) return "domain-special-use"
  if (labels.length === 1) return "domain-single-label"
  if (getPublicSuffix(name, suffixOptions) === name) return "domain-public-suffix"
  return undefined
}

/**
 * The registrable domain that a name lies in: the public suffix and one label more (the ICANN section of the list). The
 * name itself where there is none.
 */
export const registrableDomain = (name: string): string =>
  getDomain(name, { allowIcannDomains: true, allowPrivateDomains: false, validateHostname: false }) ?? name
