/**
 * What an authoritative server finds for a question, by the algorithm of RFC 1034 section 4.3.2: the closest of its
 * zones, delegations on the way (a referral with glue), DNAME (RFC 6672), aliases, wildcards (RFC 4592). Missing names
 * are NXDOMAIN, missing types NOERROR without records, both with the zone's SOA (RFC 2308). Aliases are followed as far
 * as the server has zones.
 */
import type { Answer, Question } from "dns-packet"
import { nameBytes, normalName } from "./DnsName.ts"
import { type DnsRecord, type DnsRecordType, type DnsZone, isEmptyNonTerminal, isRecordType } from "./DnsZone.ts"

/** A zone that a server is the authority for. Its records are those at its apex and below, down to the next apex. */
export interface ZoneApex {
  /** Lower-cased, without the trailing dot; empty for the root. */
  readonly apex: string
  /** The TTL of the SOA record, in seconds. How long a no is kept is the lesser of this and `minimum` (RFC 2308). */
  readonly soaTtl: number
  /** The SOA's MINIMUM, in seconds. */
  readonly minimum: number
  /** Whether NS records below the apex delegate. Otherwise the server answers for the names below them itself. */
  readonly delegates: boolean
}

/** What a server is the authority for. The NS records of a zone stand at its apex; without any there is one of ours. */
export interface Authority {
  readonly zones: ReadonlyArray<ZoneApex>
  readonly records: DnsZone
  /** The serial number in the SOA of each zone. */
  readonly serial: number
}

/** What was found. */
export interface Found {
  readonly rcode: "NOERROR" | "NXDOMAIN" | "REFUSED" | "YXDOMAIN"
  readonly authoritative: boolean
  readonly answers: Array<Answer>
  readonly authorities: Array<Answer>
  readonly additionals: Array<Answer>
}

const longestChain = 16
const nameServer = "ns.sandbox.invalid"

/** Texts travel in strings of at most 255 octets (RFC 1035 section 3.3). */
const textStrings = (text: string): Array<Buffer> => {
  const bytes = Buffer.from(text)
  const strings: Array<Buffer> = []
  for (let start = 0; start === 0 || start < bytes.length; start += 255)
    strings.push(bytes.subarray(start, start + 255))
  return strings
}

const typeNumbers = { CNAME: 5, DNAME: 39, NS: 2 } as const

/** A record for the wire, owned by `owner` as it was spelled in the question. */
export const wire = ({ ttl, type, value }: Omit<DnsRecord, "name">, owner: string): Answer => {
  if (type === "TXT") return { name: owner, type, ttl, data: textStrings(value) }
  if (type === "MX") {
    const [preference, exchange = "."] = value.split(" ")
    return { name: owner, type, ttl, data: { preference: Number(preference), exchange } }
  }
  if (type === "A" || type === "AAAA" || !value.includes("\\")) return { name: owner, type, ttl, data: value }
  // dns-packet splits names at every dot. It writes the bytes of a type without a name as they are, which its
  // declarations do not know: any of the types whose data are bytes stands for it.
  return { name: owner, type: `UNKNOWN_${typeNumbers[type]}` as "NULL", ttl, data: nameBytes(value) }
}

const soa = ({ apex, minimum, soaTtl }: ZoneApex, serial: number): Answer => ({
  name: apex === "" ? "." : apex,
  type: "SOA",
  ttl: soaTtl,
  data: {
    mname: nameServer,
    rname: "hostmaster.sandbox.invalid",
    serial,
    refresh: 3600,
    retry: 600,
    expire: 86_400,
    minimum
  }
})

/** Whether a name is the apex or below it. */
export const isWithin = (name: string, apex: string): boolean =>
  apex === "" || name === apex || name.endsWith(`.${apex}`)

/** The zone of a name: of those that it is in, the one that is furthest down. */
export const zoneOf = <Zone extends { readonly apex: string }>(
  zones: Iterable<Zone>,
  name: string
): Zone | undefined => {
  let closest: Zone | undefined
  for (const zone of zones) {
    if (isWithin(name, zone.apex) && zone.apex.length >= (closest?.apex.length ?? 0)) closest = zone
  }
  return closest
}

/** The names from below the apex down to the name itself. */
const pathTo = (name: string, apex: string): ReadonlyArray<string> => {
  if (name === apex) return []
  const labels = name.split(".")
  const below = labels.length - (apex === "" ? 0 : apex.split(".").length)
  return Array.from({ length: below }, (_, index) => labels.slice(below - 1 - index).join("."))
}

type Types = ReadonlyMap<DnsRecordType, ReadonlyArray<DnsRecord>>

/** The records that answer for a name: its own, or those of a wildcard. `undefined`: there is no such name. */
const typesAt = (records: DnsZone, apex: string, name: string): Types | undefined => {
  const exists = (other: string) => other === apex || records.has(other) || isEmptyNonTerminal(records, other)
  if (exists(name)) return records.get(name) ?? new Map()
  const closest = pathTo(name, apex).findLast(exists) ?? apex
  const wildcard = closest === "" ? "*" : `*.${closest}`
  return exists(wildcard) ? (records.get(wildcard) ?? new Map()) : undefined
}

/** What is found for a question. */
export const look = ({ records, serial, zones }: Authority, { name: asked, type }: Question): Found => {
  const found: Found = { rcode: "NOERROR", authoritative: true, answers: [], authorities: [], additionals: [] }
  const { answers, authorities, additionals } = found
  const seen = new Set<string>()
  let owner = asked
  while (true) {
    const name = normalName(owner)
    const zone = zoneOf(zones, name)
    if (zone === undefined) return seen.size > 0 ? found : { ...found, rcode: "REFUSED", authoritative: false }
    // The chain bites its tail or has no end: what there is of it, as authoritative servers answer.
    if (seen.has(name) || seen.size === longestChain) return found
    seen.add(name)

    const path = pathTo(name, zone.apex)
    const cut = zone.delegates ? path.find((node) => records.get(node)?.has("NS")) : undefined
    const redirected = [zone.apex, ...path].find((node) => node !== name && records.get(node)?.has("DNAME"))
    // Of a DNAME and a delegation, the upper one is met first.
    if (cut !== undefined && (redirected === undefined || cut.length <= redirected.length)) {
      for (const record of records.get(cut)?.get("NS") ?? []) {
        authorities.push(wire(record, cut))
        const glue = records.get(normalName(record.value))
        for (const address of [...(glue?.get("A") ?? []), ...(glue?.get("AAAA") ?? [])])
          additionals.push(wire(address, address.name))
      }
      return { ...found, authoritative: answers.length > 0 }
    }
    const [dname] = (redirected === undefined ? undefined : records.get(redirected)?.get("DNAME")) ?? []
    if (dname !== undefined) {
      answers.push(wire(dname, dname.name))
      const alias = owner.slice(0, name.length - dname.name.length) + dname.value
      if (nameBytes(alias).length > 255) return { ...found, rcode: "YXDOMAIN" }
      answers.push(wire({ type: "CNAME", value: alias, ttl: dname.ttl }, owner))
      if (type === "CNAME") return found
      owner = alias
      continue
    }

    const types = typesAt(records, zone.apex, name)
    const any = String(type) === "ANY"
    const own = any ? [...(types?.values() ?? [])].flat() : isRecordType(type) ? (types?.get(type) ?? []) : []
    const aliases = own.length > 0 ? [] : (types?.get("CNAME") ?? [])
    const before = answers.length
    if (name === zone.apex) {
      if (type === "SOA" || any) answers.push(soa(zone, serial))
      if ((type === "NS" || any) && !types?.has("NS"))
        answers.push(wire({ type: "NS", value: nameServer, ttl: zone.soaTtl }, owner))
    }
    for (const record of [...own, ...aliases]) answers.push(wire(record, owner))
    if (answers.length > before + aliases.length) return found
    const [alias] = aliases
    if (alias === undefined) {
      authorities.push(soa(zone, serial))
      return { ...found, rcode: types === undefined ? "NXDOMAIN" : "NOERROR" }
    }
    // An alias to a name that no question can hold leads nowhere.
    if (alias.value.includes("\\")) return found
    owner = alias.value
  }
}
