/**
 * The directory's rows in memory, in lists that are kept in order, so that no query has to sort: an account's by age
 * and by domain, an owner's, and those on a domain.
 */
import { ownerKey } from "@countersign/core"
import type { ListedSender } from "@countersign/engine"
import { byCodePoint } from "./CodePointOrder.ts"

export interface MemorySenderRows {
  /** Every row, by stream. */
  readonly entries: () => Iterable<readonly [stream: string, sender: ListedSender]>
  /** By stream. */
  readonly get: (stream: string) => ListedSender | undefined
  /** Makes `sender` the row of the stream, or deletes the row. */
  readonly put: (stream: string, sender: ListedSender | undefined) => void
  /** The list as it is now: not to be kept, for it changes with the rows. */
  readonly list: (name: ListName) => ReadonlyArray<ListedSender>
}

/** Whose senders. The oldest comes first, but for `by-domain`: there domain and canonical address come before age. */
export type ListName =
  | readonly [account: string, "all" | "by-domain"]
  | readonly [account: string, "owner" | "domain", value: string]

export const makeSenderRows = (): MemorySenderRows => {
  const rows = new Map<string, ListedSender>()
  const lists = new Map<string, Array<ListedSender>>()

  const add = (sender: ListedSender): void => {
    for (const name of listsOf(sender)) {
      const key = JSON.stringify(name)
      const list = lists.get(key) ?? []
      list.splice(placeOf(sender, name, list), 0, sender)
      lists.set(key, list)
    }
  }

  const remove = (sender: ListedSender): void => {
    for (const name of listsOf(sender)) {
      const key = JSON.stringify(name)
      const list = lists.get(key) ?? []
      list.splice(placeOf(sender, name, list), 1)
      if (list.length === 0) lists.delete(key)
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
    list: (name) => lists.get(JSON.stringify(name)) ?? []
  }
}

const listsOf = ({ account, domain, owner }: ListedSender): ReadonlyArray<ListName> => [
  [account, "all"],
  [account, "by-domain"],
  [account, "owner", ownerKey(owner)],
  [account, "domain", domain]
]

/** Where the sender is, or belongs: no two have the same position. */
const placeOf = (sender: ListedSender, [, by]: ListName, list: ReadonlyArray<ListedSender>): number => {
  const order = by === "by-domain" ? byDomain : oldestFirst
  let [from, to] = [0, list.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    const other = list[middle]
    if (other !== undefined && order(other, sender) < 0) from = middle + 1
    else to = middle
  }
  return from
}

const oldestFirst = (a: ListedSender, b: ListedSender): number => a.position - b.position

const byDomain = (a: ListedSender, b: ListedSender): number =>
  byCodePoint(a.domain, b.domain) || byCodePoint(a.canonical, b.canonical) || oldestFirst(a, b)
