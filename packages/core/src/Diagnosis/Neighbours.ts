/**
 * What to ask besides the records when one of them is not right: names nearby, and what the domain says of itself.
 */
import type { DnsRecordType } from "../DnsObservation.ts"
import { observed } from "../DnsVerdict.ts"
import { registryOf } from "./DomainAdvice.ts"
import { misplacedNames } from "./Missing.ts"
import { type Diagnosed, isWrong, subjectOf } from "./Subject.ts"
import { nobodysName, typesInPlace } from "./Wildcard.ts"

/** A question worth asking when something is wrong. */
export interface NeighbourQuestion {
  readonly name: string
  readonly type: DnsRecordType
}

/** No more than this is asked. */
export const mostNeighbours = 16

/**
 * What to ask besides, the most telling first: nothing while every record is right, 16 questions at most. Names nearby
 * are asked for a record that is missing, a name that nobody published for one that is something else.
 */
export const neighbourQuestions = (
  diagnosed: Pick<Diagnosed, "plan" | "domain" | "evidence" | "kind">
): ReadonlyArray<NeighbourQuestion> => {
  const subject = subjectOf({ ...diagnosed, neighbours: [] })
  const { records, zone, domain, registrable, kind, evidence } = subject
  if (records.every(({ verdict }) => verdict === "valid")) return []
  const questions = new Map<string, NeighbourQuestion>()
  const ask = (name: string, type: DnsRecordType) => {
    const isNew = name.length <= 253 && observed(evidence, name, type) === undefined
    if (isNew) questions.set(`${name} ${type}`, { name, type })
  }
  ask(zone, "NS")
  if (zone === registrable && records.every(({ verdict }) => verdict === "missing" || verdict === "indeterminate")) {
    ask(registryOf(registrable), "NS")
  }
  // Where the zone's servers do not agree, their serials tell which of them is behind.
  if (records.some(({ verdict, readings }) => verdict === "indeterminate" && readings.some(isWrong))) ask(zone, "SOA")
  // Who does not answer about the records tells nothing more about the domain.
  if (records.every(({ readings }) => readings.every(({ verdict }) => verdict === "indeterminate"))) {
    return [...questions.values()]
  }
  for (const { verdict, found } of records) {
    if (verdict === "mismatch") ask(nobodysName(domain), "CNAME")
    if (verdict !== "conflict") continue
    for (const type of typesInPlace) {
      if (found.some((each) => each.startsWith(`${type} `))) ask(nobodysName(domain), type)
    }
  }
  const missing = records
    .filter(({ verdict }) => verdict === "missing")
    .map((record) => misplacedNames(subject, record))
  const askNearby = (mistake: number) => {
    for (const name of missing.flatMap((names) => names[mistake] ?? [])) ask(name, "CNAME")
  }
  askNearby(0)
  ask(`_dmarc.${domain}`, "TXT")
  ask(`_dmarc.${registrable}`, "TXT")
  ask(domain, "TXT")
  if (kind !== "domain") for (const type of ["MX", "A", "AAAA"] as const) ask(domain, type)
  const right = records.find(({ verdict }) => verdict === "valid")
  if (right !== undefined) ask(right.record.value, "TXT")
  for (const mistake of missing[0]?.keys() ?? []) askNearby(mistake)
  return [...questions.values()].slice(0, mostNeighbours)
}
