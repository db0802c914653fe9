/**
 * The event store on SQLite: a batch is one transaction and one flush to disk.
 */
import { EventStore } from "@countersign/engine"
import { Effect } from "effect"
import type { Changes } from "../connection/Changes.ts"
import { readText } from "../connection/Columns.ts"
import type { Database } from "../connection/Database.ts"
import { type CommitRows, decodeEventRow } from "./CommitRows.ts"

export const makeEventStore = (database: Database, rows: CommitRows, changes: Changes): EventStore["Service"] =>
  EventStore.of({
    commit: (batch) =>
      Effect.map(
        database.transact((now) => rows.commit(batch, now)),
        (outcomes) => {
          if (outcomes.some(({ _tag }) => _tag === "Committed")) changes.hint()
          return outcomes
        }
      ),
    ...makeEventReads(database),
    changes: changes.stream
  })

export const makeEventReads = ({ read, reader }: Database): Pick<EventStore["Service"], "readStream" | "readLog"> => {
  const readStream = reader.prepare(`
    SELECT position, version, type, schema_version, data, meta, recorded_at FROM events
    WHERE stream = (SELECT number FROM streams WHERE stream = ?) AND version > ? ORDER BY version LIMIT ?`)
  const readLog = reader.prepare(`
    SELECT e.position, t.stream, e.version, e.type, e.schema_version, e.data, e.meta, e.recorded_at
    FROM events e CROSS JOIN streams t ON t.number = e.stream WHERE e.position > ? ORDER BY e.position LIMIT ?`)

  return {
    readStream: (stream, after, limit) =>
      read((now) => ({
        events: readStream.all(stream, after, limit).map((row) => decodeEventRow(stream, row)),
        now
      })),
    readLog: (after, limit) =>
      read((now) => ({
        events: readLog.all(after, limit).map((row) => decodeEventRow(readText(row, "stream"), row)),
        now
      }))
  }
}
