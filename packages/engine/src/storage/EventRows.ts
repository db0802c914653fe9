/**
 * Events out of their rows.
 */
import type { StoredEvent } from "../ports/EventStore.ts"
import { type Row, readInteger, readText } from "./Columns.ts"

/** An event of a stream whose name is known. */
export const decodeEvent = (stream: string, row: Row): StoredEvent => ({
  position: readInteger(row, "position"),
  stream,
  version: readInteger(row, "version"),
  type: readText(row, "type"),
  schemaVersion: readInteger(row, "schema_version"),
  data: readText(row, "data"),
  meta: readText(row, "meta"),
  recordedAt: readInteger(row, "recorded_at")
})
