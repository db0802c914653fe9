/**
 * The directory in memory: every question is a filter over one list, as plain as its words.
 *
 * Nothing else runs meanwhile. 200,000 senders are filtered in ten milliseconds or so.
 */
import { ownerKey } from "@countersign/core"
import { type ListedSender, SenderDirectory, type SenderFilter, type SenderQuery } from "@countersign/engine"
import { metadataText } from "@countersign/engine/storage"
import { Effect, Option } from "effect"
import type { ListName } from "./MemorySenderRows.ts"
import type { MemoryState } from "./MemoryState.ts"

export const makeSenderDirectory = ({ directory }: Pick<MemoryState, "directory">): SenderDirectory["Service"] => {
  const matching = (filter: SenderFilter, order?: SenderQuery["order"]): ReadonlyArray<ListedSender> =>
    directory.list(listFor(filter, order)).filter(matcher(filter))

  return SenderDirectory.of({
    find: (account, sender) =>
      Effect.sync(() =>
        Option.filter(Option.fromUndefinedOr(directory.get(sender)), (listed) => listed.account === account)
      ),
    current: (account, owner) =>
      Effect.sync(() => Option.fromUndefinedOr(matching({ account, owner, kind: "email" }).at(-1))),
    page: ({ order, offset, limit, ...filter }) =>
      Effect.sync(() => {
        const found = matching(filter, order)
        return (order === "newest-first" ? found.toReversed() : found).slice(offset, offset + limit)
      }),
    count: (filter) => Effect.sync(() => matching(filter).length),
    onDomain: (account, domain, after, limit) =>
      Effect.sync(() =>
        directory
          .list([account, "domain", domain])
          .filter(({ position }) => position > after)
          .slice(0, limit)
      )
  })
}

const listFor = ({ account, owner }: SenderFilter, order: SenderQuery["order"] | undefined): ListName => {
  if (order === "by-domain") return [account, order]
  return owner === undefined ? [account, "all"] : [account, "owner", ownerKey(owner)]
}

const matcher = (filter: SenderFilter): ((sender: ListedSender) => boolean) => {
  const owner = filter.owner && ownerKey(filter.owner)
  const metadata = Object.entries(filter.metadata ?? {})
  return (sender) =>
    (owner === undefined || ownerKey(sender.owner) === owner) &&
    (filter.ownerType === undefined || sender.owner._tag === filter.ownerType) &&
    (filter.kind === undefined || sender.kind === filter.kind) &&
    (filter.statuses === undefined || filter.statuses.includes(sender.status)) &&
    (filter.canonical === undefined || sender.canonical === filter.canonical) &&
    (filter.domain === undefined || sender.domain === filter.domain) &&
    (filter.after === undefined || sender.position > filter.after) &&
    isBetween(filter.addedBetween, sender.addedAt) &&
    isBetween(filter.updatedBetween, sender.updatedAt) &&
    metadata.every(([key, wanted]) => textOf(sender.metadata, key) === wanted)
}

const isBetween = (bounds: SenderFilter["addedBetween"], at: number): boolean =>
  at >= (bounds?.from ?? Number.NEGATIVE_INFINITY) && at <= (bounds?.to ?? Number.POSITIVE_INFINITY)

/** What a filter compares a top-level value by: a string itself, anything else its JSON text. */
const textOf = (metadata: ListedSender["metadata"], key: string): string | undefined => {
  // Own keys only: an object has a `constructor` that nobody put there.
  return Object.hasOwn(metadata, key) ? metadataText(metadata[key]) : undefined
}
