/**
 * What a probe says: observations become one verdict per record, the verdicts one result, and negatives a reason to
 * move a domain down.
 *
 * Pure comparison of what is stored as evidence, so that every transition by verdict can be derived again from its event
 * alone. Nothing is guessed: without an answer the verdict is `indeterminate`, never `missing`.
 */
import { Schema } from "effect"
import { sameKey } from "./DkimKey.ts"
import type { DnsObservation, DnsRecordType, SeenRecord, SourceAnswer } from "./DnsObservation.ts"
import type { DnsRecord } from "./DnsPlan.ts"

/** What a probe says about one record. `indeterminate`: no answer came that decides it, which is never "missing". */
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

/** A negative probe: what a domain moves down by. */
export interface Negative {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly evidence: ReadonlyArray<DnsObservation>
}

/** So many aliases are followed; resolvers give up on longer chains themselves (Unbound after 11). */
export const longestAliasChain = 8

/** For how long a cache may keep a no whose TTL the resolver does not tell, in seconds. */
const unknownNegativeTtl = 3_600

/** DNS names compare lower-cased and without the trailing dot (RFC 4343; RFC 1034, section 3.1). */
export const sameName = (a: string, b: string): boolean => bareName(a) === bareName(b)

/** Lower-case, and without the trailing dot. */
export const bareName = (name: string): string => {
  const lower = name.toLowerCase()
  return lower.endsWith(".") && !lower.endsWith("\\.") ? lower.slice(0, -1) : lower
}

/** The answers to one question, if it was asked. */
export const observed = (
  evidence: ReadonlyArray<DnsObservation>,
  name: string,
  type: DnsRecordType
): DnsObservation | undefined =>
  evidence.find((observation) => observation.type === type && sameName(observation.name, name))

/** The answers about the aliases at a name: where a name above it does not exist, neither does the name (RFC 8020). */
const aliasAnswers = (evidence: ReadonlyArray<DnsObservation>, name: string): DnsObservation | undefined =>
  observed(evidence, name, "CNAME") ??
  evidence.find(
    ({ name: above, sources }) =>
      bareName(name).endsWith(`.${bareName(above)}`) && sources.some(({ outcome }) => outcome === "nxdomain")
  )

/** What one source says of one record. */
export interface Reading {
  readonly source: SourceAnswer
  readonly verdict: Verdict
  readonly found: ReadonlyArray<string>
}

/** What each source that was asked says of a record. */
export const readingsOf = (record: DnsRecord, evidence: ReadonlyArray<DnsObservation>): ReadonlyArray<Reading> => {
  const sources = aliasAnswers(evidence, record.name)?.sources ?? []
  return sources.map((source) => ({ source, ...readingOf(record, evidence, source) }))
}

const readingOf = (
  record: DnsRecord,
  evidence: ReadonlyArray<DnsObservation>,
  { outcome, records }: SourceAnswer
): Omit<Reading, "source"> => {
  if (outcome === "unavailable") return { verdict: "indeterminate", found: [] }
  const targets = aliasesIn(records)
  const [target, ...more] = targets
  // Two CNAMEs at one name are not a choice but an error of the zone (RFC 2181, section 10.1).
  if (more.length > 0) return { verdict: "conflict", found: targets.map(bareName).sort() }
  if (target !== undefined) {
    const verdict = verdictOfTarget(record, evidence, target)
    return { verdict, found: verdict === "mismatch" ? [bareName(target)] : [] }
  }
  if (outcome === "nxdomain") return { verdict: "missing", found: [] }
  if (isFlattened(record, evidence)) return { verdict: "valid", found: [] }
  const others = [...records, ...otherRecords(record.name, evidence)].map(({ type, value }) => `${type} ${value}`)
  return others.length > 0
    ? { verdict: "conflict", found: [...new Set(others)].sort() }
    : { verdict: "missing", found: [] }
}

/** The targets of the aliases among records, each once. */
export const aliasesIn = (records: ReadonlyArray<SeenRecord>): ReadonlyArray<string> => [
  // What was cut off can be no name.
  ...new Set(
    records.flatMap(({ type, value, cut }) => (type === "CNAME" ? [cut === undefined ? value : `${value}…`] : []))
  )
]

/** The target may be reached over several hops: that is what a verifier of signatures follows too. */
const verdictOfTarget = (
  record: DnsRecord,
  evidence: ReadonlyArray<DnsObservation>,
  first: string
): "valid" | "mismatch" | "indeterminate" => {
  const passed = [bareName(record.name)]
  let target = first
  while (true) {
    if (sameName(target, record.value)) return "valid"
    if (passed.includes(bareName(target)) || passed.length === longestAliasChain || !isQueryable(target))
      return "mismatch"
    passed.push(bareName(target))
    const next = nextHop(aliasAnswers(evidence, target))
    if (next === "end") return "mismatch"
    if (next === "unknown") return "indeterminate"
    target = next.target
  }
}

/** Where a name of a chain leads. Sources that do not agree leave it open. */
export const nextHop = (observation: DnsObservation | undefined): { readonly target: string } | "end" | "unknown" => {
  const answered = (observation?.sources ?? []).filter(({ outcome }) => outcome !== "unavailable")
  const authoritative = answered.filter(({ role }) => role === "authoritative")
  const deciding = authoritative.length > 0 ? authoritative : answered
  const ways = new Set(deciding.map(({ records }) => aliasesIn(records).map(bareName).sort().join(" ")))
  if (ways.size !== 1) return "unknown"
  const [target, ...more] = aliasesIn(deciding[0]?.records ?? [])
  return target === undefined || more.length > 0 ? "end" : { target }
}

/**
 * Whether a name can be queried at all. Targets such as `https://example.com` are published often enough; a query for
 * one fails each time, and the record would seem unavailable although it is wrong.
 */
export const isQueryable = (name: string): boolean =>
  bareName(name).length <= 253 &&
  bareName(name)
    .split(".")
    .every((label) => /^[a-z0-9_-]{1,63}$/.test(label))

/** Whether the key that the target has is visible at the name itself: the provider follows the alias and hides it. */
export const isFlattened = ({ name, value }: DnsRecord, evidence: ReadonlyArray<DnsObservation>): boolean => {
  const here = keyTexts(observed(evidence, name, "TXT"))
  const there = keyTexts(observed(evidence, value, "TXT"))
  return here.length === 1 && there.length === 1 && sameKey(here[0] ?? "", there[0] ?? "")
}

const keyTexts = (observation: DnsObservation | undefined): ReadonlyArray<string> => [
  ...new Set(
    (observation?.sources ?? []).flatMap(({ records }) =>
      records.flatMap(({ type, value, cut }) => (type === "TXT" ? [cut === undefined ? value : cut.sha256] : []))
    )
  )
]

const otherTypes = ["TXT", "A", "AAAA"] as const

/** What stands at the name besides aliases, by any source. */
const otherRecords = (name: string, evidence: ReadonlyArray<DnsObservation>): ReadonlyArray<SeenRecord> =>
  otherTypes.flatMap((type) =>
    (observed(evidence, name, type)?.sources ?? []).flatMap(({ records }) =>
      records.filter((record) => record.type === type)
    )
  )

/** How the readings of one record add up. */
interface Tally {
  readonly mode: DnsObservation["mode"]
  /** What the zone's own servers say; in the mode `resolver` nobody does. */
  readonly authoritative: { readonly right: ReadonlyArray<Reading>; readonly wrong: ReadonlyArray<Reading> }
  readonly recursive: { readonly right: ReadonlyArray<Reading>; readonly wrong: ReadonlyArray<Reading> }
  /** A resolver that validates refuses to answer, and none answers rightly: receivers of mail behind it see nothing. */
  readonly heldBack: boolean
}

const tally = (record: DnsRecord, evidence: ReadonlyArray<DnsObservation>): Tally => {
  const mode = aliasAnswers(evidence, record.name)?.mode ?? "authoritative"
  const readings = readingsOf(record, evidence)
  const counts = ({ source }: Reading) => mode === "authoritative" && source.role === "authoritative"
  const split = (some: ReadonlyArray<Reading>) => ({
    right: some.filter(({ verdict }) => verdict === "valid"),
    wrong: some.filter(({ verdict }) => verdict !== "valid" && verdict !== "indeterminate")
  })
  const authoritative = split(readings.filter(counts))
  const recursive = split(readings.filter((reading) => !counts(reading)))
  const heldBack =
    recursive.right.length === 0 &&
    readings.some(
      ({ source }) =>
        source.role === "recursive" &&
        source.outcome === "unavailable" &&
        source.reason?.startsWith("SERVFAIL") === true
    )
  return { mode, authoritative, recursive, heldBack }
}

/**
 * Judges one record by all sources. The zone's own servers decide: two of them that say it is right, or one and a
 * resolver, and none that disagrees. A resolver's no vetoes nothing, because caches keep it. Where only resolvers could
 * be asked, one that sees the record is enough.
 */
export const judgeRecord = (record: DnsRecord, evidence: ReadonlyArray<DnsObservation>): RecordVerdict => {
  const { mode, authoritative, recursive, heldBack } = tally(record, evidence)
  const say = (verdict: Verdict, found: ReadonlyArray<string> = []) => ({ name: record.name, verdict, found })
  const wrong = ([reading]: ReadonlyArray<Reading>) =>
    reading === undefined ? say("indeterminate") : say(reading.verdict, reading.found)
  if (mode === "resolver") return recursive.right.length > 0 ? say("valid") : wrong(recursive.wrong)
  if (authoritative.right.length === 0) return wrong(authoritative.wrong)
  if (authoritative.wrong.length > 0 || heldBack) return say("indeterminate")
  return authoritative.right.length + Math.min(1, recursive.right.length) >= 2 ? say("valid") : say("indeterminate")
}

/** Judges a whole plan. A record without an observation is indeterminate. */
export const judgePlan = (
  records: ReadonlyArray<DnsRecord>,
  evidence: ReadonlyArray<DnsObservation>
): ReadonlyArray<RecordVerdict> => records.map((record) => judgeRecord(record, evidence))

/** All right is `valid`, anything definitively wrong is `negative`; the rest says nothing. */
export const probeResult = (verdicts: ReadonlyArray<RecordVerdict>): ProbeResult => {
  if (verdicts.length > 0 && verdicts.every(({ verdict }) => verdict === "valid")) return "valid"
  return verdicts.some(({ verdict }) => verdict !== "valid" && verdict !== "indeterminate")
    ? "negative"
    : "indeterminate"
}

/**
 * Whether a negative probe counts against a domain that is verified: some record is wrong by all sources that could be
 * asked, and by two at least. A resolver that still has the record in its cache vetoes nothing two of the zone's own
 * servers deny. A single resolver repeats itself: its no counts again when the one before has left its cache.
 */
export const countsAgainst = (
  records: ReadonlyArray<DnsRecord>,
  { at, evidence }: Negative,
  previous: Negative | undefined
): boolean =>
  records.some((record) => {
    const { mode, authoritative, recursive } = tally(record, evidence)
    if (mode === "authoritative") {
      if (authoritative.right.length > 0 || authoritative.wrong.length === 0) return false
      return servers(authoritative.wrong) >= 2 || (recursive.right.length === 0 && recursive.wrong.length > 0)
    }
    if (recursive.right.length > 0 || recursive.wrong.length === 0) return false
    return servers(recursive.wrong) >= 2 || previous === undefined || at >= previous.at + keptFor(record, previous)
  })

const servers = (readings: ReadonlyArray<Reading>): number => new Set(readings.map(({ source }) => source.server)).size

/** For how long a cache keeps what stood there instead, in milliseconds. */
const keptFor = (record: DnsRecord, { evidence }: Negative): number =>
  1_000 *
  Math.max(
    0,
    ...readingsOf(record, evidence).map(({ source: { negativeTtl, records } }) =>
      records.length > 0
        ? Math.max(...records.map(({ ttl = unknownNegativeTtl }) => ttl))
        : (negativeTtl ?? unknownNegativeTtl)
    )
  )

/** Consecutive negatives, and the least time between the first and the last in milliseconds, that degrade a domain. */
export const degradeAfter = { negatives: 3, span: 60 * 60 * 1_000 } as const

/** Whether these negatives in a row move a verified domain down. */
export const degradesBy = (records: ReadonlyArray<DnsRecord>, negatives: ReadonlyArray<Negative>): boolean => {
  const [first] = negatives
  const last = negatives[negatives.length - 1]
  if (first === undefined || last === undefined || negatives.length < degradeAfter.negatives) return false
  return (
    last.at - first.at >= degradeAfter.span &&
    negatives.every((negative, index) => {
      const previous = negatives[index - 1]
      return (previous === undefined || negative.at >= previous.at) && countsAgainst(records, negative, previous)
    })
  )
}

/**
 * The verdicts known after a probe: a record without an answer keeps its earlier verdict, so that a failing resolver
 * does not appear as a change.
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
