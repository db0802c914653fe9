/**
 * Every row of a database file as it was at one moment: one read transaction on a connection of its own, page by page.
 *
 * While it is open the log of the database cannot be begun anew, and grows by what is committed meanwhile; nobody waits
 * for it.
 */
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import { budgetWindow, type StorageUnavailable, type StoredRow } from "@countersign/engine"
import { decodeStoredRow, type Row, receiptLifetime } from "@countersign/engine/storage"
import { Clock, Effect, Option, Stream } from "effect"
import { lockTimeout, refuse, retryWhileBusy } from "../connection/BusyRetry.ts"

const pageSize = 500

/** One kind of rows: the statement takes where the last page ended, `now`, and how many. */
interface Kind {
  readonly sql: string
  /** Before the first row. */
  readonly start: ReadonlyArray<SQLInputValue>
  /** The columns by which the pages go on. */
  readonly key: ReadonlyArray<string>
  readonly decode: (row: Row) => StoredRow
}

/** For tables whose rowid is the order of age. */
const byNumber = { start: [0], key: ["number"] } as const

const kinds: ReadonlyArray<Kind> = [
  {
    sql: `SELECT one AS number, id, identity_key, (SELECT last FROM task_numbers) AS last FROM installation
      WHERE number > :after0 LIMIT :limit`,
    ...byNumber,
    decode: decodeStoredRow.Installation
  },
  {
    sql: "SELECT number, id, email, name FROM accounts WHERE number > :after0 ORDER BY number LIMIT :limit",
    ...byNumber,
    decode: decodeStoredRow.Account
  },
  {
    sql: `SELECT number, id, account, name FROM organizations
      WHERE number > :after0 ORDER BY number LIMIT :limit`,
    ...byNumber,
    decode: decodeStoredRow.Organization
  },
  {
    sql: `SELECT number, id, account, secret_hash, created_at, revoked_at FROM access_keys
      WHERE number > :after0 ORDER BY number LIMIT :limit`,
    ...byNumber,
    decode: decodeStoredRow.AccessKey
  },
  {
    sql: `SELECT e.position, t.stream, e.version, e.type, e.schema_version, e.data, e.meta, e.recorded_at
      FROM events e CROSS JOIN streams t ON t.number = e.stream
      WHERE e.position > :after0 ORDER BY e.position LIMIT :limit`,
    start: [0],
    key: ["position"],
    decode: decodeStoredRow.Event
  },
  {
    sql: `SELECT number, kind, key, state, due, attempts, payload, error, fence, leased_until, last_run_at, rerun_at
      FROM tasks WHERE number > :after0 ORDER BY number LIMIT :limit`,
    ...byNumber,
    decode: decodeStoredRow.Task
  },
  {
    sql: `SELECT r.number, a.account, r.command, r.fingerprint, r.result, r.at
      FROM receipts r CROSS JOIN account_numbers a ON a.number = r.account
      WHERE r.number > :after0 AND r.at > :now - ${receiptLifetime} ORDER BY r.number LIMIT :limit`,
    ...byNumber,
    decode: decodeStoredRow.Receipt
  },
  {
    sql: `SELECT number, mail, address_hash, account, at, first FROM granted_mails
      WHERE number > :after0 AND at > :now - ${budgetWindow} ORDER BY number LIMIT :limit`,
    ...byNumber,
    decode: decodeStoredRow.GrantedMail
  },
  {
    sql: "SELECT key_id, wrapped FROM signing_keys WHERE key_id > :after0 ORDER BY key_id LIMIT :limit",
    start: [""],
    key: ["key_id"],
    decode: decodeStoredRow.SigningKey
  }
]

export const snapshotOf = (file: string): Stream.Stream<StoredRow, StorageUnavailable> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const db = yield* Effect.acquireRelease(
        retryWhileBusy(() => openSnapshot(file), refuse),
        (opened) => Effect.sync(() => opened.close())
      )
      const now = Math.floor(yield* Clock.currentTimeMillis)
      return Stream.fromIterable(kinds).pipe(Stream.flatMap((kind) => rowsOf(db, kind, now)))
    })
  )

const openSnapshot = (file: string): DatabaseSync => {
  const db = new DatabaseSync(file, { timeout: lockTimeout })
  try {
    db.exec("PRAGMA query_only = ON; BEGIN")
    // The moment of the snapshot is that of its first read.
    db.prepare("SELECT one FROM installation").get()
    return db
  } catch (cause) {
    db.close()
    throw cause
  }
}

const rowsOf = (db: DatabaseSync, { sql, start, key, decode }: Kind, now: number) =>
  Stream.unwrap(
    Effect.map(
      retryWhileBusy(() => {
        const prepared = db.prepare(sql)
        // Not every kind has a second column to go on by, or a time limit.
        prepared.setAllowUnknownNamedParameters(true)
        return prepared
      }, refuse),
      (statement) =>
        Stream.paginate(start, (after) =>
          retryWhileBusy(() => {
            const [after0 = null, after1 = null] = after
            const rows = statement.all({ after0, after1, now, limit: pageSize })
            const last = rows.at(-1)
            const next =
              last === undefined || rows.length < pageSize
                ? Option.none()
                : Option.some(key.map((column) => last[column] ?? null))
            return [rows.map(decode), next] as const
          }, refuse)
        )
    )
  )
