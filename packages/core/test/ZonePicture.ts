/**
 * Zones as pictures: lines of a zone file, and how its servers behave, become what a probe and its neighbours see.
 *
 * The lines change a zone `example.com` in which all is well. Comments tell what a zone file cannot:
 *
 * - `; no <owner> <type>`, `; no other records`, `; not registered`: what is not there
 * - `; for <domain>`: the sender's domain, if it is not the zone; `; verified`: that it is
 * - `; <server> answers <reason>`: it gives no usable answer; 192.0.2.1 and .2 are the zone's own, others are caches
 * - `; <server> is silent about <name>`: it gives no answer in time
 * - `; <server> has <line>`, `; <server> lacks <owner>`: it serves another version
 * - `; <server> remembers nothing for <seconds>`: a cache that keeps a no
 */

import { type Diagnosed, diagnose, neighbourQuestions } from "../src/Diagnosis.ts"
import { aliasesIn, isQueryable, sameName } from "../src/DnsVerdict.ts"
import {
  type DnsObservation,
  type DnsRecordType,
  makeDnsPlan,
  type SeenRecord,
  type SourceAnswer
} from "../src/index.ts"

const domain = "example.com"
const tokens = ["one1", "two2", "three3"]
export const plan = makeDnsPlan(domain, tokens, "dkim.example.org")
export const at = Date.UTC(2030, 0, 1)

interface Line extends SeenRecord {
  readonly name: string
}

const registry = "com. NS a.gtld-servers.net."

const well = `
@ NS ns1.dns.example.net.
@ NS ns2.dns.example.net.
@ SOA ns1.dns.example.net. host.example.net. 7 7200 3600 1209600 300
@ MX 10 mail
mail A 192.0.2.25
_dmarc TXT v=DMARC1; p=none
one1.dkim.example.org. TXT v=DKIM1; p=KEY1
two2.dkim.example.org. TXT v=DKIM1; p=KEY2
three3.dkim.example.org. TXT v=DKIM1; p=KEY3`
  .trim()
  .split("\n")

const othersOf = ({ records }: typeof plan) => records.slice(1).map(({ name, value }) => `${name}. CNAME ${value}.`)

const absolute = (name: string): string =>
  name === "@" ? domain : name.endsWith(".") ? name.slice(0, -1) : `${name}.${domain}`

const lineOf = (text: string): Line => {
  const [, owner = "", ttl, type = "", rest = ""] =
    /^(\S+)\s+(?:(\d+)\s+)?(?:IN\s+)?([A-Z]+)\s+(.*)$/.exec(text.trim()) ?? []
  const value = ["CNAME", "NS", "DNAME"].includes(type)
    ? absolute(rest.trim())
    : type === "TXT"
      ? rest.replaceAll(/^"|"$|" "/g, "")
      : rest.trim()
  return { name: absolute(owner), type, value, ttl: Number(ttl ?? 300) }
}

/** How one server of a picture answers. */
interface Server {
  readonly address: string
  readonly lines: ReadonlyArray<Line>
  readonly silent?: string
  readonly silentAbout: ReadonlyArray<string>
  readonly remembers?: number
}

const read = (picture: string, of: typeof plan): ReadonlyArray<Server> => {
  const comments = picture.split("\n").flatMap((line) => /^\s*; (.*)/.exec(line)?.[1]?.trim() ?? [])
  const drawn = picture
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.trim().startsWith(";"))
    .map((line) => lineOf(line))
  const others = comments.includes("no other records") ? [] : othersOf(of)
  const base = [registry, ...(comments.includes("not registered") ? [] : [...well, ...others])].map(lineOf)
  const removed = comments.flatMap((comment) => {
    const [, owner, type] = /^no (\S+) ([A-Z]+)$/.exec(comment) ?? []
    return owner === undefined ? [] : [`${absolute(owner)} ${type}`]
  })
  const lines = [
    ...base.filter(
      ({ name, type }) =>
        !removed.includes(`${name} ${type}`) && !drawn.some((line) => line.name === name && line.type === type)
    ),
    ...drawn
  ]
  const addresses = new Set(["192.0.2.1", "192.0.2.2", ...comments.flatMap((c) => /^(\d[\d.]+) /.exec(c)?.[1] ?? [])])
  return [...addresses].map((address): Server => {
    const mine = comments.filter((comment) => comment.startsWith(`${address} `)).map((c) => c.slice(address.length + 1))
    const find = (word: string) => mine.filter((c) => c.startsWith(`${word} `)).map((c) => c.slice(word.length + 1))
    const lacks = find("lacks").map((owner) => absolute(owner))
    const has = find("has").map((line) => lineOf(line))
    const [silent] = find("answers")
    const silentAbout = find("is silent about").map((name) => absolute(name))
    const [remembers] = find("remembers nothing for")
    return {
      address,
      silentAbout,
      lines: [
        ...lines.filter(
          ({ name, type }) => !lacks.includes(name) && !has.some((l) => l.name === name && l.type === type)
        ),
        ...has
      ],
      ...(silent === undefined ? {} : { silent }),
      ...(remembers === undefined ? {} : { remembers: Number.parseInt(remembers, 10) })
    }
  })
}

const exists = (lines: ReadonlyArray<Line>, name: string): boolean =>
  lines.some((line) => line.name === name || line.name.endsWith(`.${name}`))

/** What a zone has at a name, with the wildcard of its closest encloser (RFC 4592). */
const lookUp = (lines: ReadonlyArray<Line>, name: string): ReadonlyArray<Line> | undefined => {
  if (exists(lines, name)) return lines.filter((line) => line.name === name)
  let encloser = name
  do encloser = encloser.slice(encloser.indexOf(".") + 1)
  while (encloser.includes(".") && !exists(lines, encloser))
  const dname = lines.find(({ type, name: owner }) => type === "DNAME" && name.endsWith(`.${owner}`))
  if (dname !== undefined) {
    const value = `${name.slice(0, -dname.name.length)}${dname.value}`
    return [{ name, type: "CNAME", value, ttl: 0 }]
  }
  const starred = lines.filter((line) => line.name === `*.${encloser}`)
  return starred.length > 0 ? starred : undefined
}

const answer = (server: Server, name: string, type: DnsRecordType): SourceAnswer => {
  const { address, lines, remembers } = server
  const silent = server.silentAbout.includes(name) ? "no answer in time" : server.silent
  const role = /^192\.0\.2\.[12]$/.test(address) ? "authoritative" : "recursive"
  const say = (rest: Omit<SourceAnswer, "server" | "role">): SourceAnswer => ({
    server: `${address}:53`,
    role,
    ...rest
  })
  if (silent !== undefined) {
    const bogus = silent.endsWith(" (bogus)")
    const reason = silent.replace(" (bogus)", "")
    return say({ outcome: "unavailable", records: [], reason, ...(bogus ? { bogus } : {}) })
  }
  if (remembers !== undefined) return say({ outcome: "nxdomain", records: [], negativeTtl: remembers })
  const there = lookUp(lines, name)
  if (there === undefined) return say({ outcome: "nxdomain", records: [], negativeTtl: 300 })
  const aliased = there.some((line) => line.type === "CNAME")
  // Servers that give records beside a CNAME do so whatever they are asked for.
  const records = there
    .filter((line) => aliased || line.type === type)
    .map(({ type: of, value, ttl = 300 }): SeenRecord => ({ type: of, value, ttl }))
  return say(
    records.length > 0 ? { outcome: "records", records } : { outcome: "nodata", records: [], negativeTtl: 300 }
  )
}

/** What a probe of the plan sees in the zone, as the engine asks for it. */
const probe = (servers: ReadonlyArray<Server>, of: { readonly plan: typeof plan }): ReadonlyArray<DnsObservation> => {
  const ask = asker(servers)
  return of.plan.records.flatMap((record) => {
    const seen = ask(record.name, "CNAME")
    const hops: Array<DnsObservation> = []
    let target = aliasesIn(seen.sources.flatMap(({ records }) => records))[0]
    while (target !== undefined && !sameName(target, record.value) && hops.length < 8 && isQueryable(target)) {
      const hop = ask(target, "CNAME")
      if (hops.some(({ name }) => name === hop.name) || target === record.name) break
      hops.push(hop)
      target = aliasesIn(hop.sources.flatMap(({ records }) => records))[0]
    }
    const bare = seen.sources.some(
      ({ outcome, records }) => outcome === "nodata" || (outcome === "records" && aliasesIn(records).length === 0)
    )
    const rest = bare ? (["TXT", "A", "AAAA"] as const).map((type) => ask(record.name, type)) : []
    const hasText = rest.some(({ sources }) =>
      sources.some(({ records }) => records.some(({ type }) => type === "TXT"))
    )
    return [seen, ...hops, ...rest, ...(hasText ? [ask(record.value, "TXT")] : [])]
  })
}

const asker =
  (servers: ReadonlyArray<Server>) =>
  (name: string, type: DnsRecordType): DnsObservation => {
    const zones = servers.flatMap(({ lines }) => lines.flatMap((line) => (line.type === "NS" ? [line.name] : [])))
    const zone = zones
      .filter((apex) => name === apex || name.endsWith(`.${apex}`))
      .toSorted((a, b) => b.length - a.length)[0]
    return {
      name,
      type,
      mode: "authoritative",
      ...(zone === undefined ? {} : { zone }),
      at,
      sources: servers.map((server) => answer(server, name, type))
    }
  }

/** All that is seen of the picture: the probe, and the neighbours that are worth asking for. */
export const look = (picture: string, more: Partial<Diagnosed> = {}): Diagnosed => {
  const sender = /^; for (\S+)$/m.exec(picture)?.[1] ?? domain
  const verified = picture.includes("; verified")
  const of = { plan: makeDnsPlan(sender, tokens, "dkim.example.org"), domain: sender, verified, ...more }
  const servers = read(picture, of.plan)
  const evidence = probe(servers, of)
  const neighbours = neighbourQuestions({ ...of, evidence }).map(({ name, type }) => asker(servers)(name, type))
  return { ...of, evidence, neighbours }
}

/** What the diagnosis says of the picture. */
export const diagnosed = (picture: string, more: Partial<Diagnosed> = {}) => diagnose(look(picture, more))

/** The codes of its findings, each once. */
export const codesOf = (picture: string, more: Partial<Diagnosed> = {}): ReadonlyArray<string> => [
  ...new Set(diagnosed(picture, more).map(({ code }) => code))
]

/** The record that is right, for pictures in which something else is of interest. */
export const right = "one1._domainkey CNAME one1.dkim.example.org."

const signs = { add: "+", change: "~", delete: "-" } as const

/** What is said of the record `one1` and of the domain, as text: code and what was found, sentences, edits. */
export const told = (picture: string, more: Partial<Diagnosed> = {}): string =>
  diagnosed(picture, more)
    .filter(({ record }) => record === undefined || record.startsWith("one1."))
    .flatMap(({ code, record, found, message, fix }) => [
      `${[record === undefined ? `${code} of the domain` : code, ...found].join(" | ")}`,
      message,
      fix.message,
      ...fix.edits.map(({ action, line }) => `${signs[action]} ${line}`)
    ])
    .join("\n")

/** A zone, where the case comes from, and what is said. */
export interface Case {
  readonly source: string
  readonly zone: string
  readonly more?: Partial<Diagnosed>
  readonly says: string
}
