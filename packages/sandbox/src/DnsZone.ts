/**
 * What the sandbox's DNS server knows: a set of records, changed by pure functions. Which zones they belong to is told
 * apart (`DnsLookup.ts`). It promises that what it holds can be put on the wire.
 */
import { isIPv4, isIPv6 } from "node:net"
import { Data, Result } from "effect"
import { nameFlaw, normalName, targetFlaw } from "./DnsName.ts"

const recordTypes = ["A", "AAAA", "CNAME", "DNAME", "MX", "NS", "TXT"] as const
/** The types that the zone holds. */
export type DnsRecordType = (typeof recordTypes)[number]

/** A record as in a zone file: names without the trailing dot, octets of a target escaped where it must be. */
export interface DnsRecord {
  /** Lower-cased, without the trailing dot. */
  readonly name: string
  readonly type: DnsRecordType
  /** An address, a name as typed but without the trailing dot, "preference name" for MX, the whole text for TXT. */
  readonly value: string
  /** Seconds. */
  readonly ttl: number
}

/** The records of each name by type. A name that is here has at least one record. */
export type DnsZone = ReadonlyMap<string, ReadonlyMap<DnsRecordType, ReadonlyArray<DnsRecord>>>

/** A record that the zone does not take; the message is one clear sentence. */
export class DnsRecordRefused extends Data.TaggedError("DnsRecordRefused")<{
  readonly reason: "name" | "type" | "value" | "ttl" | "conflict"
  readonly message: string
}> {}

/** How a record is put. */
export interface PutOptions {
  /** Seconds, 0 by default: a change is seen at once. */
  readonly ttl?: number
  /**
   * Allows what RFC 1034 section 3.6.2 forbids, a CNAME beside other data or a second CNAME, as broken servers show it.
   */
  readonly allowConflict?: boolean
}

export const empty: DnsZone = new Map()

/** What leaves room for the longest name, twice, in a message over TCP, whose length is at most 65,535. */
const longestText = 64_000

const refuse = (reason: DnsRecordRefused["reason"], message: string) =>
  Result.fail(new DnsRecordRefused({ reason, message }))

/** The canonical text of an IPv6 address (RFC 5952), with an embedded IPv4 address in hexadecimal. */
const canonicalIPv6 = (value: string): string => new URL(`http://[${value}]`).hostname.slice(1, -1)

const target = (type: DnsRecordType, value: string): Result.Result<string, DnsRecordRefused> => {
  const flaw = targetFlaw(value)
  return flaw === undefined
    ? Result.succeed(value.replace(/(?<!\\)\.$/, ""))
    : refuse("value", `The target of this ${type} record ${flaw}.`)
}

const mailExchange = (value: string): Result.Result<string, DnsRecordRefused> => {
  const [, preference = "", exchange = ""] = /^(\d{1,5})\s+(\S+)$/.exec(value.trim()) ?? []
  if (exchange === "" || Number(preference) > 65_535) {
    return refuse("value", `An MX value is a preference from 0 to 65535 and a name, such as "10 mail.example.com".`)
  }
  // The null MX (RFC 7505): this domain takes no mail.
  if (exchange === ".") return Result.succeed(`${Number(preference)} .`)
  return Result.map(target("MX", exchange), (name) => `${Number(preference)} ${name}`)
}

const checkedValue = (type: DnsRecordType, value: string): Result.Result<string, DnsRecordRefused> => {
  switch (type) {
    case "A":
      return isIPv4(value) ? Result.succeed(value) : refuse("value", "The value of an A record is an IPv4 address.")
    case "AAAA":
      return isIPv6(value) && !value.includes("%")
        ? Result.succeed(canonicalIPv6(value))
        : refuse("value", "The value of an AAAA record is an IPv6 address.")
    case "CNAME":
    case "DNAME":
    case "NS":
      return target(type, value)
    case "MX":
      return mailExchange(value)
    case "TXT":
      return Buffer.byteLength(value) <= longestText
        ? Result.succeed(value)
        : refuse("value", `A TXT value may be at most ${longestText} octets long.`)
  }
}

export const isRecordType = (type: string): type is DnsRecordType => recordTypes.some((known) => known === type)

/** The records of one put, checked. */
const checkedRecords = (
  name: string,
  type: string,
  values: ReadonlyArray<string>,
  ttl: number
): Result.Result<{ readonly type: DnsRecordType; readonly records: ReadonlyArray<DnsRecord> }, DnsRecordRefused> => {
  const flaw = nameFlaw(name)
  if (flaw !== undefined) return refuse("name", `The record's name ${flaw}.`)
  const upper = type.toUpperCase()
  if (!isRecordType(upper)) return refuse("type", `A record's type is one of ${recordTypes.join(", ")}.`)
  if (!Number.isInteger(ttl) || ttl < 0 || ttl > 2_147_483_647) {
    return refuse("ttl", "A TTL is a whole number of seconds from 0 to 2147483647.")
  }
  const records: Array<DnsRecord> = []
  for (const value of new Set(values)) {
    const checked = checkedValue(upper, value)
    if (Result.isFailure(checked)) return Result.fail(checked.failure)
    records.push({ name: normalName(name), type: upper, value: checked.success, ttl })
  }
  return Result.succeed({ type: upper, records })
}

/** Replaces the records of this name and type; without values they are taken away. */
export const put = (
  zone: DnsZone,
  name: string,
  type: string,
  values: ReadonlyArray<string>,
  options: PutOptions = {}
): Result.Result<DnsZone, DnsRecordRefused> =>
  Result.flatMap(checkedRecords(name, type, values, options.ttl ?? 0), ({ records, type: known }) => {
    const owner = normalName(name)
    const types = new Map(zone.get(owner))
    types.delete(known)
    if (records.length > 0) types.set(known, records)
    const aliases = types.get("CNAME")?.length ?? 0
    if (options.allowConflict !== true && records.length > 0 && (aliases > 1 || (aliases === 1 && types.size > 1))) {
      const others = [...types.keys()].filter((other) => other !== "CNAME")
      return refuse(
        "conflict",
        aliases > 1
          ? `${owner} can have only one CNAME record.`
          : `${owner} cannot have a CNAME record and other records (${others.join(", ")}) at once; remove the name first.`
      )
    }
    const next = new Map(zone)
    if (types.size === 0) next.delete(owner)
    else next.set(owner, types)
    return Result.succeed(next)
  })

/** Takes away all records of a name. */
export const remove = (zone: DnsZone, name: string): DnsZone => {
  const next = new Map(zone)
  next.delete(normalName(name))
  return next
}

/** All records, in the order in which their names were put. */
export const list = (zone: DnsZone): ReadonlyArray<DnsRecord> =>
  [...zone.values()].flatMap((types) => [...types.values()].flat())

/** A zone of exactly these records, as `list` gave them. Conflicts among them are kept. */
export const fromRecords = (records: ReadonlyArray<DnsRecord>): Result.Result<DnsZone, DnsRecordRefused> => {
  let zone = empty
  for (const set of Map.groupBy(records, (record) => `${record.type} ${normalName(record.name)}`).values()) {
    const [first] = set
    if (first === undefined) continue
    const values = set.map((record) => record.value)
    const next = put(zone, first.name, first.type, values, { ttl: first.ttl, allowConflict: true })
    if (Result.isFailure(next)) return next
    zone = next.success
  }
  return Result.succeed(zone)
}

/** Whether the name has no records but names below it do (RFC 8020): it exists, and is empty. */
export const isEmptyNonTerminal = (zone: DnsZone, name: string): boolean =>
  !zone.has(name) && [...zone.keys()].some((other) => other.endsWith(`.${name}`))
