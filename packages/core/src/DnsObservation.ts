/**
 * What was seen in the DNS: one question, and what each source said to it.
 *
 * A probe is a list of observations, and everything that follows from it (verdicts, agreement, findings) is derived
 * from that list alone. So an observation is evidence: what goes into an event is cut to a bounded size first
 * (`boundEvidence`), and it is judged as it is stored.
 */
import { Schema } from "effect"

/** The types of records that a probe asks for. */
export const DnsRecordType = Schema.Literals(["CNAME", "A", "AAAA", "TXT", "NS", "MX", "SOA"])
export type DnsRecordType = typeof DnsRecordType.Type

/**
 * One record of an answer. A name in a value is lower-case and without its trailing dot; octets of a label that a host
 * name cannot have (dots and spaces among them) are escaped as in zone files, `\.` or `\032` (RFC 1035, section 5.1;
 * RFC 4343, section 2.1). The strings of a TXT record are joined; its octets outside of printable ASCII are escaped.
 */
export const SeenRecord = Schema.Struct({
  type: Schema.String,
  value: Schema.String,
  /** Seconds. Absent where the resolver does not tell it. */
  ttl: Schema.optionalKey(Schema.Number),
  /** The value was too long to keep: how long it was, in characters, and the SHA-256 of all of it in hexadecimal. */
  cut: Schema.optionalKey(Schema.Struct({ length: Schema.Number, sha256: Schema.String }))
})
export type SeenRecord = typeof SeenRecord.Type

/**
 * What one source said. One of the zone's own servers is `authoritative` only by the AA bit of its answer (RFC 1035,
 * section 4.1.1): somebody else may have answered in its place. A resolver is `recursive` whatever it says. A source
 * that gave no usable answer has the role in which it was asked.
 */
export const SourceAnswer = Schema.Struct({
  /** As `host:port`. */
  server: Schema.String,
  role: Schema.Literals(["authoritative", "recursive"]),
  /**
   * `records`: there are records at the name, of the type or others. `nxdomain`: there is nothing at the name nor below
   * it (RFC 8020). `nodata`: the name is there, without records of the type (RFC 2308, section 2.2). `unavailable`: it
   * gave no usable answer (SERVFAIL, REFUSED, NOTIMP, a referral that leads nowhere, silence), which says nothing about
   * the name.
   */
  outcome: Schema.Literals(["records", "nxdomain", "nodata", "unavailable"]),
  /** The records at exactly this name; for CNAME that is one hop. */
  records: Schema.Array(SeenRecord),
  /** For how many seconds a cache may keep this no: the lesser of the SOA's TTL and MINIMUM (RFC 2308, section 5). */
  negativeTtl: Schema.optionalKey(Schema.Number),
  /** Why it is unavailable, in the resolver's words, such as `SERVFAIL` or `no answer in time`. */
  reason: Schema.optionalKey(Schema.String),
  /** That DNSSEC is what fails: the same question with CD=1 (RFC 4035, section 3.2.2) is answered. */
  bogus: Schema.optionalKey(Schema.Boolean)
})
export type SourceAnswer = typeof SourceAnswer.Type

/** One question and what each source said to it. */
export const DnsObservation = Schema.Struct({
  /** Lower-case, without the trailing dot. */
  name: Schema.String,
  type: DnsRecordType,
  /**
   * `authoritative`: the zone's own servers were asked. `resolver`: none of them could be, or none was meant to be, and
   * recursive resolvers answered in their place: one answer then decides what two servers would have to agree on.
   */
  mode: Schema.Literals(["authoritative", "resolver"]),
  /** The apex of the zone that the name is in, where it was found out. */
  zone: Schema.optionalKey(Schema.String),
  /** Milliseconds since the epoch. */
  at: Schema.Number,
  sources: Schema.Array(SourceAnswer)
})
export type DnsObservation = typeof DnsObservation.Type
