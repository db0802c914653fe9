/**
 * The directory in memory: every question walks one list, the narrowest that has all it asks for, and no further than its page; what the lists
 * count by themselves is not walked for.
 *
 * Nothing runs meanwhile. A list of 200,000 senders is walked in a few milliseconds.
 */
import { accountOwner, ownerKey } from "@countersign/core"
import { type ListedSender, SenderDirectory, type SenderFilter, type SenderQuery } from "@countersign/engine"
import { Effect, Option } from "effect"
import { byDomainOrder, type ListName, metadataText } from "./MemorySenderRows.ts"
import type { MemoryState } from "./MemoryState.ts"
import type { Piece } from "./SenderList.ts"

/** So many senders are sorted by domain rather than looked for among all of the account's. */
const sorted = 1_000

export const makeSenderDirectory = ({ directory }: Pick<MemoryState, "directory">): SenderDirectory["Service"] => {
  const ordered = ({ order, ...filter }: SenderFilter & Pick<SenderQuery, "order">): ReadonlyArray<Piece> => {
    const list = directory.inOrder(narrowest(filter))
    if (order !== "by-domain") return list.pieces
    return list.size <= sorted ? [list.pieces.flat().sort(byDomainOrder)] : directory.byDomain(filter.account).pieces
  }

  const page = ({ limit, offset, ...query }: SenderQuery): Piece => {
    const conditions = conditionsOf(query)
    const pieces = ordered(query)
    const isBackwards = query.order === "newest-first"
    const found: Array<ListedSender> = []
    let passed = 0
    for (let at = 0; at < pieces.length && found.length < limit; at++) {
      const piece = pieces.at(isBackwards ? -1 - at : at) ?? []
      if (conditions.length === 0 && passed + piece.length <= offset) {
        passed += piece.length
        continue
      }
      const matching = conditions.length === 0 ? piece : piece.filter((sender) => holdsAll(conditions, sender))
      const page = (isBackwards ? matching.toReversed() : matching).slice(Math.max(0, offset - passed))
      found.push(...page.slice(0, limit - found.length))
      passed += matching.length
    }
    return found
  }

  const count = (filter: SenderFilter): number => {
    const { account, kind, owner, ownerType, statuses } = filter
    const list = directory.inOrder(narrowest(filter))
    if (isKeptCount(filter)) {
      const accounts = directory.inOrder([account, "owner", ownerKey(accountOwner)])
      if (ownerType === undefined) return list.count(kind, statuses)
      if (owner === undefined) return list.count(kind, statuses) - accounts.count(kind, statuses)
      return owner._tag === ownerType ? list.count(kind, statuses) : 0
    }
    const conditions = conditionsOf(filter)
    let matching = 0
    for (const piece of list.pieces) for (const sender of piece) if (holdsAll(conditions, sender)) matching += 1
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
      Effect.sync(() => directory.inOrder([account, "domain", domain]).from(({ position }) => position > after, limit))
  })
}

const isKeptCount = ({ canonical, createdBetween, updatedBetween, metadata }: SenderFilter): boolean =>
  canonical === undefined &&
  createdBetween === undefined &&
  updatedBetween === undefined &&
  Object.keys(metadata ?? {}).length === 0

const narrowest = ({ account, canonical, metadata, owner }: SenderFilter): ListName => {
  if (canonical !== undefined) return [account, "address", canonical]
  const [first] = Object.entries(metadata ?? {})
  if (first !== undefined) return [account, "metadata", ...first]
  return owner === undefined ? [account] : [account, "owner", ownerKey(owner)]
}

type Condition = (sender: ListedSender) => boolean

const holdsAll = (conditions: ReadonlyArray<Condition>, sender: ListedSender): boolean => {
  for (const holds of conditions) if (!holds(sender)) return false
  return true
}

const conditionsOf = (filter: SenderFilter): ReadonlyArray<Condition> => {
  const { canonical, createdBetween, kind, owner, ownerType, statuses, updatedBetween } = filter
  const conditions: Array<Condition> = []
  // What `narrowest` has begun with holds already, for most; asking again costs little.
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
