/**
 * Streams with their rows in the directory, to be looked through and put right.
 */
import type { MaintainedStore } from "@countersign/engine"
import { decodeStream, entryColumns, readInteger, readOptionalInteger } from "@countersign/engine/storage"
import { makeEventReads } from "../commit/SqliteEventStore.ts"
import type { Database } from "../connection/Database.ts"
import type { SenderRows } from "../directory/SenderRows.ts"
import { makeSenderAudit } from "./SenderAudit.ts"

/** Over the live store, or over the one transaction that loads it. */
export const maintained = (database: Database, senders: SenderRows): MaintainedStore => {
  const { reader, writer } = database
  const streams = reader.prepare(`
    SELECT t.version, a.account, s.view_version, ${entryColumns} FROM streams t
    LEFT JOIN senders s ON s.stream = t.number
    LEFT JOIN account_numbers a ON a.number = s.account
    WHERE t.stream > ? ORDER BY t.stream LIMIT ?`)
  const find = writer.prepare(`
    SELECT t.number, t.version, s.view_version FROM streams t LEFT JOIN senders s ON s.stream = t.number
    WHERE t.stream = ?`)

  return {
    ...makeEventReads(database),
    streams: (after, limit) => database.read(() => streams.all(after, limit).map(decodeStream)),
    correct: (entries) =>
      database.write((tx) =>
        entries.map(({ stream, version, entry, view }) => {
          const row = find.get(stream)
          if (row === undefined || readInteger(row, "version") !== version) return "Moved"
          if ((readOptionalInteger(row, "view_version") ?? 0) > view) return "Newer"
          senders.correct(tx, readInteger(row, "number"), entry, view)
          return "Written"
        })
      ),
    audit: makeSenderAudit(database)
  }
}
