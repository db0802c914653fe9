/**
 * Generated addresses and domains: good ones in the forms people type, and hostile ones.
 *
 * For the property tests of every package. Good values are accepted by `parseEmailAddress` and `parseDomain` without
 * options; hostile ones are refused by both, whatever the options (`packages/core/test/Addresses.property.test.ts`).
 */
import fc from "fast-check"

const lower = "abcdefghijklmnopqrstuvwxyz"
const digits = "0123456789"
const atomCharacters = `${lower}${lower.toUpperCase()}${digits}!#$%&'*+/=?^_\`{|}~-`

// None of these has a public suffix directly below it, so any label in front of one gives a registrable name.
const suffixes = ["com", "net", "org", "de", "dev", "info", "co.uk", "com.au"] as const

const internationalLabels = [
  ["bücher", "xn--bcher-kva"],
  ["faß", "xn--fa-hia"],
  ["münchen", "xn--mnchen-3ya"],
  ["例え", "xn--r8jz45g"],
  ["пример", "xn--e1afmkfd"],
  ["βόλος", "xn--nxasmm1c"],
  ["💩", "xn--ls8h"]
] as const

/** A string of `minLength` to `maxLength` characters of `alphabet`. */
const text = (alphabet: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength })

/** `value` with some of its ASCII letters in capitals. */
const someCapitals = (value: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: value.length, maxLength: value.length })
    .map((capital) => value.replace(/[a-z]/g, (letter, at: number) => (capital[at] ? letter.toUpperCase() : letter)))

const label = fc
  .tuple(text(lower + digits, 1, 1), text(`${lower}${digits}-`, 0, 18), text(lower + digits, 1, 1))
  .map((parts) => parts.join(""))
  .filter((value) => !value.startsWith("xn--"))

/** A domain in its normal form: ASCII, lower case, registrable or a name below a registrable one, 90 octets at most. */
export const arbitraryDomain: fc.Arbitrary<string> = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 4 }), fc.constantFrom(...suffixes))
  .map(([labels, suffix]) => [...labels, suffix].join("."))

/** An internationalized domain as typed, some ASCII letters in capitals, and the A-labels that it stands for. */
export const arbitraryInternationalDomain: fc.Arbitrary<{ readonly typed: string; readonly domain: string }> = fc
  .tuple(fc.array(fc.constantFrom(...internationalLabels), { minLength: 1, maxLength: 3 }), arbitraryDomain)
  .chain(([labels, base]) =>
    someCapitals([...labels.map(([unicode]) => unicode), base].join(".")).map((typed) => ({
      typed,
      domain: [...labels.map(([, ascii]) => ascii), base].join(".")
    }))
  )

/** A local part as a dot-atom of at most 64 octets, every permitted character included. */
export const arbitraryLocalPart: fc.Arbitrary<string> = fc
  .array(text(atomCharacters, 1, 15), { minLength: 1, maxLength: 4 })
  .map((atoms) => atoms.join("."))

/** An ASCII address whose domain is in its normal form, so that it is its own `delivery`. */
export const arbitraryAddress: fc.Arbitrary<string> = fc
  .tuple(arbitraryLocalPart, arbitraryDomain)
  .map(([local, domain]) => `${local}@${domain}`)

/** An address as people type it (capitals, Unicode domains), with what RCPT TO has to be. */
export const arbitraryTypedAddress: fc.Arbitrary<{ readonly typed: string; readonly delivery: string }> = fc
  .tuple(
    arbitraryLocalPart,
    fc.oneof(
      arbitraryInternationalDomain,
      arbitraryDomain.chain((domain) => someCapitals(domain).map((typed) => ({ typed, domain })))
    )
  )
  .map(([local, { typed, domain }]) => ({ typed: `${local}@${typed}`, delivery: `${local}@${domain}` }))

/** A domain that is refused, whatever the options. */
export const arbitraryHostileDomain: fc.Arbitrary<string> = fc.oneof(
  // What a URL parser would interpret, cut off or decode.
  insert(
    arbitraryDomain,
    fc.constantFrom("/", "%", "%41", ":", "#", "?", "\\", "_", "[", "]", "<", ">", "*", "＠", "／", "％")
  ),
  insert(arbitraryDomain, fc.constantFrom("\r\n", "\n", "\r", "\0", "\t", "\x1b", "\x7f", "\x85", "\u2028")),
  insert(
    arbitraryDomain,
    fc.constantFrom(" ", "\u00a0", "\u3000", "\u200b", "\u00ad", "\u2060", "\ufeff", "\u202e", "\ud800")
  ),
  // Numbers that some parser reads as an IPv4 address, and literals.
  fc.tuple(arbitraryDomain, fc.constantFrom("1", "007", "0x7f", "0X1", "１")).map((parts) => parts.join(".")),
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4().map((ip) => `[${ip}]`),
  fc.ipV6().map((ip) => `[IPv6:${ip}]`),
  // Dots and hyphens out of place, lengths.
  arbitraryDomain.map((domain) => `.${domain}`),
  arbitraryDomain.map((domain) => `${domain}.`),
  arbitraryDomain.map((domain) => domain.replace(".", "..")),
  arbitraryDomain.map((domain) => `-${domain}`),
  arbitraryDomain.map((domain) => domain.replace(".", "-.")),
  arbitraryDomain.map((domain) => `${"a".repeat(64)}.${domain}`),
  arbitraryDomain.map((domain) => `${"abcdefgh.".repeat(30)}${domain}`),
  arbitraryDomain.map((domain) => `${"a".repeat(10_240)}.${domain}`),
  // A-labels that decode to nothing, to ASCII, to capitals or to what UTS 46 would map away; names it disallows.
  fc
    .tuple(
      fc.constantFrom("xn--", "xn--0", "xn--a", "xn--example-", "xn--cher-fna", "xn--ab-5da", "xn--a-xbb"),
      arbitraryDomain
    )
    .map((parts) => parts.join(".")),
  fc
    .tuple(fc.constantFrom("\u0301a", "a\u200db", "1א", "℀", "\u0378", "ü-"), arbitraryDomain)
    .map((parts) => parts.join(".")),
  // Nobody's and everybody's names.
  fc.constantFrom("com", "co.uk", "COM.AU", "рф", "公司.cn", "foo.ck", "localhost"),
  fc
    .tuple(
      label,
      fc.constantFrom("local", "localhost", "invalid", "onion", "alt", "internal", "home.arpa", "in-addr.arpa")
    )
    .map((parts) => parts.join("."))
)

/** A value that is refused as an address and as a domain, whatever the options: most are strings, some are not. */
export const arbitraryHostileInput: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(arbitraryLocalPart, arbitraryHostileDomain).map((parts) => parts.join("@")) },
  fc.constantFrom(undefined, null, "", " ", "@", "a@", "string", true, 0, Number.NaN),
  fc.oneof(fc.object(), fc.array(fc.anything()), fc.bigInt(), fc.date()),
  insert(
    arbitraryAddress,
    fc.constantFrom("\r\n", "\r\nBcc: x@example.com\r\n", "\n", "\0", " ", "\t", "@", "(c)", '"', "<", ">", ",@")
  ),
  insert(arbitraryLocalPart, fc.constantFrom("ü", "\u212a", "\u00a0", "：", "..", ",", ";", ":", "\\", "[")).chain(
    (local) => arbitraryDomain.map((domain) => `${local}@${domain}`)
  ),
  fc.tuple(text(atomCharacters, 65, 70), arbitraryDomain).map((parts) => parts.join("@")),
  arbitraryAddress.map((address) => `"${address.replace("@", '"@')}`),
  arbitraryAddress.map((address) => `Jane Doe <${address}>`),
  arbitraryAddress.map((address) => `${address}, ${address}`),
  arbitraryAddress.map((address) => ` ${address}`),
  arbitraryAddress.map((address) => `${address} `),
  arbitraryAddress.map((address) => `.${address}`),
  arbitraryAddress.map((address) => address.replace("@", ".@")),
  arbitraryAddress.map((address) => `@${address}`),
  fc.constantFrom("a", ".", "@", "a.", '"', "\\", "(", "ü.").map((unit) => unit.repeat(10_240)),
  text(atomCharacters, 10_240, 10_300).map((local) => `${local}@example.com`)
)

/** `piece` put into `value` somewhere, the ends included. */
function insert(value: fc.Arbitrary<string>, piece: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(value, piece, fc.double({ min: 0, max: 1, noNaN: true })).map(([whole, part, share]) => {
    const at = Math.round(share * whole.length)
    return whole.slice(0, at) + part + whole.slice(at)
  })
}
