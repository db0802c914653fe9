/**
 * The directory's rows as a commit writes them: the entry, its metadata side rows, and the counts.
 */
import { type SenderEntry, viewVersion } from "@countersign/core"
import type { ListedSender } from "@countersign/engine"
import { encodeEntryJson, metadataTexts, type Row, readInteger, readText } from "@countersign/engine/storage"
import type { Database } from "../connection/Database.ts"
import type { Transaction } from "../connection/Transaction.ts"
import type { SurrogateKeys } from "./SurrogateKeys.ts"

export interface SenderRows {
  /**
   * Makes `entry` the row of the stream, or deletes the row; `isNew` when the stream was made just now and so has none.
   * Returns the entry's position: its own when it is of the same incarnation, otherwise `firstPosition`; 0 when there
   * is none.
   */
  readonly put: (
    tx: Transaction,
    stream: number,
    entry: SenderEntry | undefined,
    firstPosition: number,
    isNew: boolean
  ) => number
  /** Makes `entry` the row of the stream as it is given, position and all, or deletes the row. */
  readonly correct: (tx: Transaction, stream: number, entry: ListedSender | undefined, view: number) => void
}

/** The number that stands for all owners of an account in `sender_counts`. */
export const everyOwner = 0

interface Count {
  readonly account: number
  readonly owner: number
  readonly kind: string
  readonly status: string
  change: number
}

export const makeSenderRows = ({ writer }: Database, keys: SurrogateKeys): SenderRows => {
  const find = writer.prepare(`
    SELECT account, owner, position, kind, status, domain, canonical, incarnation, added_at, updated_at, metadata
    FROM senders WHERE stream = ?`)
  const insert = writer.prepare(`
    INSERT INTO senders (stream, account, owner, position, kind, status, domain, canonical, incarnation,
      added_at, updated_at, metadata, body, view_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const updateBody = writer.prepare("UPDATE senders SET body = ?, view_version = ? WHERE stream = ?")
  // Two updates, because SQLite rewrites every index that has a column of the SET list, changed or not.
  const updateShown = writer.prepare(
    "UPDATE senders SET status = ?, updated_at = ?, body = ?, view_version = ? WHERE stream = ?"
  )
  const remove = writer.prepare("DELETE FROM senders WHERE stream = ?")
  // What a row that was lost left behind must not keep its successor out.
  const addMetadata = writer.prepare(`
    INSERT INTO sender_metadata (account, key, value, position, stream) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
  const removeMetadata = writer.prepare(`
    DELETE FROM sender_metadata WHERE account = ? AND key = ? AND value = ? AND position = ? AND stream = ?`)
  const changeCount = writer.prepare(`
    INSERT INTO sender_counts (account, owner, kind, status, senders) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET senders = senders + excluded.senders`)

  // The changes of the transaction under way: written once, however many rows it changes.
  const counts = new Map<string, Count>()

  const writeCounts = () => {
    for (const { account, owner, kind, status, change } of counts.values()) {
      if (change !== 0) changeCount.run(account, owner, kind, status, change)
    }
    counts.clear()
  }

  const count = (tx: Transaction, { account, owner, kind, status, change }: Count): void => {
    if (counts.size === 0) {
      tx.beforeCommit(writeCounts)
      tx.afterRollback(() => counts.clear())
    }
    const key = `${account} ${owner} ${kind} ${status}`
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { account, owner, kind, status, change })
    else known.change += change
  }

  const countBoth = (tx: Transaction, row: Row, change: number): void => {
    const [kind, status] = [readText(row, "kind"), readText(row, "status")]
    const account = readInteger(row, "account")
    count(tx, { account, owner: everyOwner, kind, status, change })
    count(tx, { account, owner: readInteger(row, "owner"), kind, status, change })
  }

  const eachMetadata = (json: string, then: (key: string, value: string) => void): void => {
    if (json === "{}") return
    // Written by `add` below.
    for (const [key, value] of metadataTexts(JSON.parse(json) as SenderEntry["metadata"])) then(key, value)
  }

  const drop = (tx: Transaction, stream: number, row: Row): void => {
    const account = readInteger(row, "account")
    const position = readInteger(row, "position")
    remove.run(stream)
    eachMetadata(readText(row, "metadata"), (key, value) => {
      removeMetadata.run(account, key, value, position, stream)
    })
    countBoth(tx, row, -1)
  }

  const add = (
    tx: Transaction,
    stream: number,
    account: number,
    owner: number,
    entry: SenderEntry,
    position: number,
    view = viewVersion
  ): number => {
    const { kind, status, domain, canonical, incarnation, addedAt, updatedAt } = entry
    const metadata = JSON.stringify(entry.metadata)
    insert.run(
      stream,
      account,
      owner,
      position,
      kind,
      status,
      domain,
      canonical,
      incarnation,
      addedAt,
      updatedAt,
      metadata,
      encodeEntryJson(entry),
      view
    )
    eachMetadata(metadata, (key, value) => {
      addMetadata.run(account, key, value, position, stream)
    })
    countBoth(tx, { account, owner, kind, status }, 1)
    return position
  }

  /** Whether only what the indexes do not hold, or may change, differs. */
  const isSameLife = (row: Row, account: number, owner: number, entry: SenderEntry): boolean =>
    row.account === account &&
    row.owner === owner &&
    row.incarnation === entry.incarnation &&
    row.kind === entry.kind &&
    row.domain === entry.domain &&
    row.canonical === entry.canonical &&
    row.added_at === entry.addedAt &&
    row.metadata === JSON.stringify(entry.metadata)

  return {
    put: (tx, stream, entry, firstPosition, isNew) => {
      const row = isNew ? undefined : find.get(stream)
      if (entry === undefined) {
        if (row !== undefined) drop(tx, stream, row)
        return 0
      }
      const account = keys.ofAccount(tx, entry.account)
      const owner = keys.ofOwner(tx, account, entry.owner)
      if (row === undefined) return add(tx, stream, account, owner, entry, firstPosition)
      const position = row.incarnation === entry.incarnation ? readInteger(row, "position") : firstPosition
      if (!isSameLife(row, account, owner, entry)) {
        drop(tx, stream, row)
        return add(tx, stream, account, owner, entry, position)
      }
      const body = encodeEntryJson(entry)
      if (row.status === entry.status && row.updated_at === entry.updatedAt) {
        updateBody.run(body, viewVersion, stream)
        return position
      }
      updateShown.run(entry.status, entry.updatedAt, body, viewVersion, stream)
      if (row.status !== entry.status) {
        countBoth(tx, row, -1)
        countBoth(tx, { account, owner, kind: entry.kind, status: entry.status }, 1)
      }
      return position
    },
    correct: (tx, stream, entry, view) => {
      const row = find.get(stream)
      if (row !== undefined) drop(tx, stream, row)
      if (entry === undefined) return
      const account = keys.ofAccount(tx, entry.account)
      add(tx, stream, account, keys.ofOwner(tx, account, entry.owner), entry, entry.position, view)
    }
  }
}
