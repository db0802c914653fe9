/**
 * The event store on SQLite: a batch is one transaction and one flush to disk.
 */
import { EventStore } from "@countersign/engine"
import { decodeEvent, readInteger, readText, receiptLifetime } from "@countersign/engine/storage"
import { Effect, Option } from "effect"
import type { Changes } from "../connection/Changes.ts"
import type { Database } from "../connection/Database.ts"
import type { CommitRows } from "./CommitRows.ts"

export const makeEventStore = (database: Database, rows: CommitRows, changes: Changes): EventStore["Service"] =>
  EventStore.of({
    commit: (batch) =>
      Effect.map(
        database.transact((tx) => rows.commit(tx, batch)),
        (outcomes) => {
          if (outcomes.some(({ _tag }) => _tag === "Committed")) changes.hint()
          return outcomes
        }
      ),
    ...makeEventReads(database),
    ...makeReceiptAndHead(database),
    changes: changes.stream
  })

/** Outside of a transaction a statement sees the newest commit of whatever connection, so neither is ever stale. */
const makeReceiptAndHead = ({ read, reader }: Database): Pick<EventStore["Service"], "receipt" | "head"> => {
  const findReceipt = reader.prepare(`
    SELECT fingerprint, result FROM receipts
    WHERE account = (SELECT number FROM account_numbers WHERE account = ?) AND command = ? AND at > ?`)
  const readHead = reader.prepare("SELECT coalesce(max(position), 0) AS head FROM events")

  return {
    receipt: (account, command) =>
      read((now) =>
        Option.map(Option.fromUndefinedOr(findReceipt.get(account, command, now - receiptLifetime)), (row) => ({
          fingerprint: readText(row, "fingerprint"),
          result: readText(row, "result")
        }))
      ),
    head: read(() => readInteger(readHead.get(), "head"))
  }
}

export const makeEventReads = ({ read, reader }: Database): Pick<EventStore["Service"], "readStream" | "readLog"> => {
  const recordedLast = reader.prepare("SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1")
  // Asked after the events, so that no event of a page is newer than its time.
  const timeOf = (now: number): number => {
    const row = recordedLast.get()
    return row === undefined ? now : Math.max(now, readInteger(row, "recorded_at"))
  }
  const readStream = reader.prepare(`
    SELECT position, version, type, schema_version, data, meta, recorded_at FROM events
    WHERE stream = (SELECT number FROM streams WHERE stream = ?) AND version > ? ORDER BY version LIMIT ?`)
  const readLog = reader.prepare(`
    SELECT e.position, t.stream, e.version, e.type, e.schema_version, e.data, e.meta, e.recorded_at
    FROM events e CROSS JOIN streams t ON t.number = e.stream WHERE e.position > ? ORDER BY e.position LIMIT ?`)

  return {
    readStream: (stream, after, limit) =>
      read((now) => ({
        events: readStream.all(stream, after, limit).map((row) => decodeEvent(stream, row)),
        now: timeOf(now)
      })),
    readLog: (after, limit) =>
      read((now) => ({
        events: readLog.all(after, limit).map((row) => decodeEvent(readText(row, "stream"), row)),
        now: timeOf(now)
      }))
  }
}
