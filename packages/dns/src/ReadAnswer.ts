/**
 * What an answer says about the question, purely. Whatever says nothing about the name is `Nothing`, with the reason in
 * words: no answer that could not be understood ever counts for or against a record.
 */
import type { SeenRecord, SourceAnswer } from "@countersign/core"
import { type DnsMessage, type Question, rcodeName, type WireRecord } from "./DnsMessage.ts"
import { isAtOrBelow } from "./DnsName.ts"

/** An answer about the name. */
export interface Answer {
  readonly _tag: "Answer"
  readonly role: SourceAnswer["role"]
  readonly outcome: "records" | "nxdomain" | "nodata"
  readonly records: ReadonlyArray<SeenRecord>
  readonly negativeTtl?: number
  /** The apex of the zone that the name is in, where the answer shows it. */
  readonly zone?: string
}

/** The servers of a zone, as another server tells them. */
export interface Delegation {
  readonly zone: string
  /** Names of the servers. */
  readonly hosts: ReadonlyArray<string>
  /** Addresses of those below the zone that tells: nobody else can know them. */
  readonly glue: ReadonlyMap<string, ReadonlyArray<string>>
  /** Seconds. */
  readonly ttl: number
}

/** Ask there: the servers of a zone between the one that was asked and the name. */
export interface Referral extends Delegation {
  readonly _tag: "Referral"
}

/** It says nothing about the name. */
export interface Nothing {
  readonly _tag: "Nothing"
  readonly reason: string
  /**
   * `silent`: nothing came back. `unasked`: it was not sent, the fault is ours. `refused`: the server wants none of us.
   * `other`: it answered, uselessly.
   */
  readonly kind: "silent" | "unasked" | "refused" | "other"
  /** That it answers when it is asked not to check signatures. */
  readonly bogus?: true
}

export type Reading = Answer | Referral | Nothing

/** A source keeps so many records; an alias comes first, so that a second one beside it stays to be seen. */
const mostRecords = 16
const mostHosts = 13

export const nothing = (reason: string, kind: Nothing["kind"] = "other"): Nothing => ({ _tag: "Nothing", reason, kind })

/** Reads the answer of a server that was asked for a zone of its own, or of a recursive one. */
export const readAnswer = (message: DnsMessage, question: Question, zone: string | undefined): Reading => {
  const { answers, authoritative, authorities, rcode, recursionAvailable } = message
  if (rcode !== 0 && rcode !== 3) {
    return nothing(rcodeName(rcode), rcode === 5 ? "refused" : "other")
  }
  // A resolver sets AA for a zone of its own, which may be none that the world sees.
  const role = authoritative && zone !== undefined ? "authoritative" : "recursive"
  const own = answers.filter(({ owner }) => owner === question.name)
  if (own.length > 0) {
    const apex = authorities.find(
      ({ owner, type }) => (type === "NS" || type === "SOA") && holds(owner, question, zone)
    )
    return { _tag: "Answer", role, outcome: "records", records: kept(own), ...at(apex) }
  }
  if (answers.length > 0) return nothing("the answer is about another name")
  const soa = authorities.find(({ type }) => type === "SOA")
  const lower = zone === undefined || rcode !== 0 || soa !== undefined ? undefined : referral(message, question, zone)
  if (lower !== undefined) return lower
  if (soa !== undefined && !isAtOrBelow(question.name, soa.owner)) return nothing("the answer is about another zone")
  // Without AA it is an answer out of a cache, which shows by the SOA record where it comes from (RFC 2308, section 2).
  if (!authoritative && (!recursionAvailable || (rcode === 0 && soa === undefined))) {
    return nothing(authorities.some(({ type }) => type === "NS") ? "a referral that leads nowhere" : "an empty answer")
  }
  const negativeTtl = soa?.minimum === undefined ? {} : { negativeTtl: Math.min(soa.ttl, soa.minimum) }
  const outcome = rcode === 3 ? "nxdomain" : "nodata"
  const apex = soa !== undefined && holds(soa.owner, question, zone) ? soa : undefined
  return { _tag: "Answer", role, outcome, records: [], ...negativeTtl, ...at(apex) }
}

/** The delegation to a zone below the one that was asked, on the way to the name. Any other leads nowhere. */
const referral = (message: DnsMessage, { name }: Question, zone: string): Referral | undefined => {
  const records = message.authorities.filter(({ owner, type }) => type === "NS" && owner !== zone)
  const lower = records[0]?.owner
  if (lower === undefined || !isAtOrBelow(lower, zone) || !isAtOrBelow(name, lower)) return undefined
  const same = records.filter(({ owner }) => owner === lower)
  return { _tag: "Referral", ...delegation(lower, same, message.additionals, zone) }
}

/** A zone's servers from its NS records. `from` is the zone whose server tells; glue from outside of it is not used. */
export const delegation = (
  zone: string,
  records: ReadonlyArray<SeenRecord>,
  additionals: ReadonlyArray<WireRecord>,
  from: string
): Delegation => {
  const hosts = [...new Set(records.slice(0, mostHosts).map(({ value }) => value))]
  const addresses = additionals.filter(
    ({ owner, type }) => (type === "A" || type === "AAAA") && hosts.includes(owner) && isAtOrBelow(owner, from)
  )
  const glue = new Map(
    hosts.map((host) => [
      host,
      addresses
        .filter(({ owner }) => owner === host)
        .map(({ value }) => value)
        .slice(0, mostRecords)
    ])
  )
  return { zone, hosts, glue, ttl: Math.min(...records.map(({ ttl }) => ttl ?? 0)) }
}

const holds = (owner: string, { name }: Question, zone: string | undefined): boolean =>
  isAtOrBelow(name, owner) && (zone === undefined || isAtOrBelow(owner, zone))

const at = (record: WireRecord | undefined) => (record === undefined ? {} : { zone: record.owner })

const kept = (records: ReadonlyArray<WireRecord>): ReadonlyArray<SeenRecord> =>
  [...records.filter(({ type }) => type === "CNAME"), ...records.filter(({ type }) => type !== "CNAME")]
    .slice(0, mostRecords)
    .map(({ ttl, type, value }) => ({ type, value, ttl }))
