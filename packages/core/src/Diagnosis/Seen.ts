/**
 * Reading observations for a diagnosis: which answers count, what they hold, where aliases lead.
 */
import type { DnsObservation, DnsRecordType, SeenRecord, SourceAnswer } from "../DnsObservation.ts"
import { aliasAnswers, bareName, nextHop, observed } from "../DnsVerdict.ts"

/** The observations of one probe, or of the neighbours asked after it. */
export type Observations = ReadonlyArray<DnsObservation>

/** The answers that count: those of the zone's own servers, or those of caches where no such server answered. */
export const answersOf = (seen: DnsObservation | undefined): ReadonlyArray<SourceAnswer> => {
  const answers = seen?.sources.filter(({ outcome }) => outcome !== "unavailable") ?? []
  const own = answers.filter(({ role }) => role === "authoritative")
  return own.length > 0 ? own : answers
}

/** Records, each once. */
export const distinct = (records: ReadonlyArray<SeenRecord>): ReadonlyArray<SeenRecord> => [
  ...new Map(records.map((record) => [`${record.type} ${record.value}`, record] as const)).values()
]

/** The records of a type at a name. */
export const recordsAt = (all: Observations, name: string, type: DnsRecordType): ReadonlyArray<SeenRecord> =>
  distinct(answersOf(observed(all, name, type)).flatMap(({ records }) => records.filter((each) => each.type === type)))

/** Their values. */
export const valuesAt = (all: Observations, name: string, type: DnsRecordType): ReadonlyArray<string> =>
  recordsAt(all, name, type).map(({ value }) => value)

/** That no record of the type is at the name, for certain; with the outcome `nxdomain`, that nothing at all is. */
export const hasNone = (all: Observations, name: string, type: DnsRecordType, only?: "nxdomain"): boolean => {
  const answers = answersOf(observed(all, name, type))
  const isNone = ({ outcome, records }: SourceAnswer) =>
    only === undefined ? records.every((record) => record.type !== type) : outcome === only
  return answers.length > 0 && answers.every(isNone)
}

/** The names that lead to each other by aliases, from this one on. A name that comes again is the last. */
export const chainFrom = (all: Observations, name: string): ReadonlyArray<string> => {
  const chain = [name]
  for (let next = nextHop(aliasAnswers(all, name)); typeof next !== "string"; ) {
    const target = bareName(next.target)
    chain.push(target)
    if (chain.indexOf(target) < chain.length - 1) break
    next = nextHop(aliasAnswers(all, target))
  }
  return chain
}
