/**
 * Streams with their rows in the directory, to be looked through and put right.
 */
import type { MaintainedStore, StoredStream } from "@countersign/engine"
import { makeEventReads } from "../commit/SqliteEventStore.ts"
import { type Row, readInteger, readOptionalInteger, readText } from "../connection/Columns.ts"
import type { Database } from "../connection/Database.ts"
import { decodeSender, listedColumns } from "../directory/SenderBody.ts"
import type { SenderRows } from "../directory/SenderRows.ts"
import { makeSenderAudit } from "./SenderAudit.ts"

/** Over the live store, or over the one transaction that loads it. */
export const maintained = (database: Database, senders: SenderRows): MaintainedStore => {
  const { reader, writer } = database
  const streams = reader.prepare(`
    SELECT t.version, a.account, s.view_version, ${listedColumns} FROM streams t
    LEFT JOIN senders s ON s.stream = t.number LEFT JOIN owner_numbers o ON o.number = s.owner
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

const decodeStream = (row: Row): StoredStream => {
  const view = readOptionalInteger(row, "view_version")
  return {
    stream: readText(row, "sender"),
    version: readInteger(row, "version"),
    entry: view === undefined ? undefined : decodeSender(readText(row, "account"), row),
    view: view ?? 0
  }
}
