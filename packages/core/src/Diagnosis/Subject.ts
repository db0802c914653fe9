/**
 * What the parts of the diagnosis work on: the domain with all that was seen, and one record of its plan.
 */
import type { DnsObservation } from "../DnsObservation.ts"
import type { DnsPlan, DnsRecord } from "../DnsPlan.ts"
import { type DnsProvider, providerOf } from "../DnsProvider.ts"
import { aliasAnswers, judgeRecord, type Reading, type RecordVerdict, readingsOf, type Verdict } from "../DnsVerdict.ts"
import { registrableDomain } from "../DomainName.ts"
import type { Fix } from "../Finding.ts"
import type { FindingCode } from "../FindingCode.ts"
import { type Editor, makeEditor } from "./Edits.ts"
import { type Observations, valuesAt } from "./Seen.ts"

/** What is diagnosed: the plan, and everything that was seen. */
export interface Diagnosed {
  readonly plan: DnsPlan
  readonly domain: string
  /** What one probe saw: its findings follow from it alone. */
  readonly evidence: Observations
  /** The answers to `neighbourQuestions`. */
  readonly neighbours: Observations
  /** Since when each record has its verdict, by its name. */
  readonly since?: { readonly [record: string]: { readonly verdict: Verdict; readonly at: number } }
  /** Whether the domain is verified: then a wrong record is a warning. */
  readonly verified?: boolean
  /** When a probe last found every record right, in milliseconds since the epoch. */
  readonly lastRightAt?: number
  /** A whole domain as the sender has no mailbox to confirm. */
  readonly kind?: "email" | "domain"
}

/** One record, its verdict, and what each source says. */
export interface Judged extends RecordVerdict {
  readonly record: DnsRecord
  /** The observation of its name; `undefined` before the first probe. */
  readonly seen: DnsObservation | undefined
  readonly readings: ReadonlyArray<Reading>
  /** The reading that decided the verdict: that of one of the zone's own servers, if there is one. */
  readonly decisive: Reading | undefined
}

/** The domain with all that was seen. */
export interface Subject extends Diagnosed {
  /** Evidence and neighbours. */
  readonly all: Observations
  /** The zone that the customer edits. */
  readonly zone: string
  readonly registrable: string
  readonly nameServers: ReadonlyArray<string>
  readonly provider: DnsProvider | undefined
  readonly editor: Editor
  readonly records: ReadonlyArray<Judged>
}

/** What a part of the diagnosis says. */
export interface Diagnosis {
  readonly code: FindingCode
  readonly message: string
  readonly fix: Fix
  /** The names, besides the record's own, whose observations show it. */
  readonly names: ReadonlyArray<string>
  /** What stands there instead, where it is not what the verdict found. */
  readonly found: ReadonlyArray<string> | undefined
}

/** Says it. */
export const say = (
  code: FindingCode,
  message: string,
  fix: Fix,
  names: ReadonlyArray<string> = [],
  found?: ReadonlyArray<string>
): Diagnosis => ({ code, message, fix, names, found })

/** That a record is wrong, for certain. */
export const isWrong = ({ verdict }: { readonly verdict: Verdict }): boolean =>
  verdict !== "valid" && verdict !== "indeterminate"

/** The zone in which the records belong: where it was found out, else the registrable domain. */
export const zoneOf = ({ plan, domain, evidence }: Pick<Diagnosed, "plan" | "domain" | "evidence">): string => {
  const registrable = registrableDomain(domain)
  // A domain that does not exist is seen in the zone of a registry, which no customer edits.
  const isTheirs = (zone: string) => zone === registrable || zone.endsWith(`.${registrable}`)
  const zones = plan.records.map(({ name }) => ({ name, zone: aliasAnswers(evidence, name)?.zone ?? "" }))
  return zones.find(({ name, zone }) => isTheirs(zone) && name.endsWith(`.${zone}`))?.zone ?? registrable
}

const judged = (record: DnsRecord, evidence: Observations): Judged => {
  const verdict = judgeRecord(record, evidence)
  const readings = readingsOf(record, evidence)
  const deciding = readings.filter((reading) => reading.verdict === verdict.verdict)
  const decisive = deciding.find(({ source }) => source.role === "authoritative") ?? deciding[0]
  return { ...verdict, record, seen: aliasAnswers(evidence, record.name), readings, decisive }
}

/** All that the parts need to know. */
export const subjectOf = (diagnosed: Diagnosed): Subject => {
  const { plan, domain, evidence, neighbours } = diagnosed
  const all = [...evidence, ...neighbours]
  const zone = zoneOf(diagnosed)
  const nameServers = valuesAt(all, zone, "NS").toSorted()
  const provider = providerOf(nameServers)
  const records = plan.records.map((record) => judged(record, evidence))
  const editor = makeEditor(zone, provider)
  return { ...diagnosed, all, zone, registrable: registrableDomain(domain), nameServers, provider, editor, records }
}
