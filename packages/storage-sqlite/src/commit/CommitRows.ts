/**
 * One commit: look for the receipt, look at the lease, look at the versions, and only then write. So a commit that is
 * not written has touched nothing (but for the number of a new account), and needs no savepoint to leave the others of
 * its batch alone.
 */
import type { Append, Commit, CommitOutcome, StoredEvent } from "@countersign/engine"
import { decodeEvent, makeReceiptForgetting, readInteger, readText, receiptLifetime } from "@countersign/engine/storage"
import type { Database } from "../connection/Database.ts"
import type { Transaction } from "../connection/Transaction.ts"
import type { SenderRows } from "../directory/SenderRows.ts"
import type { SurrogateKeys } from "../directory/SurrogateKeys.ts"
import { makeKeyChanges } from "../signing/SqliteSigningKeys.ts"
import type { TaskRows } from "../tasks/TaskRows.ts"

export interface CommitRows {
  /** In order. */
  readonly commit: (tx: Transaction, batch: ReadonlyArray<Commit>) => ReadonlyArray<CommitOutcome>
}

interface Found {
  /** `undefined` when the stream has no row yet. */
  readonly number: number | undefined
  readonly version: number
}

const unmade: Found = { number: undefined, version: 0 }

/** The end of the log while a batch is written. */
interface Head {
  position: number
  recordedAt: number
}

export const makeCommitRows = (
  database: Database,
  keys: SurrogateKeys,
  senders: SenderRows,
  tasks: TaskRows
): CommitRows => {
  const { writer } = database
  const readHead = writer.prepare("SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1")
  const findReceipt = writer.prepare(
    "SELECT number, fingerprint, result, at FROM receipts WHERE account = ? AND command = ?"
  )
  const addReceipt = writer.prepare(
    "INSERT INTO receipts (account, command, fingerprint, result, at) VALUES (?, ?, ?, ?, ?)"
  )
  const removeReceipt = writer.prepare("DELETE FROM receipts WHERE number = ?")
  const forgetReceipts = writer.prepare(`
    DELETE FROM receipts WHERE at <= ? AND number IN (SELECT number FROM receipts ORDER BY number LIMIT ?)`)
  const findStream = writer.prepare("SELECT number, version FROM streams WHERE stream = ?")
  const addStream = writer.prepare("INSERT INTO streams (stream, version) VALUES (?, ?)")
  const setVersion = writer.prepare("UPDATE streams SET version = ? WHERE number = ?")
  const addEvent = writer.prepare(`
    INSERT INTO events (position, stream, version, type, schema_version, data, meta, recorded_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
  const readNewer = writer.prepare(`
    SELECT position, version, type, schema_version, data, meta, recorded_at
    FROM events WHERE stream = ? AND version > ? ORDER BY version`)

  const changeKey = makeKeyChanges(database)
  const receiptsToForget = makeReceiptForgetting()

  const forget = (commits: number, now: number): void => {
    const most = receiptsToForget(commits)
    if (most > 0) forgetReceipts.run(now - receiptLifetime, most)
  }

  const find = (stream: string): Found => {
    const row = findStream.get(stream)
    return row === undefined ? unmade : { number: readInteger(row, "number"), version: readInteger(row, "version") }
  }

  const newer = (stream: string, number: number | undefined, after: number): ReadonlyArray<StoredEvent> =>
    number === undefined ? [] : readNewer.all(number, after).map((row) => decodeEvent(stream, row))

  /** The streams as they are found, one per append; or the first that has another version than expected. */
  const check = (appends: ReadonlyArray<Append>): ReadonlyArray<Found> | (CommitOutcome & { _tag: "Conflict" }) => {
    const found: Array<Found> = []
    for (const { stream, expected } of appends) {
      const stored = find(stream)
      const version = versionAfter(appends, found, stream) ?? stored.version
      if (version !== expected) return { _tag: "Conflict", stream, newer: newer(stream, stored.number, expected) }
      found.push({ number: stored.number, version })
    }
    return found
  }

  const write = (tx: Transaction, { stream, events, entry, tasks: put }: Append, found: Found, head: Head) => {
    const version = found.version + events.length
    const firstPosition = head.position + 1
    for (const task of put) tasks.put(tx, task)
    const known = found.number
    if (known === undefined && version === 0 && entry === undefined) return { version, entryPosition: 0 }
    const number = known ?? Number(addStream.run(stream, version).lastInsertRowid)
    if (known !== undefined && events.length > 0) setVersion.run(version, known)

    // A clock that was set back does not take the log back with it.
    if (events.length > 0) head.recordedAt = Math.max(head.recordedAt, tx.now)
    let at = found.version
    for (const { type, schemaVersion, data, meta } of events) {
      head.position += 1
      at += 1
      addEvent.run(head.position, number, at, type, schemaVersion, data, meta, head.recordedAt)
    }
    const entryPosition = senders.put(tx, number, entry, firstPosition, known === undefined)
    return { version, entryPosition }
  }

  const commitOne = (tx: Transaction, commit: Commit, head: Head): CommitOutcome => {
    const { account, command, appends, settles } = commit
    const accountNumber = keys.ofAccount(tx, account)
    const receipt = findReceipt.get(accountNumber, command.id)
    // Before everything else: the first answer holds although the versions, and the lease, have moved on since.
    const holds = receipt !== undefined && tx.now - readInteger(receipt, "at") < receiptLifetime
    if (holds) {
      return readText(receipt, "fingerprint") === command.fingerprint
        ? { _tag: "Duplicate", result: readText(receipt, "result") }
        : { _tag: "CommandIdReused" }
    }
    const settled = settles && tasks.held(settles)
    if (settles !== undefined && settled === undefined) return { _tag: "LeaseLost" }
    const found = check(appends)
    if ("_tag" in found) return found

    // From here on everything is written. Settled first: what the commit puts is put after the run, not during it.
    if (settled !== undefined) tasks.complete(settled)
    const written = appends.map((append, index) => {
      const before = found[index]
      // Found anew when an earlier append of this very commit may have made the stream.
      return write(
        tx,
        append,
        before?.number === undefined && index > 0 ? find(append.stream) : (before ?? unmade),
        head
      )
    })
    for (const change of commit.keys ?? []) changeKey(change)
    if (receipt !== undefined) removeReceipt.run(readInteger(receipt, "number"))
    addReceipt.run(accountNumber, command.id, command.fingerprint, command.result, tx.now)
    return { _tag: "Committed", appends: written }
  }

  return {
    commit: (tx, batch) => {
      const last = readHead.get()
      const head: Head =
        last === undefined
          ? { position: 0, recordedAt: tx.now }
          : { position: readInteger(last, "position"), recordedAt: readInteger(last, "recorded_at") }
      const outcomes = batch.map((commit) => commitOne(tx, commit, head))
      forget(batch.length, tx.now)
      return outcomes
    }
  }
}

/** The version that an earlier append of the same commit leaves the stream at. */
const versionAfter = (
  appends: ReadonlyArray<Append>,
  found: ReadonlyArray<Found>,
  stream: string
): number | undefined => {
  for (let index = found.length - 1; index >= 0; index--) {
    const earlier = appends[index]
    if (earlier?.stream === stream) return (found[index]?.version ?? 0) + earlier.events.length
  }
  return undefined
}
