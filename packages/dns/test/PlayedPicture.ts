/**
 * The pictures of docs/reference/findings.md, played: each becomes zones of the simulated DNS, with servers that behave
 * as its comments say.
 */
import { makeDnsPlan } from "@countersign/core"
import type { SimulatedFault, SimulatedZone } from "@countersign/testkit/dns"
import { encode } from "dns-packet"
import { Effect } from "effect"
import { first, Internet, resolver, second, third } from "./Internet.ts"

const origin = "example.com"
const ours = "dkim.example.org"
const tokens = ["one1", "two2", "three3"]

interface Line {
  readonly name: string
  readonly type: string
  readonly value: string
  readonly ttl: number
}

const absolute = (name: string): string =>
  name === "@" ? origin : /(?<!\\)\.$/.test(name) ? name.slice(0, -1) : `${name}.${origin}`

const lineOf = (text: string): Line => {
  const [, owner = "", ttl = "300", type = "", rest = ""] = /^(\S+)\s+(?:(\d+)\s+)?([A-Z]+)\s+(.*)$/.exec(text) ?? []
  const value = ["CNAME", "NS", "DNAME"].includes(type) ? absolute(rest) : rest.replaceAll('"', "")
  return { name: absolute(owner), type, value, ttl: Number(ttl) }
}

/** What the zone has where the picture says nothing. */
const usual = ["@ MX 10 mail.example.com", "mail A 192.0.2.25", "_dmarc TXT v=DMARC1; p=none"]

const faultOf = (behaviour: string): SimulatedFault => {
  if (behaviour === "SERVFAIL") return { kind: "servfail", name: "*" }
  if (behaviour === "NOTIMP") return { kind: "notimp", name: "*" }
  if (behaviour === "REFUSED") return { kind: "refused", name: "*" }
  if (behaviour === "no answer in time") return { kind: "timeout", name: "*" }
  if (behaviour === "a referral that leads nowhere") {
    return { kind: "refer", name: "*", zone: "com", nameServers: ["a.gtld-servers.net"] }
  }
  const [, address] = /^the question for the CNAME with A (\S+)$/.exec(behaviour) ?? []
  if (address !== undefined) {
    return { kind: "forge", name: `one1._domainkey.${origin}`, type: "CNAME", answer: [{ type: "A", value: address }] }
  }
  throw new Error(`no server is told how to answer ${behaviour}`)
}

/** In the pictures, the zone's own servers are 192.0.2.1 and 192.0.2.2; 192.0.2.53 is a resolver. */
const addresses = new Map([
  ["192.0.2.1", first],
  ["192.0.2.2", second],
  [resolver, resolver]
])

/** The internet of a picture, and what is asked about it. Its servers begin to `fail` when told. */
export const playPicture = Effect.fnUntraced(function* (picture: string) {
  const comments = picture.split("\n").flatMap((line) => /^; (.*)$/.exec(line)?.[1] ?? [])
  const drawn = picture.split("\n").flatMap((line) => (/^[^; ]/.test(line) ? [lineOf(line)] : []))
  const told = (pattern: RegExp) =>
    comments.flatMap((comment) => [pattern.exec(comment)?.slice(1) ?? []].filter((found) => found.length > 0))
  const domain = told(/^for (\S+)$/)[0]?.[0] ?? origin
  const plan = makeDnsPlan(domain, tokens, ours)
  const others = comments.includes("no other records") ? [] : plan.records.slice(1)
  const gone = told(/^no (\S+) ([A-Z]+)$/).map(([owner = "", type = ""]) => `${absolute(owner)} ${type}`)
  const lines = [...usual.map(lineOf), ...others.map(({ name, type, value }) => ({ name, type, value, ttl: 300 }))]
    .filter(({ name, type }) => !drawn.some((line) => line.name === name && line.type === type))
    .concat(drawn)
    .filter(({ name, type }) => !gone.includes(`${name} ${type}`))

  const net = new Internet()
  net.dns.zone({ name: "com", servers: [{ name: "a.gtld-servers.net", address: "198.51.100.53" }] })
  net.dns.zone({ name: "example.org", servers: [{ name: "ns.example.org", address: third }] })
  const keys = net.dns.zone({ name: ours, servers: [{ name: `ns.${ours}`, address: third }] })
  for (const [index, { value }] of plan.records.entries()) {
    if (!gone.includes(`${value} TXT`)) keys.always(value, "TXT", [`v=DKIM1; p=KEY${index + 1}`])
  }
  net.dns.resolver(resolver)

  const late = told(/^192\.0\.2\.2 lacks (\S+)$/).map(([owner = ""]) => absolute(owner))
  const kept = told(/^192\.0\.2\.53 remembers nothing for (\d+) seconds$/)[0]?.[0]
  const isPrivate = picture.includes("private addresses")
  const serversOf = (apex: string, at: ReadonlyArray<string>) => {
    const named = lines.filter(({ name, type }) => name === apex && type === "NS").map(({ value }) => value)
    const [name = "ns1.hosting.net"] = named
    return at.map((address, index) => ({
      name: named[index] ?? (index === 0 ? name : name.replace(/^[^.]+/, `ns${index + 1}`)),
      address: isPrivate ? `10.0.0.${index + 1}` : address,
      ...(index === 0 || late.length === 0 ? {} : { delay: "1 hour" as const })
    }))
  }
  const times = kept === undefined ? {} : { soaTtl: Number(kept), minimum: Number(kept) }
  const zones: Array<SimulatedZone> = []
  if (!comments.includes("not registered")) {
    const bogus = comments.some((comment) => comment.endsWith("(bogus)"))
    zones.push(net.dns.zone({ name: origin, servers: serversOf(origin, [first, second]), bogus, ...times }))
  }
  const below = `_domainkey.${origin}`
  if (lines.some(({ name, type }) => name === below && type === "NS")) {
    zones.unshift(net.dns.zone({ name: below, servers: serversOf(below, ["198.51.100.4", "198.51.100.5"]) }))
  }
  const sets = Map.groupBy(
    lines.filter(({ type }) => type !== "NS"),
    ({ name, type }) => `${name} ${type}`
  )
  // The cache of the resolver keeps the no that it hears now.
  const later: Array<Effect.Effect<unknown, unknown>> = []
  for (const set of sets.values()) {
    const [{ name, type, ttl } = lineOf("")] = set
    const values = set.map(({ value }) => value)
    const zone = zones.find(({ apex }) => name === apex || name.endsWith(`.${apex}`))
    const isLate = late.includes(name) || (kept !== undefined && name === plan.records[0]?.name)
    if (zone === undefined) continue
    if (isLate) later.push(zone.put(name, type, values, { ttl }))
    else zone.always(name, type, values, { ttl, allowConflict: true })
  }
  const [record] = plan.records
  if (kept !== undefined && record !== undefined) {
    const question = encode({ type: "query", id: 1, flags: 0x100, questions: [{ name: record.name, type: "CNAME" }] })
    net.dns.exchange(resolver, "tcp", question, 0)
  }
  yield* Effect.all(later)

  const fail = Effect.sync(() => {
    for (const [server = "", behaviour = ""] of told(/^([\d.]+) answers (.+)$/)) {
      const address = addresses.get(server)
      if (address !== undefined && !isPrivate && !behaviour.endsWith("(bogus)"))
        net.dns.fail(address, [faultOf(behaviour)])
    }
  })
  // Hardly a server holds both; some that do give them together.
  for (const { name, value } of lines.filter(({ type }) => type === "CNAME")) {
    const texts = lines.flatMap((line) => (line.name === name && line.type === "TXT" ? [line.value] : []))
    if (texts.length === 0) continue
    const beside = texts.map((text) => ({ type: "TXT" as const, value: text }))
    for (const address of [first, second]) {
      net.dns.fail(address, [{ kind: "forge", name, type: "CNAME", answer: [{ type: "CNAME", value }, ...beside] }])
    }
  }
  return { net, plan, domain, verified: comments.includes("verified"), ours, fail }
})
