/**
 * Whether a server keeps what the storage promises, asked of every connection that commits: settings may differ by role
 * and database.
 */
import { StorageUnavailable } from "@countersign/engine"
import { type Row, readBoolean, readInteger, readText } from "@countersign/engine/storage"
import type { PgConnection } from "@effect/sql-pg"
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"

const oldest = 15

export const checkServer = (
  connection: PgConnection.PgConnection,
  allowUnsafe: boolean
): Effect.Effect<void, StorageUnavailable | SqlError> =>
  Effect.flatMap(
    connection.query(`SELECT current_setting('server_version_num')::integer AS version,
      current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync,
      current_setting('full_page_writes') AS full_page_writes, current_setting('synchronous_commit') AS synchronous_commit,
      current_setting('transaction_isolation') AS isolation, pg_is_in_recovery() AS standby`),
    ({ rows: [row] }) => {
      const reason = problem(row, allowUnsafe)
      return reason === undefined ? Effect.void : Effect.fail(new StorageUnavailable({ reason }))
    }
  )

const problem = (row: Row | undefined, allowUnsafe: boolean): string | undefined => {
  const version = Math.floor(readInteger(row, "version") / 10_000)
  if (version < oldest) return `the server is PostgreSQL ${version}, and the oldest that will do is ${oldest}`
  if (readBoolean(row, "standby")) return "the server is a standby, which cannot be written to"
  if (readText(row, "encoding") !== "UTF8") {
    return `the database's encoding is ${readText(row, "encoding")}, and it must be UTF8`
  }
  if (readText(row, "isolation") !== "read committed") {
    return `transactions of this user begin as ${readText(row, "isolation")}, and must begin as read committed`
  }
  if (allowUnsafe) return undefined
  for (const setting of ["fsync", "full_page_writes", "synchronous_commit"]) {
    if (readText(row, setting) === "off") {
      return `the server runs with ${setting} = off, so what it acknowledges may be lost in a crash`
    }
  }
  return undefined
}
