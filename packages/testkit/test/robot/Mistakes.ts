/**
 * The ways to publish three CNAME records wrongly: what a panel or a person makes of them, as the zone then has it.
 */
import type { DnsPlan } from "@countersign/core"

/** A record of the zone: name, type and values. */
type Published = readonly [name: string, type: string, ...values: ReadonlyArray<string>]

/** What a mistake is made with. */
interface Setting {
  readonly plan: DnsPlan
  readonly domain: string
  readonly zone: string
}

/** A mistake, and the zone that comes of it. */
export interface Mistake {
  readonly name: string
  /** The sender's domain, `shop.example` by default, in the zone `shop.example`. */
  readonly domain?: string
  readonly published: (setting: Setting) => ReadonlyArray<Published>
  /** The provider answers with these addresses in place of every CNAME, until it is told not to. */
  readonly proxy?: ReadonlyArray<string>
  /** There is nothing to mend: at most an advisory. */
  readonly isRight?: boolean
  /** A text stays beside an alias: what a receiver sees of both is chance, and the server's business. */
  readonly textBeside?: boolean
  /** `_domainkey` is a zone of its own, which the customer edits too. */
  readonly keysDelegated?: boolean
}

interface Place {
  readonly name: string
  readonly value: string
  readonly token: string
  readonly domain: string
  readonly zone: string
  readonly index: number
  /** The values of all records. */
  readonly values: ReadonlyArray<string>
}

type Publish = (place: Place) => ReadonlyArray<Published>

const placesOf = ({ plan, domain, zone }: Setting): ReadonlyArray<Place> => {
  const values = plan.records.map(({ value }) => value)
  return plan.records.map(({ name, value }, index) => {
    return { name, value, token: plan.tokens[index] ?? "", domain, zone, index, values }
  })
}

const next = ({ index, values }: Place): string => values[(index + 1) % values.length] ?? ""

/** The mistake in every record. */
const all = (name: string, publish: Publish, more: Partial<Mistake> = {}): Mistake => ({
  name,
  published: (setting) => placesOf(setting).flatMap(publish),
  ...more
})

const right: Publish = ({ name, value }) => [[name, "CNAME", value]]

/** The mistake in the first record, with the others as they should be. */
const first = (name: string, publish: Publish, more: Partial<Mistake> = {}): Mistake =>
  all(name, (place) => (place.index === 0 ? publish(place) : right(place)), more)

const alias =
  (target: (place: Place) => string): Publish =>
  (place) => [[place.name, "CNAME", target(place)]]
const at =
  (owner: (place: Place) => string): Publish =>
  (place) => [[owner(place), "CNAME", place.value]]
const instead =
  (type: string, ...values: ReadonlyArray<string>): Publish =>
  ({ name }) => [[name, type, ...values]]

const key = `v=DKIM1; k=rsa; p=${"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ".repeat(4)}`
const www: Published = ["www.shop.example", "A", "192.0.2.80"]

/** The mistakes, each with its own name. */
export const mistakes: ReadonlyArray<Mistake> = [
  // Not there, or somewhere else.
  all("nothing is published", () => []),
  first("one record is missing", () => []),
  all("only one record is published", (place) => (place.index === 0 ? right(place) : [])),
  all(
    "the panel appended the zone to the whole name",
    at(({ name, zone }) => `${name}.${zone}`)
  ),
  first(
    "the zone is appended to one name",
    at(({ name, zone }) => `${name}.${zone}`)
  ),
  all(
    "the label _domainkey is left out",
    at(({ token, domain }) => `${token}.${domain}`)
  ),
  all(
    "the underscore is left out",
    at(({ token, domain }) => `${token}.domainkey.${domain}`)
  ),
  all(
    "the records are at the parent",
    at(({ token, zone }) => `${token}._domainkey.${zone}`),
    { domain: "mail.shop.example" }
  ),
  all(
    "the records are below www",
    at(({ token, domain }) => `${token}._domainkey.www.${domain}`)
  ),
  all(
    "the name is typed without the subdomain, and doubled",
    at(({ name, zone }) => `${name}.${zone}`),
    { domain: "mail.shop.example" }
  ),
  first(
    "the token in the name is mistyped",
    at(({ name }) => `x${name}`)
  ),
  first(
    "the token is left out of the name",
    at(({ domain }) => `_domainkey.${domain}`)
  ),
  all("the main zone is edited, and _domainkey is delegated", () => [], { keysDelegated: true }),
  // Another type.
  all("the value is a TXT record", ({ name, value }) => [[name, "TXT", value]]),
  first("the value is a TXT record with a dot at its end", ({ name, value }) => [[name, "TXT", `${value}.`]]),
  all("a key is a TXT record", instead("TXT", key)),
  first("a text with a NUL and backslashes", instead("TXT", 'a\0b\\c "d" é')),
  first("a long text", instead("TXT", "x".repeat(300))),
  first("a text of 60,000 backslashes", instead("TXT", "\\".repeat(60_000))),
  first("there is only a name below", ({ name }) => [[`old.${name}`, "TXT", "below"]]),
  first("an address stands there", instead("A", "192.0.2.80")),
  first("addresses of both families stand there", ({ name }) => [
    [name, "A", "192.0.2.80", "192.0.2.81"],
    [name, "AAAA", "2001:db8::80"]
  ]),
  all("the records are proxied", right, { proxy: ["104.16.1.1", "104.16.2.2"] }),
  // Another target.
  all("two targets are swapped", ({ name, index, values }) => [[name, "CNAME", values[[1, 0, 2][index] ?? 0] ?? ""]]),
  all("the targets are turned round", alias(next)),
  all(
    "the zone is appended to the target",
    alias(({ value, zone }) => `${value}.${zone}`)
  ),
  first(
    "the name's own domain is appended to the target",
    alias(({ value, domain }) => `${value}._domainkey.${domain}`)
  ),
  all(
    "the target is cut off",
    alias(({ value }) => value.slice(0, -6))
  ),
  first(
    "the target is its first label",
    alias(({ token }) => token)
  ),
  first(
    "a letter of the target is mistyped",
    alias(({ value }) => value.replace("dkim", "dkin"))
  ),
  first(
    "a letter of the target is left out",
    alias(({ value }) => value.replace("sender", "sendr"))
  ),
  all(
    "the target has a space at its end",
    alias(({ value }) => `${value}\\032`)
  ),
  first(
    "the target has a space at its beginning",
    alias(({ value }) => `\\032${value}`)
  ),
  first(
    "the target is an address of the web",
    alias(({ value }) => `https\\058\\047\\047${value}\\047`)
  ),
  first(
    "the target stands in quotation marks",
    alias(({ value }) => `\\"${value}\\"`)
  ),
  first(
    "the target is one label with dots in it",
    alias(({ value }) => value.replaceAll(".", "\\."))
  ),
  all(
    "the target is that of an earlier setup",
    alias(({ token }) => `old${token}.dkim.sender.example`)
  ),
  first(
    "the target is that of another vendor",
    alias(() => "s1.domainkey.u1.wl.sendgrid.net")
  ),
  all(
    "the target is the shop's own web server",
    alias(() => "www.shop.example")
  ),
  first("the aliases lead on for too long", ({ name }) => [
    [name, "CNAME", "hop0.shop.example"],
    ...Array.from({ length: 12 }, (_, n): Published => [`hop${n}.shop.example`, "CNAME", `hop${n + 1}.shop.example`])
  ]),
  first("the aliases lead in a circle", ({ name }) => [
    [name, "CNAME", "loop.shop.example"],
    ["loop.shop.example", "CNAME", name]
  ]),
  // Too much.
  all("two aliases, of which one is right", (place) => [[place.name, "CNAME", place.value, next(place)]]),
  first("three aliases, all wrong", instead("CNAME", "a.example", "b.example", "c\\032.example")),
  first(
    "a wrong alias and a text",
    ({ name, value, zone }) => [
      [name, "CNAME", `${value}.${zone}`],
      [name, "TXT", "beside"]
    ],
    { textBeside: true }
  ),
  all("a different mistake in each", ({ index, name, value, zone }) => [
    index === 0
      ? [name, "TXT", value]
      : index === 1
        ? [name, "CNAME", `${value}.${zone}`]
        : [`${name}.${zone}`, "CNAME", value]
  ]),
  // Made for every name.
  { name: "a wildcard leads to www", published: () => [www, ["*.shop.example", "CNAME", "www.shop.example"]] },
  { name: "a wildcard has an address", published: () => [["*.shop.example", "A", "192.0.2.80"]] },
  {
    name: "a wildcard below _domainkey has a text",
    published: () => [["*._domainkey.shop.example", "TXT", "v=DKIM1; p="]]
  },
  {
    name: "a DNAME redirects _domainkey",
    published: () => [["_domainkey.shop.example", "DNAME", "keys.shop.example"]]
  },
  // What does not matter, or not to the alias.
  {
    name: "the right alias and a text",
    published: (setting) => placesOf(setting).flatMap((place) => [...right(place), [place.name, "TXT", key]]),
    isRight: true,
    textBeside: true
  },
  all("capital letters", ({ name, value }) => [[name.toUpperCase(), "CNAME", value.toUpperCase()]], { isRight: true })
]
