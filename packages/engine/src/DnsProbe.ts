/**
 * One look at the records of a DNS plan: asks the resolver, follows aliases, and notes what was seen.
 *
 * The probe worker calls it; core judges what it returns (`judgeRecord`). It promises that an observation is definitive
 * (`answer`, `nxdomain`, `nodata`) only when nothing that could not be asked may change it, and that it ends: no more
 * than eight names are asked for their alias, and three more questions at most.
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

/** Looks at all records of a plan at once; one observation for each, in the order of the plan. */
export const probePlan = (resolver: Resolver, plan: DnsPlan): Effect.Effect<ReadonlyArray<DnsObservation>> =>
  Effect.forEach(plan.records, (record) => probeRecord(resolver, record), { concurrency: "unbounded" })

/**
 * Looks at one record: asks for the alias at its name and follows it until it is at the record's value.
 *
 * An alias that leads elsewhere is definitively wrong when its chain ends, bites its tail or is too long. When a later
 * name of the chain could not be asked, the chain may still lead to the value: that is `unavailable`.
 */
export const probeRecord = Effect.fn("DnsProbe.probeRecord")(function* (
  resolver: Resolver,
  record: DnsRecord
): Effect.fn.Return<DnsObservation> {
  const seen: Seen = { servers: new Set(), targets: [] }
  const first = yield* ask(resolver, seen, record.name, "CNAME")
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
    if (seen.targets.length === longestAliasChain || !isAskable(target)) return undefined
    passed.push(target)
    const next = yield* ask(resolver, seen, target, "CNAME")
    if (next._tag === "Unavailable") return `${target}: ${next.reason}`
    if (next._tag !== "Records") return undefined
    values = next.values
  }
})

/** What stands at the name instead. A question that is not answered adds nothing: the alias is missing all the same. */
const otherRecords = (resolver: Resolver, seen: Seen, name: string): Effect.Effect<ReadonlyArray<Other>> =>
  Effect.map(
    Effect.forEach(
      otherTypes,
      (type) =>
        Effect.map(ask(resolver, seen, name, type), (answer) =>
          answer._tag === "Records" ? answer.values.map((value): Other => ({ type, value })) : []
        ),
      { concurrency: "unbounded" }
    ),
    (found) => found.flat()
  )

const ask = (resolver: Resolver, seen: Seen, name: string, type: DnsRecordType): Effect.Effect<DnsAnswer> =>
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
 * Whether a resolver could be asked for the name. A target such as `https://example.com` is published often enough; asking
 * for it would fail each time, and the record would seem unavailable where it is wrong.
 */
const isAskable = (name: string): boolean =>
  name.length <= 253 && name.split(".").every((label) => /^[a-z0-9_-]{1,63}$/i.test(label))
