/**
 * Rows of the directory: each is of a stream that there is, and its metadata is in the side table.
 */
import type { DatabaseSync } from "node:sqlite"
import {
  metadataTexts,
  missingTermFault,
  orphanFault,
  type Row,
  readInteger,
  readOptionalText,
  readText
} from "@countersign/engine/storage"
import type { AuditPart } from "./AuditPart.ts"

const sliceSize = 500

export const auditRows = (db: DatabaseSync): AuditPart => {
  const page = db.prepare(`
    SELECT s.stream, s.account, s.position, s.metadata, t.stream AS name
    FROM senders s LEFT JOIN streams t ON t.number = s.stream WHERE s.stream > ? ORDER BY s.stream LIMIT ${sliceSize}`)
  const remove = db.prepare("DELETE FROM senders WHERE stream = ?")
  const has = db.prepare(`
    SELECT 1 FROM sender_metadata WHERE account = ? AND key = ? AND value = ? AND position = ? AND stream = ?`)
  const add = db.prepare(`
    INSERT INTO sender_metadata (account, key, value, position, stream) VALUES (?, ?, ?, ?, ?)`)

  const faultsOf = (row: Row, repair: boolean): ReadonlyArray<string> => {
    const name = readOptionalText(row, "name")
    const stream = readInteger(row, "stream")
    if (name === undefined) {
      if (repair) remove.run(stream)
      return [orphanFault(stream)]
    }
    const json = readText(row, "metadata")
    if (json === "{}") return []
    const account = readInteger(row, "account")
    const position = readInteger(row, "position")
    // Written by `SenderRows` from an entry's metadata.
    return metadataTexts(JSON.parse(json)).flatMap(([key, value]) => {
      if (has.get(account, key, value, position, stream) !== undefined) return []
      if (repair) add.run(account, key, value, position, stream)
      return [missingTermFault(name, key)]
    })
  }

  return (after, repair) => {
    const rows = page.all(after?.[0] ?? 0)
    const last = rows.at(-1)
    return {
      faults: rows.flatMap((row) => faultsOf(row, repair)),
      next: rows.length < sliceSize || last === undefined ? undefined : [readInteger(last, "stream")]
    }
  }
}
