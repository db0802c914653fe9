/**
 * Rows of the side table of metadata: each is of a sender that has just this value, and is where the sender is.
 */
import type { DatabaseSync } from "node:sqlite"
import { extraTermFault, metadataTexts, type Row, readInteger, readText } from "@countersign/engine/storage"
import type { AuditPart } from "./AuditPart.ts"

const sliceSize = 500
const beginning = [0, "", "", 0, 0] as const

export const auditMetadata = (db: DatabaseSync): AuditPart => {
  const page = db.prepare(`
    SELECT m.account, m.key, m.value, m.position, m.stream, s.account AS account_of, s.position AS position_of, s.metadata
    FROM sender_metadata m LEFT JOIN senders s ON s.stream = m.stream
    WHERE (m.account, m.key, m.value, m.position, m.stream) > (?, ?, ?, ?, ?)
    ORDER BY m.account, m.key, m.value, m.position, m.stream LIMIT ${sliceSize}`)
  const remove = db.prepare(`
    DELETE FROM sender_metadata WHERE account = ? AND key = ? AND value = ? AND position = ? AND stream = ?`)

  return (after, repair) => {
    const rows = page.all(...(after ?? beginning))
    const last = rows.at(-1)
    // Read once for all rows of a sender: it may have thousands of members.
    const termsOf = new Map<number, ReadonlyMap<string, string>>()
    const wrong = rows.filter((row) => !isRight(row, termsOf))
    if (repair) for (const row of wrong) remove.run(...placeOf(row))
    return {
      faults: wrong.map((row) => extraTermFault(readInteger(row, "stream"), readText(row, "key"))),
      next: rows.length < sliceSize || last === undefined ? undefined : placeOf(last)
    }
  }
}

const isRight = (row: Row, termsOf: Map<number, ReadonlyMap<string, string>>): boolean => {
  if (row.account_of !== row.account || row.position_of !== row.position) return false
  const stream = readInteger(row, "stream")
  // Written by `SenderRows` from an entry's metadata.
  const terms = termsOf.get(stream) ?? new Map(metadataTexts(JSON.parse(readText(row, "metadata"))))
  termsOf.set(stream, terms)
  return terms.get(readText(row, "key")) === row.value
}

const placeOf = (row: Row) =>
  [
    readInteger(row, "account"),
    readText(row, "key"),
    readText(row, "value"),
    readInteger(row, "position"),
    readInteger(row, "stream")
  ] as const
