/**
 * One probe of the records of a DNS plan: queries the resolver, follows aliases, and notes what was seen.
 *
 * The probe worker calls it; core judges what it returns (`judgeRecord`). It promises that an observation is definitive
 * (`answer`, `nxdomain`, `nodata`) only when no missing answer could change it, and that it ends: at most eight names
 * are queried for their alias, and three more queries follow.
 */
import { type DnsObservation, type DnsPlan, type DnsRecord, sameName } from "@countersign/core"
import { Effect } from "effect"
import type { DnsAnswer, DnsRecordType, DnsResolver } from "./ports/DnsResolver.ts"

/**
 * So many aliases are followed. Resolvers give up on longer chains themselves (Unbound after 11), so a target that is
 * further away is out of reach for those who verify signatures.
 */
export const longestAliasChain = 8

// Where a CNAME was meant and something else was typed, it is one of these.
const otherTypes = ["TXT", "A", "AAAA"] as const

type Resolver = DnsResolver["Service"]
type Other = DnsObservation["others"][number]

/** What has been seen so far. */
interface Seen {
  readonly servers: Set<string>
  readonly targets: Array<ReadonlyArray<string>>
}

/** Probes all records of a plan at once; one observation for each, in the order of the plan. */
export const probePlan = (resolver: Resolver, plan: DnsPlan): Effect.Effect<ReadonlyArray<DnsObservation>> =>
  Effect.forEach(plan.records, (record) => probeRecord(resolver, record), { concurrency: "unbounded" })

/**
 * Probes one record: queries the alias at its name and follows it until it reaches the record's value.
 *
 * An alias that leads elsewhere is definitively wrong when its chain ends, bites its tail or is too long. When a later
 * name of the chain gives no answer, the chain may still lead to the value: that is `unavailable`.
 */
export const probeRecord = Effect.fn("DnsProbe.probeRecord")(function* (
  resolver: Resolver,
  record: DnsRecord
): Effect.fn.Return<DnsObservation> {
  const seen: Seen = { servers: new Set(), targets: [] }
  const first = yield* query(resolver, seen, record.name, "CNAME")
  switch (first._tag) {
    case "Unavailable":
      return { ...noted(record, seen, "unavailable"), reason: first.reason }
    case "NoName":
      return noted(record, seen, "nxdomain")
    case "NoData": {
      const others = yield* otherRecords(resolver, seen, record.name)
      return { ...noted(record, seen, "nodata"), others }
    }
    case "Records": {
      const broken = yield* followAliases(resolver, seen, record, first.values)
      return broken === undefined
        ? noted(record, seen, "answer")
        : { ...noted(record, seen, "unavailable"), reason: broken }
    }
  }
})

/** Follows the chain from the first alias on. Answers why it could not be followed to its end, if so. */
const followAliases = Effect.fnUntraced(function* (
  resolver: Resolver,
  seen: Seen,
  record: DnsRecord,
  first: ReadonlyArray<string>
): Effect.fn.Return<string | undefined> {
  const passed = [record.name]
  let values = first
  while (true) {
    seen.targets.push(values)
    const [target, ...more] = values
    // Two aliases at one name are an error of the zone, not a fork in the way (RFC 2181, section 10.1).
    if (target === undefined || more.length > 0) return undefined
    if (sameName(target, record.value) || passed.some((name) => sameName(name, target))) return undefined
    if (seen.targets.length === longestAliasChain || !isQueryable(target)) return undefined
    passed.push(target)
    const next = yield* query(resolver, seen, target, "CNAME")
    if (next._tag === "Unavailable") return `${target}: ${next.reason}`
    if (next._tag !== "Records") return undefined
    values = next.values
  }
})

/** What stands at the name instead. A query without an answer adds nothing: the alias is missing all the same. */
const otherRecords = (resolver: Resolver, seen: Seen, name: string): Effect.Effect<ReadonlyArray<Other>> =>
  Effect.map(
    Effect.forEach(
      otherTypes,
      (type) =>
        Effect.map(query(resolver, seen, name, type), (answer) =>
          answer._tag === "Records" ? answer.values.map((value): Other => ({ type, value })) : []
        ),
      { concurrency: "unbounded" }
    ),
    (found) => found.flat()
  )

const query = (resolver: Resolver, seen: Seen, name: string, type: DnsRecordType): Effect.Effect<DnsAnswer> =>
  Effect.tap(resolver.query(name, type), ({ servers }) =>
    Effect.sync(() => {
      for (const server of servers) seen.servers.add(server)
    })
  )

const noted = (record: DnsRecord, seen: Seen, outcome: DnsObservation["outcome"]): DnsObservation => ({
  name: record.name,
  servers: [...seen.servers],
  outcome,
  targets: seen.targets,
  others: []
})

/**
 * Whether the name can be queried at all. Targets such as `https://example.com` are published often enough; a query for
 * one fails each time, and the record would seem unavailable although it is wrong.
 */
const isQueryable = (name: string): boolean =>
  name.length <= 253 && name.split(".").every((label) => /^[a-z0-9_-]{1,63}$/i.test(label))
