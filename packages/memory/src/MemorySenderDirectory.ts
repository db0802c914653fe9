/**
 * The directory in memory: every question is a filter over all rows, as plain as its words.
 */
import { ownerKey } from "@countersign/core"
import { type ListedSender, SenderDirectory, type SenderFilter, type SenderQuery } from "@countersign/engine"
import { Effect, Option } from "effect"
import { byCodePoint } from "./CodePointOrder.ts"
import type { MemoryState } from "./MemoryState.ts"

export const makeSenderDirectory = (state: MemoryState): SenderDirectory["Service"] => {
  const matching = (filter: SenderFilter) => [...state.directory.values()].filter((sender) => matches(filter, sender))

  return SenderDirectory.of({
    find: (account, sender) =>
      Effect.sync(() => Option.fromUndefinedOr(matching({ account }).find((listed) => listed.sender === sender))),
    current: (account, owner) =>
      Effect.sync(() =>
        Option.fromUndefinedOr(matching({ account, owner, kind: "email" }).sort(orders["newest-first"]).at(0))
      ),
    page: ({ order, offset, limit, ...filter }) =>
      Effect.sync(() =>
        matching(filter)
          .sort(orders[order])
          .slice(offset, offset + limit)
      ),
    count: (filter) => Effect.sync(() => matching(filter).length),
    onDomain: (account, domain, after, limit) =>
      Effect.sync(() =>
        matching({ account })
          .filter((sender) => sender.domain === domain && sender.position > after)
          .sort(orders["oldest-first"])
          .slice(0, limit)
      )
  })
}

const orders: { readonly [O in SenderQuery["order"]]: (a: ListedSender, b: ListedSender) => number } = {
  "oldest-first": (a, b) => a.position - b.position,
  "newest-first": (a, b) => b.position - a.position,
  "by-domain": (a, b) =>
    byCodePoint(a.domain, b.domain) || byCodePoint(a.canonical, b.canonical) || a.position - b.position
}

const matches = (filter: SenderFilter, sender: ListedSender): boolean =>
  sender.account === filter.account &&
  (filter.owner === undefined || ownerKey(sender.owner) === ownerKey(filter.owner)) &&
  (filter.ownerType === undefined || sender.owner._tag === filter.ownerType) &&
  (filter.kind === undefined || sender.kind === filter.kind) &&
  (filter.statuses === undefined || filter.statuses.includes(sender.status)) &&
  (filter.canonical === undefined || sender.canonical === filter.canonical) &&
  between(filter.createdBetween, sender.createdAt) &&
  between(filter.updatedBetween, sender.updatedAt) &&
  Object.entries(filter.metadata ?? {}).every(([key, wanted]) => metadataText(sender.metadata, key) === wanted)

const between = (bounds: SenderFilter["createdBetween"], at: number): boolean =>
  at >= (bounds?.from ?? Number.NEGATIVE_INFINITY) && at <= (bounds?.to ?? Number.POSITIVE_INFINITY)

/** What a filter compares a top-level value by: a string itself, anything else its JSON text. */
const metadataText = (metadata: ListedSender["metadata"], key: string): string | undefined => {
  // Own keys only: an object has a `constructor` that nobody put there.
  const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined
  return typeof value === "string" ? value : JSON.stringify(value)
}
