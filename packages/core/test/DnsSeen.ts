/**
 * Observations for the tests of judging, in a few words: what which server said to which question.
 */
import type { DnsObservation, DnsRecordType, SeenRecord, SourceAnswer } from "../src/DnsObservation.ts"

/** What a server says, whoever it is. */
export type Said = Omit<SourceAnswer, "server" | "role">

export const record = { type: "CNAME", name: "one._domainkey.example.com", value: "one.dkim.example.org" } as const

export const records = (...seen: ReadonlyArray<SeenRecord>): Said => ({ outcome: "records", records: seen })
export const cname = (...targets: ReadonlyArray<string>): Said =>
  records(...targets.map((value) => ({ type: "CNAME", value, ttl: 300 })))
export const nxdomain: Said = { outcome: "nxdomain", records: [], negativeTtl: 300 }
export const nodata: Said = { outcome: "nodata", records: [], negativeTtl: 300 }
export const refused: Said = { outcome: "unavailable", records: [], reason: "REFUSED" }
export const servfail: Said = { outcome: "unavailable", records: [], reason: "SERVFAIL" }

/** One of the zone's own servers, by its number. */
export const own = (server: number, said: Said): SourceAnswer => ({
  server: `192.0.2.${server}:53`,
  role: "authoritative",
  ...said
})
/** A resolver, by its number. */
export const resolver = (server: number, said: Said): SourceAnswer => ({
  server: `9.9.9.${server}:53`,
  role: "recursive",
  ...said
})

export const answersAbout = (
  name: string,
  type: DnsRecordType,
  ...sources: ReadonlyArray<SourceAnswer>
): DnsObservation => ({ name, type, mode: "authoritative", at: 0, sources })

/** The answers to the question for the record itself. */
export const seen = (...sources: ReadonlyArray<SourceAnswer>): DnsObservation =>
  answersAbout(record.name, "CNAME", ...sources)

/** What two of the zone's own servers say. */
export const both = (said: Said, name: string = record.name, type: DnsRecordType = "CNAME"): DnsObservation =>
  answersAbout(name, type, own(1, said), own(2, said))

/** The same where nobody but resolvers could be asked. */
export const byResolvers = (observation: DnsObservation): DnsObservation => ({ ...observation, mode: "resolver" })
