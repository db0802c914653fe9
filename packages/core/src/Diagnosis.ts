/**
 * What is wrong with the published records, and how to mend it.
 */
import type { DnsObservation, DnsRecordType } from "./DnsObservation.ts"
import type { DnsPlan } from "./DnsPlan.ts"
import type { Verdict } from "./DnsVerdict.ts"
import type { Finding } from "./Finding.ts"

/** What is diagnosed: the plan, and everything that was seen. */
export interface Diagnosed {
  readonly plan: DnsPlan
  readonly domain: string
  readonly evidence: ReadonlyArray<DnsObservation>
  readonly neighbours: ReadonlyArray<DnsObservation>
  /** Since when each record has its verdict, by its name. */
  readonly since?: { readonly [record: string]: { readonly verdict: Verdict; readonly at: number } }
  /** Whether the domain is verified: then a wrong record is a warning. */
  readonly verified?: boolean
}

/** A question worth asking when something is wrong. */
export interface NeighbourQuestion {
  readonly name: string
  readonly type: DnsRecordType
}

/** Every finding. */
export const diagnose = (_: Diagnosed): ReadonlyArray<Finding> => []

/** What to ask besides, because something is wrong. */
export const neighbourQuestions = (
  _: Pick<Diagnosed, "plan" | "domain" | "evidence">
): ReadonlyArray<NeighbourQuestion> => []

/** A name relative to its zone, as most DNS panels want it; `@` is the zone itself. */
export const hostOf = (name: string, zone: string): string =>
  name === zone ? "@" : name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : name
