/**
 * One probe of the records of a DNS plan: asks the resolver, follows aliases, and notes what each source said.
 *
 * The probe worker calls it; core judges what it returns. It promises that it ends: at most eight names of a chain are
 * asked for their alias, and four more questions follow. What it returns is bounded: it is judged as it is stored.
 */
import {
  aliasesIn,
  boundEvidence,
  type DnsObservation,
  type DnsPlan,
  type DnsRecord,
  type DnsRecordType,
  isQueryable,
  longestAliasChain,
  type NeighbourQuestion,
  nextHop,
  sameName
} from "@countersign/core"
import { Effect } from "effect"
import type { DnsResolver } from "../ports/DnsResolver.ts"
import { KeysServed } from "../Settings.ts"

type Resolver = DnsResolver["Service"]

/** How a probe is meant. */
export interface PlanProbeOptions {
  /** Whether the records were there before: then resolvers may be asked for what is missing now. */
  readonly verified?: boolean
  /** First ask whether there is anything below `_domainkey` at all: one question instead of three. */
  readonly quick?: boolean
}

// Where a CNAME was meant and something else was typed, it is one of these.
const otherTypes = ["TXT", "A", "AAAA"] as const

/** Probes all records of a plan: the evidence. */
export const probePlan = Effect.fn("PlanProbe.probePlan")(function* (
  resolver: Resolver,
  plan: DnsPlan,
  domain: string,
  { verified = false, quick = false }: PlanProbeOptions = {}
): Effect.fn.Return<ReadonlyArray<DnsObservation>> {
  const ask = (name: string, type: DnsRecordType) => resolver.ask(name, type, { domain, mayBeMissing: verified })
  // Where only resolvers are asked, their caches would keep the no of every name below.
  if (quick && (yield* resolver.mode) === "authoritative") {
    const parent = yield* ask(`_domainkey.${domain}`, "CNAME")
    if (isMissing(parent)) return boundEvidence([parent])
  }
  const aliases = yield* Effect.forEach(plan.records, ({ name }) => ask(name, "CNAME"), { concurrency: "unbounded" })
  const further = yield* Effect.forEach(plan.records, (record, index) => askFurther(ask, record, aliases[index]), {
    concurrency: "unbounded"
  })
  return boundEvidence([...aliases, ...further.flat()])
})

/** Asks the questions that the diagnosis wants besides. */
export const askNeighbours = (
  resolver: Resolver,
  domain: string,
  questions: ReadonlyArray<NeighbourQuestion>
): Effect.Effect<ReadonlyArray<DnsObservation>> =>
  Effect.map(
    Effect.forEach(questions, ({ name, type }) => resolver.ask(name, type, { domain }), { concurrency: 4 }),
    boundEvidence
  )

const isMissing = ({ mode, sources }: DnsObservation): boolean => {
  const answered = sources.filter(({ outcome }) => outcome !== "unavailable")
  return mode === "authoritative" && answered.length > 0 && answered.every(({ outcome }) => outcome === "nxdomain")
}

type Ask = (name: string, type: DnsRecordType) => Effect.Effect<DnsObservation>

/** What stands behind the aliases that were seen, or in place of one. */
const askFurther = Effect.fnUntraced(function* (ask: Ask, record: DnsRecord, seen: DnsObservation | undefined) {
  const answered = seen?.sources.filter(({ outcome }) => outcome !== "unavailable") ?? []
  // Two aliases at one name are an error of the zone, not a fork in the way (RFC 2181, section 10.1).
  const targets = new Set(
    answered.flatMap(({ records }) => (aliasesIn(records).length === 1 ? aliasesIn(records) : []))
  )
  const chains = yield* Effect.forEach(targets, (target) => followAliases(ask, record, target))
  // NXDOMAIN says that no record of any type is there.
  const isBare = answered.some(({ outcome, records }) => outcome !== "nxdomain" && aliasesIn(records).length === 0)
  const hops = chains.flat()
  // What a receiver of mail finds behind the alias.
  const seenTargets = [seen, ...hops]
    .flatMap((each) => each?.sources ?? [])
    .flatMap(({ records }) => aliasesIn(records))
  const isReached = seenTargets.some((target) => sameName(target, record.value))
  const key = (yield* KeysServed) && isReached ? [yield* ask(record.value, "TXT")] : []
  if (!isBare) return [...hops, ...key]
  const others = yield* Effect.forEach(otherTypes, (type) => ask(record.name, type), { concurrency: "unbounded" })
  // A provider that follows the alias itself shows the key of the target.
  const hasText = others.some(({ sources }) =>
    sources.some(({ records }) => records.some(({ type }) => type === "TXT"))
  )
  return [...hops, ...others, ...(key.length === 0 && hasText ? [yield* ask(record.value, "TXT")] : key)]
})

/** The aliases behind a target, until the value is reached, the chain ends, bites its tail or is too long. */
const followAliases = Effect.fnUntraced(function* (ask: Ask, record: DnsRecord, first: string) {
  const hops: Array<DnsObservation> = []
  const passed = [record.name]
  let target = first
  while (
    !sameName(target, record.value) &&
    !passed.some((name) => sameName(name, target)) &&
    passed.length < longestAliasChain &&
    isQueryable(target)
  ) {
    passed.push(target)
    const hop = yield* ask(target, "CNAME")
    hops.push(hop)
    const next = nextHop(hop)
    if (next === "end" || next === "unknown") break
    target = next.target
  }
  return hops
})
