/**
 * When negative probes move a domain down: only what all that could be asked agree on counts, and what one cache
 * repeats counts once.
 *
 * Pure, like the verdicts: the negatives are stored in the event that they cause, and say the same when they are judged
 * again.
 */
import type { DnsObservation } from "./DnsObservation.ts"
import type { DnsRecord } from "./DnsPlan.ts"
import {
  aliasAnswers,
  aliasesIn,
  hasAnswered,
  nextHop,
  observed,
  type Reading,
  readingsOf,
  sameName,
  servers,
  tally,
  ways
} from "./DnsVerdict.ts"

/** A negative probe: what a domain moves down by. */
export interface Negative {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly evidence: ReadonlyArray<DnsObservation>
}

/** How many servers say it. */
const count = (readings: ReadonlyArray<Reading>): number => servers(readings.map(({ source }) => source))

/** For how long a cache may keep a no whose TTL the resolver does not tell, in seconds. */
const unknownNegativeTtl = 3_600

/**
 * Whether a negative probe counts against a domain that is verified: some record is wrong by all sources that could be
 * asked, and by two at least. Two of the zone's own servers are enough; otherwise those who deny it must be more than
 * those who could not be asked: one that lies is not believed while they are silent who would contradict it. A resolver
 * that still has the record in its cache vetoes nothing two of the zone's own servers deny. A single resolver repeats
 * itself: its no counts again when the one before has left its cache.
 */
export const countsAgainst = (
  records: ReadonlyArray<DnsRecord>,
  { at, evidence }: Negative,
  previous: Negative | undefined
): boolean =>
  records.some((record) => {
    const { mode, authoritative, recursive } = tally(record, evidence)
    const { right, wrong, open } = mode === "authoritative" ? authoritative : recursive
    if (right.length > 0 || open.length > 0 || wrong.length === 0 || mayBeFlattened(record, evidence)) return false
    const isFresh = (name: string) => previous === undefined || at >= previous.at + keptFor(name, previous.evidence)
    const areMost =
      count([...authoritative.wrong, ...recursive.wrong]) > count([...authoritative.silent, ...recursive.silent])
    const isAgreed =
      mode === "authoritative"
        ? count(wrong) >= 2 || (recursive.right.length === 0 && recursive.wrong.length > 0 && areMost)
        : areMost && (count(wrong) >= 2 || isFresh(record.name))
    return isAgreed && hopsOf(record, evidence).every((hop) => areTwo(hop) || (isByResolver(hop) && isFresh(hop.name)))
  })

/**
 * Whether a probe contradicts the negative before it: each record that counted is shown right, by one of the zone's own
 * servers at least. Then the negatives are not in a row.
 */
export const isContested = (
  records: ReadonlyArray<DnsRecord>,
  { evidence }: Negative,
  negative: Negative | undefined
): boolean =>
  negative !== undefined &&
  records
    .filter((record) => countsAgainst([record], negative, undefined))
    .every((record) => {
      const { mode, authoritative, recursive } = tally(record, evidence)
      return (mode === "authoritative" ? authoritative : recursive).right.length > 0
    })

/** Whether nobody answered where the target's key may be visible: then the record may be right without an alias. */
const mayBeFlattened = ({ name }: DnsRecord, evidence: ReadonlyArray<DnsObservation>): boolean =>
  observed(evidence, name, "TXT")?.sources.some(hasAnswered) === false

/** The answers about the names that a record's aliases lead to: they decide together with those at its own name. */
const hopsOf = (record: DnsRecord, evidence: ReadonlyArray<DnsObservation>): ReadonlyArray<DnsObservation> => {
  const hops = new Set<DnsObservation>()
  const targets = readingsOf(record, evidence).flatMap(({ source }) => aliasesIn(source.records))
  for (const target of targets) {
    const hop = sameName(target, record.value) ? undefined : aliasAnswers(evidence, target)
    if (hop === undefined || hops.has(hop)) continue
    hops.add(hop)
    const next = nextHop(hop)
    if (typeof next === "object") targets.push(next.target)
  }
  return [...hops]
}

/** Whether two servers say where a name of a chain leads, and none that answered says otherwise but out of a cache. */
const areTwo = ({ sources }: DnsObservation): boolean => {
  const answered = sources.filter(hasAnswered)
  const own = answered.filter(({ role }) => role === "authoritative")
  return servers(ways(answered) === 1 ? answered : own) >= 2
}

const isByResolver = ({ sources }: DnsObservation): boolean =>
  sources.filter(hasAnswered).every(({ role }) => role === "recursive")

/** For how long a cache keeps what was said of a name, in milliseconds. */
const keptFor = (name: string, evidence: ReadonlyArray<DnsObservation>): number =>
  1_000 *
  Math.max(
    0,
    ...(aliasAnswers(evidence, name)?.sources ?? []).map(({ negativeTtl, records }) =>
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
