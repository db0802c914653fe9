/**
 * What a probe says: observations become one verdict per record, and the verdicts one result. When negatives move a
 * domain down is in `Demotion.ts`.
 *
 * Pure comparison of what is stored as evidence, so that every transition by verdict can be derived again from its
 * event alone. Nothing is guessed: without an answer the verdict is `indeterminate`, never `missing`.
 */
import { Schema } from "effect"
import { keyTags, sameKey } from "./DkimKey.ts"
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

/** So many aliases are followed; resolvers give up on longer chains themselves (Unbound after 11). */
export const longestAliasChain = 8

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

/**
 * The answers about the aliases at a name. Where a name above it does not exist, neither does the name (RFC 8020); any
 * other answer about a name above it says nothing.
 */
export const aliasAnswers = (evidence: ReadonlyArray<DnsObservation>, name: string): DnsObservation | undefined =>
  observed(evidence, name, "CNAME") ??
  evidence.find(({ name: above, sources }) => {
    const answered = sources.filter(hasAnswered)
    return (
      bareName(name).endsWith(`.${bareName(above)}`) &&
      answered.length > 0 &&
      answered.every(({ outcome }) => outcome === "nxdomain")
    )
  })

/** Whether a source gave a usable answer. */
export const hasAnswered = ({ outcome }: SourceAnswer): boolean => outcome !== "unavailable"

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
  const key = flattenedKey(record, evidence)
  if (key !== "other") return { verdict: key === "same" ? "valid" : "indeterminate", found: [] }
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
  const answered = (observation?.sources ?? []).filter(hasAnswered)
  const authoritative = answered.filter(({ role }) => role === "authoritative")
  const deciding = authoritative.length > 0 ? authoritative : answered
  if (ways(deciding) !== 1) return "unknown"
  const [target, ...more] = aliasesIn(deciding[0]?.records ?? [])
  return target === undefined || more.length > 0 ? "end" : { target }
}

/** How many different ways the sources point. */
export const ways = (sources: ReadonlyArray<SourceAnswer>): number =>
  new Set(sources.map(({ records }) => aliasesIn(records).map(bareName).sort().join(" "))).size

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
export const isFlattened = (record: DnsRecord, evidence: ReadonlyArray<DnsObservation>): boolean =>
  flattenedKey(record, evidence) === "same"

/** Whether the key at the name is the one that the target has; `unknown` when there is one that cannot be compared. */
const flattenedKey = ({ name, value }: DnsRecord, evidence: ReadonlyArray<DnsObservation>) => {
  const atName = observed(evidence, name, "TXT")
  if (atName === undefined) return "other"
  const [here, ...more] = textsOf(atName)
  if (here === undefined || more.length > 0 || (keyTags(here.value).get("p") ?? "") === "") return "other"
  const atTarget = observed(evidence, value, "TXT")
  if (atTarget === undefined || !atTarget.sources.some(hasAnswered)) return "unknown"
  const [there, ...others] = textsOf(atTarget)
  if (there === undefined || others.length > 0 || !hasSameKey(here, there)) return "other"
  const seenBy = servers(atName.sources.filter(({ records }) => records.length > 0))
  return atName.mode === "resolver" || seenBy >= 2 ? "same" : "unknown"
}

/** The texts that any source shows, each once. */
const textsOf = ({ sources }: DnsObservation): ReadonlyArray<SeenRecord> => [
  ...new Map(
    sources.flatMap(({ records }) =>
      records.flatMap((record) => (record.type === "TXT" ? [[record.cut?.sha256 ?? record.value, record]] : []))
    )
  ).values()
]

/** What was cut off is compared by its digest. */
const hasSameKey = (a: SeenRecord, b: SeenRecord): boolean =>
  a.cut === undefined && b.cut === undefined ? sameKey(a.value, b.value) : a.cut?.sha256 === b.cut?.sha256

const otherTypes = ["TXT", "A", "AAAA"] as const

/** What stands at the name besides aliases, by any source. */
const otherRecords = (name: string, evidence: ReadonlyArray<DnsObservation>): ReadonlyArray<SeenRecord> =>
  otherTypes.flatMap((type) =>
    (observed(evidence, name, type)?.sources ?? []).flatMap(({ records }) =>
      records.filter((record) => record.type === type)
    )
  )

/**
 * What sources of one kind say of one record. `open`: they answered, but what they point to does not. `silent`: they
 * were asked, and gave no usable answer. In the mode `resolver` the zone's own servers are expected not to.
 */
interface Share {
  readonly right: ReadonlyArray<Reading>
  readonly wrong: ReadonlyArray<Reading>
  readonly open: ReadonlyArray<Reading>
  readonly silent: ReadonlyArray<Reading>
}

/** How the readings of one record add up. */
export interface Tally {
  readonly mode: DnsObservation["mode"]
  /** What the zone's own servers say; in the mode `resolver` nobody does. */
  readonly authoritative: Share
  readonly recursive: Share
  /** A resolver that validates refuses to answer, and none answers rightly: receivers of mail behind it see nothing. */
  readonly heldBack: boolean
}

/** What all sources say of one record. */
export const tally = (record: DnsRecord, evidence: ReadonlyArray<DnsObservation>): Tally => {
  const mode = aliasAnswers(evidence, record.name)?.mode ?? "authoritative"
  const readings = readingsOf(record, evidence)
  const counts = ({ source }: Reading) => mode === "authoritative" && source.role === "authoritative"
  const split = (some: ReadonlyArray<Reading>): Share => ({
    right: some.filter(({ verdict }) => verdict === "valid"),
    wrong: some.filter(({ verdict }) => verdict !== "valid" && verdict !== "indeterminate"),
    open: some.filter(({ source, verdict }) => verdict === "indeterminate" && hasAnswered(source)),
    silent: some.filter(
      ({ source }) => !hasAnswered(source) && (mode === "authoritative" || source.role === "recursive")
    )
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

/** How many servers they are. */
export const servers = (sources: ReadonlyArray<SourceAnswer>): number =>
  new Set(sources.map(({ server }) => server)).size

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
  const right = () => say(servesKey(record, evidence) ? "valid" : "indeterminate")
  if (mode === "resolver") return recursive.right.length > 0 ? right() : wrong(recursive.wrong)
  if (authoritative.right.length === 0) return wrong(authoritative.wrong)
  if (authoritative.wrong.length > 0 || heldBack) return say("indeterminate")
  const sources = authoritative.right.map(({ source }) => source)
  return servers(sources) + Math.min(1, recursive.right.length) >= 2 ? right() : say("indeterminate")
}

/**
 * Whether the target shows a key, as a receiver of mail sees it through the alias; also when it was not asked for. The
 * zone is ours: trouble with it says nothing about the customer's record.
 */
const servesKey = ({ value }: DnsRecord, evidence: ReadonlyArray<DnsObservation>): boolean => {
  const atTarget = observed(evidence, value, "TXT")
  return atTarget === undefined || textsOf(atTarget).some((text) => (keyTags(text.value).get("p") ?? "") !== "")
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
