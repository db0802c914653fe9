/**
 * The naive model of the directory, and random directories with questions about them. Values come from small pools, so
 * that filters hit and orders tie.
 */
import type { LiveStatus, Owner, SenderEntry } from "@countersign/core"
import type { ListedSender, SenderFilter, SenderQuery } from "@countersign/engine"
import fc from "fast-check"
import { beginning } from "./Clause.ts"
import { entryOf, organizationOf } from "./Fixtures.ts"

export interface DirectoryProgram {
  readonly senders: ReadonlyArray<SenderEntry>
  /** Indices, modulo the number of senders, of those that are removed again. */
  readonly removed: ReadonlyArray<number>
  readonly queries: ReadonlyArray<SenderQuery>
}

const owner: fc.Arbitrary<Owner> = fc.constantFrom<Owner>(
  { _tag: "Account" },
  organizationOf("org-1"),
  organizationOf("org-2")
)
const domain = fc.constantFrom("a.example.com", "b.example.com", "a.example.org")
const local = fc.constantFrom("ana", "ben", "ana.b", "ana+b")
const status = fc.constantFrom<LiveStatus>("pending", "email-verified", "domain-verified", "active")
const kind = fc.constantFrom("email" as const, "domain" as const)
const moment = fc.integer({ min: 0, max: 6 }).map((ms) => beginning + ms)
const metadataKey = fc.constantFrom("tag", "team", "n", "")
const metadataValue = fc.constantFrom("x", "1", "true", "", 1, true, null, ["x"], { x: 1 })

export const senderEntry: fc.Arbitrary<SenderEntry> = fc
  .record({
    owner,
    domain,
    local,
    status,
    kind,
    created: moment,
    age: fc.nat(4),
    metadata: fc.dictionary(metadataKey, metadataValue)
  })
  .map(({ local: part, created, age, metadata, ...rest }) =>
    entryOf("named later", {
      ...rest,
      // fast-check's own dictionaries have no prototype; JSON objects do.
      metadata: { ...metadata },
      canonical: rest.kind === "domain" ? rest.domain : `${part}@${rest.domain}`,
      addedAt: created,
      updatedAt: created + age
    })
  )

const bounds = fc.record({ from: moment, to: moment }, { requiredKeys: [] })

const filters = {
  owner,
  ownerType: fc.constant("Organization" as const),
  kind,
  statuses: fc.subarray<LiveStatus>(["pending", "email-verified", "domain-verified", "active"]),
  canonical: fc.tuple(local, domain).map(([part, at]) => `${part}@${at}`),
  domain,
  after: fc.nat(19),
  addedBetween: bounds,
  updatedBetween: bounds,
  metadata: fc.dictionary(metadataKey, fc.constantFrom("x", "1", "true", "", "null", '["x"]', '{"x":1}'), {
    maxKeys: 2
  })
}

const filterName = fc.constantFrom(
  "owner" as const,
  "ownerType" as const,
  "kind" as const,
  "statuses" as const,
  "canonical" as const,
  "domain" as const,
  "after" as const,
  "addedBetween" as const,
  "updatedBetween" as const,
  "metadata" as const
)

/** Few filters at a time: with more, hardly anything would be found. */
export const senderQuery: fc.Arbitrary<SenderQuery> = fc
  .record({
    order: fc.constantFrom("oldest-first" as const, "newest-first" as const, "by-domain" as const),
    offset: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(8) }),
    limit: fc.integer({ min: 1, max: 8 }),
    filters: fc.record(filters),
    used: fc.uniqueArray(filterName, { maxLength: 3 })
  })
  .map(({ filters: all, used, ...query }) => ({
    ...query,
    account: "named later",
    ...Object.fromEntries(used.map((name) => [name, all[name]]))
  }))

export const directoryProgram: fc.Arbitrary<DirectoryProgram> = fc.record({
  senders: fc.array(senderEntry, { maxLength: 20 }),
  removed: fc.array(fc.nat(19), { maxLength: 5 }),
  queries: fc.array(senderQuery, { minLength: 1, maxLength: 8 })
})

export const modelPage = (
  live: ReadonlyArray<ListedSender>,
  { order, offset, limit, ...filter }: SenderQuery
): ReadonlyArray<ListedSender> => {
  const rank = ({ domain: at, canonical, position }: ListedSender) =>
    order === "by-domain" ? [at, canonical, position] : [order === "oldest-first" ? position : -position]
  return select(live, filter)
    .sort((a, b) => compareRanks(rank(a), rank(b)))
    .slice(offset, offset + limit)
}

export const modelCount = (live: ReadonlyArray<ListedSender>, filter: SenderFilter): number =>
  select(live, filter).length

export const modelCurrent = (live: ReadonlyArray<ListedSender>, of: Owner): ListedSender | undefined =>
  live.findLast((listed) => listed.kind === "email" && JSON.stringify(listed.owner) === JSON.stringify(of))

export const modelOnDomain = (
  live: ReadonlyArray<ListedSender>,
  at: string,
  after: number,
  limit: number
): ReadonlyArray<ListedSender> =>
  live.filter((listed) => listed.domain === at && listed.position > after).slice(0, limit)

/** The values are ASCII, so JavaScript's own order is the order of code points. */
const compareRanks = (a: ReadonlyArray<string | number>, b: ReadonlyArray<string | number>): number => {
  for (const [index, left] of a.entries()) {
    const right = b[index]
    if (right !== undefined && left !== right) return left < right ? -1 : 1
  }
  return 0
}

const select = (live: ReadonlyArray<ListedSender>, filter: SenderFilter): Array<ListedSender> => {
  let left = [...live]
  const keep = (test: (listed: ListedSender) => boolean) => {
    left = left.filter(test)
  }
  const { owner: of, ownerType, kind: only, statuses, canonical, addedBetween, updatedBetween, metadata } = filter
  if (of !== undefined) keep((listed) => JSON.stringify(listed.owner) === JSON.stringify(of))
  if (ownerType !== undefined) keep((listed) => listed.owner._tag === ownerType)
  if (only !== undefined) keep((listed) => listed.kind === only)
  if (statuses !== undefined) keep((listed) => statuses.some((wanted) => wanted === listed.status))
  if (canonical !== undefined) keep((listed) => listed.canonical === canonical)
  if (filter.domain !== undefined) keep((listed) => listed.domain === filter.domain)
  if (filter.after !== undefined) keep(({ position }) => position > (filter.after ?? 0))
  if (addedBetween?.from !== undefined) keep(({ addedAt }) => addedAt >= (addedBetween.from ?? 0))
  if (addedBetween?.to !== undefined) keep(({ addedAt }) => addedAt <= (addedBetween.to ?? 0))
  if (updatedBetween?.from !== undefined) keep(({ updatedAt }) => updatedAt >= (updatedBetween.from ?? 0))
  if (updatedBetween?.to !== undefined) keep(({ updatedAt }) => updatedAt <= (updatedBetween.to ?? 0))
  for (const [key, wanted] of Object.entries(metadata ?? {})) {
    keep((listed) => {
      const found = Object.entries(listed.metadata).find(([name]) => name === key)
      return found !== undefined && (typeof found[1] === "string" ? found[1] : JSON.stringify(found[1])) === wanted
    })
  }
  return left
}
