/**
 * The directory's rows in memory, with the lists that queries walk: of an account, of an owner, of an address, on a domain, and with a value of
 * metadata. Every list is kept in the order of the log, and those of accounts by domain as well.
 */
import { ownerKey } from "@countersign/core"
import type { ListedSender } from "@countersign/engine"
import { byCodePoint } from "./CodePointOrder.ts"
import { type Order, SenderList } from "./SenderList.ts"

export interface MemorySenderRows {
  /** Every row, by stream. */
  readonly entries: () => Iterable<readonly [stream: string, sender: ListedSender]>
  /** By stream. */
  readonly get: (stream: string) => ListedSender | undefined
  /** Makes `sender` the row of the stream, or deletes the row. */
  readonly put: (stream: string, sender: ListedSender | undefined) => void
  /** The oldest comes first. */
  readonly inOrder: (list: ListName) => SenderList
  /** The same senders by domain, then by canonical address, then by age. */
  readonly byDomain: (account: string) => SenderList
}

/** Whose senders, or which. */
export type ListName =
  | readonly [account: string]
  | readonly [account: string, by: "owner" | "address" | "domain", value: string]
  | readonly [account: string, by: "metadata", key: string, value: string]

const oldestFirst: Order = (a, b) => a.position - b.position

export const byDomainOrder: Order = (a, b) =>
  byCodePoint(a.domain, b.domain) || byCodePoint(a.canonical, b.canonical) || a.position - b.position

/** What a filter compares a top-level value by: a string itself, anything else its JSON text. */
export const metadataText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

export const makeSenderRows = (): MemorySenderRows => {
  const rows = new Map<string, ListedSender>()
  const ordered = new Map<string, SenderList>()
  const byDomain = new Map<string, SenderList>()

  const listsOf = (sender: ListedSender): ReadonlyArray<readonly [typeof ordered, string, Order, boolean]> => [
    ...namesOf(sender).map(
      (name) => [ordered, JSON.stringify(name), oldestFirst, name[1] === undefined || name[1] === "owner"] as const
    ),
    [byDomain, sender.account, byDomainOrder, false]
  ]

  const remove = (sender: ListedSender): void => {
    for (const [lists, name] of listsOf(sender)) {
      const list = lists.get(name)
      list?.remove(sender)
      if (list?.size === 0) lists.delete(name)
    }
  }

  const add = (sender: ListedSender): void => {
    for (const [lists, name, order, isCounted] of listsOf(sender)) {
      const known = lists.get(name)
      const list = known ?? new SenderList(order, isCounted)
      if (known === undefined) lists.set(name, list)
      list.add(sender)
    }
  }

  return {
    entries: () => rows.entries(),
    get: (stream) => rows.get(stream),
    put: (stream, sender) => {
      const before = rows.get(stream)
      if (before !== undefined) remove(before)
      if (sender === undefined) rows.delete(stream)
      else {
        rows.set(stream, sender)
        add(sender)
      }
    },
    inOrder: (list) => ordered.get(JSON.stringify(list)) ?? empty,
    byDomain: (account) => byDomain.get(account) ?? empty
  }
}

const empty = new SenderList(oldestFirst, true)

const namesOf = ({ account, owner, canonical, domain, metadata }: ListedSender): ReadonlyArray<ListName> => [
  [account],
  [account, "owner", ownerKey(owner)],
  [account, "address", canonical],
  [account, "domain", domain],
  ...Object.entries(metadata).map(([key, value]): ListName => [account, "metadata", key, metadataText(value)])
]
