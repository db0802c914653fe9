/**
 * Every row of the store as it was at one moment: one transaction that only reads, on a connection of its own, page by
 * page.
 *
 * While it is open the server keeps the rows that it sees, and grows by what changes meanwhile; nobody waits for it.
 */
import { budgetWindow, type StorageUnavailable, type StoredRow } from "@countersign/engine"
import { decodeStoredRow, type Row, readInteger, receiptLifetime } from "@countersign/engine/storage"
import { Effect, Option, Stream } from "effect"
import type { Database } from "../connection/Database.ts"
import { databaseNow } from "../connection/DatabaseClock.ts"
import { joinEach } from "../connection/JoinEach.ts"
import { long } from "../connection/Parameters.ts"
import { inRealTime, reachConnection, refuse } from "../connection/Reconnect.ts"

const pageSize = 500

/** One kind of rows: $1 is how many, $2 the time, and from $3 on where the last page ended. */
interface Kind {
  readonly sql: (schema: string) => string
  /** Before the first row. */
  readonly start: ReadonlyArray<unknown>
  /** The columns by which the pages go on. */
  readonly key: ReadonlyArray<string>
  readonly decode: (row: Row) => StoredRow
}

const byNumber = (
  columns: string,
  table: string,
  decode: (row: Row) => StoredRow,
  where = "$2::bigint IS NOT NULL"
): Kind => ({
  sql: (schema) =>
    `SELECT number, ${columns} FROM ${schema}.${table} WHERE number > $3 AND ${where} ORDER BY number LIMIT $1`,
  start: [long(0)],
  key: ["number"],
  decode
})

const kinds: ReadonlyArray<Kind> = [
  {
    sql: (schema) => `SELECT i.one, i.id, i.identity_key, (
        SELECT CASE WHEN q.is_called THEN q.last_value ELSE 0 END FROM ${schema}.tasks_number_seq q
      ) AS last FROM ${schema}.installation i WHERE i.one > $3 AND $2::bigint IS NOT NULL LIMIT $1`,
    start: [0],
    key: ["one"],
    decode: decodeStoredRow.Installation
  },
  byNumber("id, email, name", "accounts", decodeStoredRow.Account),
  byNumber("id, account, name", "organizations", decodeStoredRow.Organization),
  byNumber("id, account, secret_hash, created_at, revoked_at", "access_keys", decodeStoredRow.AccessKey),
  {
    sql: (schema) => `SELECT e.position, t.stream, e.version, e.type, e.schema_version, e.data, e.meta, e.recorded_at
      FROM (SELECT * FROM ${schema}.events WHERE position > $3 AND $2::bigint IS NOT NULL ORDER BY position LIMIT $1) e
      ${joinEach("t", `SELECT stream FROM ${schema}.streams WHERE number = e.stream`)} ORDER BY e.position`,
    start: [long(0)],
    key: ["position"],
    decode: decodeStoredRow.Event
  },
  byNumber(
    "kind, key, state, due, attempts, payload, error, fence, leased_until, last_run_at, rerun_at",
    "tasks",
    decodeStoredRow.Task
  ),
  {
    sql: (schema) => `SELECT account, command, fingerprint, result, at FROM ${schema}.receipts
      WHERE at > $2 - ${receiptLifetime} AND (at, account, command) > ($3, $4, $5) ORDER BY at, account, command LIMIT $1`,
    start: [long(-1), "", ""],
    key: ["at", "account", "command"],
    decode: decodeStoredRow.Receipt
  },
  byNumber(
    "mail, address_hash, account, at, first",
    "granted_mails",
    decodeStoredRow.GrantedMail,
    `at > $2 - ${budgetWindow}`
  ),
  {
    sql: (schema) => `SELECT key_id, wrapped FROM ${schema}.signing_keys
      WHERE key_id > $3 AND $2::bigint IS NOT NULL ORDER BY key_id LIMIT $1`,
    start: [""],
    key: ["key_id"],
    decode: decodeStoredRow.SigningKey
  }
]

export const snapshotOf = ({
  settings,
  patience,
  given,
  names: { schema }
}: Database): Stream.Stream<StoredRow, StorageUnavailable> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const connection = yield* reachConnection(settings, patience)
      const query = (sql: string, values: ReadonlyArray<unknown> = []) =>
        connection.query(sql, values).pipe(
          Effect.map(({ rows }) => rows),
          Effect.catch(refuse),
          inRealTime
        )
      yield* query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
      // The moment of the snapshot is that of its first read.
      const [first] = yield* query(`SELECT ${databaseNow("$1")} AS now`, [long(yield* given)])
      const now = long(readInteger(first, "now"))

      const rowsOf = ({ sql, start, key, decode }: Kind) => {
        const text = sql(schema)
        return Stream.paginate(start, (after) =>
          Effect.map(query(text, [pageSize, now, ...after]), (rows) => {
            const last = rows.at(-1)
            const next =
              last === undefined || rows.length < pageSize
                ? Option.none()
                : Option.some(key.map((column) => last[column]))
            return [rows.map(decode), next] as const
          })
        )
      }
      return Stream.fromIterable(kinds).pipe(Stream.flatMap(rowsOf))
    })
  )
