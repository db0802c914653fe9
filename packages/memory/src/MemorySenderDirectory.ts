/**
 * The directory in memory: every question walks one list, the narrowest that has all it asks for, and no further than its page.
 *
 * Nothing runs meanwhile. A list of 200,000 senders is walked in a few milliseconds.
 */
import { ownerKey } from "@countersign/core"
import { type ListedSender, SenderDirectory, type SenderFilter, type SenderQuery } from "@countersign/engine"
import { Effect, Option } from "effect"
import { byDomainOrder, firstIndex, type ListName, metadataText, type Senders } from "./MemorySenderRows.ts"
import type { MemoryState } from "./MemoryState.ts"

/** So many senders are sorted by domain rather than looked for among all of the account's. */
const sorted = 1_000

export const makeSenderDirectory = ({ directory }: MemoryState): SenderDirectory["Service"] => {
  const newestFirst = (list: Senders): Iterable<ListedSender> => ({
    *[Symbol.iterator]() {
      for (let index = list.length - 1; index >= 0; index--) {
        const sender = list[index]
        if (sender !== undefined) yield sender
      }
    }
  })

  const inOrder = ({ order, ...filter }: SenderFilter & Pick<SenderQuery, "order">): Iterable<ListedSender> => {
    const list = directory.inOrder(narrowest(filter))
    switch (order) {
      case "oldest-first":
        return list
      case "newest-first":
        return newestFirst(list)
      case "by-domain":
        return list.length <= sorted ? list.toSorted(byDomainOrder) : directory.byDomain(filter.account)
    }
  }

  const page = ({ limit, offset, ...query }: SenderQuery): Senders => {
    const conditions = conditionsOf(query)
    const found: Array<ListedSender> = []
    let passed = 0
    for (const sender of inOrder(query)) {
      if (found.length >= limit) break
      if (!conditions.every((holds) => holds(sender))) continue
      if (passed >= offset) found.push(sender)
      passed += 1
    }
    return found
  }

  const count = (filter: SenderFilter): number => {
    const list = directory.inOrder(narrowest(filter))
    const conditions = conditionsOf(filter)
    let matching = 0
    for (const sender of list) if (conditions.every((holds) => holds(sender))) matching += 1
    return matching
  }

  return SenderDirectory.of({
    find: (account, sender) =>
      Effect.sync(() =>
        Option.filter(Option.fromUndefinedOr(directory.get(sender)), (listed) => listed.account === account)
      ),
    current: (account, owner) =>
      Effect.sync(() => {
        const [newest] = page({ account, owner, kind: "email", order: "newest-first", offset: 0, limit: 1 })
        return Option.fromUndefinedOr(newest)
      }),
    page: (query) => Effect.sync(() => page(query)),
    count: (filter) => Effect.sync(() => count(filter)),
    onDomain: (account, domain, after, limit) =>
      Effect.sync(() => {
        const list = directory.inOrder([account, "domain", domain])
        const from = firstIndex(list, ({ position }) => position > after)
        return list.slice(from, from + limit)
      })
  })
}

const narrowest = ({ account, canonical, metadata, owner }: SenderFilter): ListName => {
  if (canonical !== undefined) return [account, "address", canonical]
  const [first] = Object.entries(metadata ?? {})
  if (first !== undefined) return [account, "metadata", ...first]
  return owner === undefined ? [account] : [account, "owner", ownerKey(owner)]
}

type Condition = (sender: ListedSender) => boolean

const conditionsOf = (filter: SenderFilter): ReadonlyArray<Condition> => {
  const { canonical, createdBetween, kind, owner, ownerType, statuses, updatedBetween } = filter
  const conditions: Array<Condition> = []
  if (owner !== undefined) {
    const key = ownerKey(owner)
    conditions.push((sender) => ownerKey(sender.owner) === key)
  }
  if (ownerType !== undefined) conditions.push((sender) => sender.owner._tag === ownerType)
  if (kind !== undefined) conditions.push((sender) => sender.kind === kind)
  if (statuses !== undefined) conditions.push((sender) => statuses.includes(sender.status))
  if (canonical !== undefined) conditions.push((sender) => sender.canonical === canonical)
  if (createdBetween !== undefined) conditions.push(({ createdAt }) => isBetween(createdBetween, createdAt))
  if (updatedBetween !== undefined) conditions.push(({ updatedAt }) => isBetween(updatedBetween, updatedAt))
  for (const [key, wanted] of Object.entries(filter.metadata ?? {})) {
    // Own keys only: an object has a `constructor` that nobody put there.
    conditions.push(({ metadata }) => Object.hasOwn(metadata, key) && metadataText(metadata[key]) === wanted)
  }
  return conditions
}

const isBetween = (bounds: NonNullable<SenderFilter["createdBetween"]>, at: number): boolean =>
  at >= (bounds.from ?? Number.NEGATIVE_INFINITY) && at <= (bounds.to ?? Number.POSITIVE_INFINITY)
