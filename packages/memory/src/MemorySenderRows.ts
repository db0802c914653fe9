/**
 * The directory's rows in memory, with the lists that queries walk: of an account, of an owner, of an address, on a domain, and with a value of
 * metadata. Every list is kept in the order of the log, and those of accounts by domain as well.
 */
import { ownerKey } from "@countersign/core"
import type { ListedSender } from "@countersign/engine"
import { byCodePoint } from "./CodePointOrder.ts"

export type Senders = ReadonlyArray<ListedSender>

export interface MemorySenderRows {
  /** Every row, by stream. */
  readonly entries: () => Iterable<readonly [stream: string, sender: ListedSender]>
  /** By stream. */
  readonly get: (stream: string) => ListedSender | undefined
  /** Makes `sender` the row of the stream, or deletes the row. */
  readonly put: (stream: string, sender: ListedSender | undefined) => void
  /** The oldest comes first. Not to be kept: it changes with the rows. */
  readonly inOrder: (list: ListName) => Senders
  /** The same senders by domain, then by canonical address, then by age. */
  readonly byDomain: (account: string) => Senders
}

/** Whose senders, or which. */
export type ListName =
  | readonly [account: string]
  | readonly [account: string, by: "owner" | "address" | "domain", value: string]
  | readonly [account: string, by: "metadata", key: string, value: string]

type Order = (a: ListedSender, b: ListedSender) => number

const oldestFirst: Order = (a, b) => a.position - b.position

export const byDomainOrder: Order = (a, b) =>
  byCodePoint(a.domain, b.domain) || byCodePoint(a.canonical, b.canonical) || a.position - b.position

/** What a filter compares a top-level value by: a string itself, anything else its JSON text. */
export const metadataText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

export const makeSenderRows = (): MemorySenderRows => {
  const rows = new Map<string, ListedSender>()
  const inOrder = new Map<string, Array<ListedSender>>()
  const byDomain = new Map<string, Array<ListedSender>>()

  /** In each list that the sender belongs to, by what order it is found there. */
  const eachList = (sender: ListedSender, change: (lists: typeof inOrder, name: string, order: Order) => void) => {
    for (const name of listsOf(sender)) change(inOrder, JSON.stringify(name), oldestFirst)
    change(byDomain, JSON.stringify([sender.account]), byDomainOrder)
  }

  return {
    entries: () => rows.entries(),
    get: (stream) => rows.get(stream),
    put: (stream, sender) => {
      const before = rows.get(stream)
      if (before !== undefined) {
        rows.delete(stream)
        eachList(before, (lists, name, order) => {
          const list = lists.get(name) ?? []
          list.splice(placeOf(list, before, order), 1)
          if (list.length === 0) lists.delete(name)
        })
      }
      if (sender !== undefined) {
        rows.set(stream, sender)
        eachList(sender, (lists, name, order) => {
          const list = lists.get(name)
          if (list === undefined) lists.set(name, [sender])
          else list.splice(placeOf(list, sender, order), 0, sender)
        })
      }
    },
    inOrder: (list) => inOrder.get(JSON.stringify(list)) ?? [],
    byDomain: (account) => byDomain.get(JSON.stringify([account])) ?? []
  }
}

const listsOf = ({ account, owner, canonical, domain, metadata }: ListedSender): ReadonlyArray<ListName> => [
  [account],
  [account, "owner", ownerKey(owner)],
  [account, "address", canonical],
  [account, "domain", domain],
  ...Object.entries(metadata).map(([key, value]): ListName => [account, "metadata", key, metadataText(value)])
]

/** Where a sender is in a list, or belongs; no two senders of an account have the same position. */
export const placeOf = (list: Senders, sender: ListedSender, order: Order): number =>
  firstIndex(list, (other) => order(other, sender) >= 0)

/** The first sender that is far enough; in a list where all after it are, too. */
export const firstIndex = (list: Senders, isFarEnough: (sender: ListedSender) => boolean): number => {
  let [from, to] = [0, list.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    const sender = list[middle]
    if (sender !== undefined && isFarEnough(sender)) to = middle
    else from = middle + 1
  }
  return from
}
