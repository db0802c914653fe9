/**
 * What a probe says: raw observations become one verdict per record, and the verdicts one result.
 *
 * Pure comparison. The engine queries the resolver and passes the answers in. Nothing is guessed: without an answer
 * the verdict is `indeterminate`, never `missing`.
 */
import { Schema } from "effect"
import type { DnsRecord } from "./DnsPlan.ts"

/** Evidence: what was queried for one record, at which servers, and what came back. Stored as it was seen. */
export const DnsObservation = Schema.Struct({
  name: Schema.String,
  /** The servers that were queried, as `host:port`. */
  servers: Schema.Array(Schema.String),
  /** `unavailable`: nobody gave a usable answer (SERVFAIL, REFUSED, timeout): says nothing about the record. */
  outcome: Schema.Literals(["answer", "nxdomain", "nodata", "unavailable"]),
  /** The CNAME targets met, hop by hop; several in one hop are one array. */
  targets: Schema.Array(Schema.Array(Schema.String)),
  /** Records of other types found at the name where the CNAME should stand. */
  others: Schema.Array(Schema.Struct({ type: Schema.String, value: Schema.String })),
  /** Why it was unavailable, in the resolver's words. */
  reason: Schema.optionalKey(Schema.String)
})
export type DnsObservation = typeof DnsObservation.Type

/** What a probe says about one record. `indeterminate`: no answer came, which is never "missing". */
export const Verdict = Schema.Literals(["valid", "missing", "mismatch", "conflict", "indeterminate"])
export type Verdict = typeof Verdict.Type

/** The verdict on one record of the plan. `found` is what stood there instead; empty when nothing did. */
export const RecordVerdict = Schema.Struct({
  name: Schema.String,
  verdict: Verdict,
  found: Schema.Array(Schema.String)
})
export type RecordVerdict = typeof RecordVerdict.Type

/** All right: `valid`. Any definitively wrong: `negative`. Anything else: `indeterminate`. */
export type ProbeResult = "valid" | "negative" | "indeterminate"

/** DNS names compare lower-cased and without the trailing dot (RFC 4343; RFC 1034, section 3.1). */
export const sameName = (a: string, b: string): boolean => bareName(a) === bareName(b)

const bareName = (name: string): string => {
  const lower = name.toLowerCase()
  return lower.endsWith(".") ? lower.slice(0, -1) : lower
}

/**
 * Judges one record. The target may be reached over several hops: that is what a verifier of signatures follows too.
 */
export const judgeRecord = (record: DnsRecord, seen: DnsObservation): RecordVerdict => {
  const say = (verdict: Verdict, found: ReadonlyArray<string> = []): RecordVerdict => ({
    name: record.name,
    verdict,
    found
  })
  const first = seen.targets[0] ?? []
  // Two CNAMEs at one name are not a choice but an error of the zone (RFC 2181, section 10.1).
  if (first.length > 1) return say("conflict", first.map(bareName).sort())
  if (seen.targets.some((hop) => hop.length === 1 && hop.some((target) => sameName(target, record.value)))) {
    return say("valid")
  }
  if (seen.outcome === "unavailable") return say("indeterminate")
  if (first.length === 1) return say("mismatch", first.map(bareName))
  if (seen.others.length > 0) return say("conflict", seen.others.map(({ type, value }) => `${type} ${value}`).sort())
  return say("missing")
}

/** Judges a whole plan. A record without an observation is indeterminate. */
export const judgePlan = (
  records: ReadonlyArray<DnsRecord>,
  seen: ReadonlyArray<DnsObservation>
): ReadonlyArray<RecordVerdict> =>
  records.map((record) => {
    const observation = seen.find(({ name }) => sameName(name, record.name))
    return observation === undefined
      ? { name: record.name, verdict: "indeterminate", found: [] }
      : judgeRecord(record, observation)
  })

/** All right is `valid`, anything definitively wrong is `negative`; the rest says nothing. */
export const probeResult = (verdicts: ReadonlyArray<RecordVerdict>): ProbeResult => {
  if (verdicts.length > 0 && verdicts.every(({ verdict }) => verdict === "valid")) return "valid"
  return verdicts.some(({ verdict }) => verdict !== "valid" && verdict !== "indeterminate")
    ? "negative"
    : "indeterminate"
}

/**
 * The verdicts known after a probe: a record without an answer keeps its earlier verdict, so that a failing
 * resolver does not appear as a change.
 */
export const mergeVerdicts = (
  before: ReadonlyArray<RecordVerdict>,
  now: ReadonlyArray<RecordVerdict>
): ReadonlyArray<RecordVerdict> =>
  now.map((verdict) =>
    verdict.verdict === "indeterminate" ? (before.find(({ name }) => name === verdict.name) ?? verdict) : verdict
  )

/** Whether two probes saw the same: then the second makes no event. */
export const sameVerdicts = (a: ReadonlyArray<RecordVerdict>, b: ReadonlyArray<RecordVerdict>): boolean =>
  a.length === b.length &&
  a.every((left, index) => {
    const right = b[index]
    return (
      right !== undefined &&
      left.name === right.name &&
      left.verdict === right.verdict &&
      left.found.length === right.found.length &&
      left.found.every((value, at) => value === right.found[at])
    )
  })
