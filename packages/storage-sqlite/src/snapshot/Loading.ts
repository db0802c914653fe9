/**
 * Fills an empty database in one transaction on a connection of its own: others see the store empty until the COMMIT.
 */
import { DatabaseSync } from "node:sqlite"
import {
  type LoadingStore,
  type Maintenance,
  OutcomeUnknown,
  type StorageUnavailable,
  type StoredRow,
  StoreNotEmpty
} from "@countersign/engine"
import { Clock, Effect } from "effect"
import { lockTimeout, refuse, retryWhileBusy } from "../connection/BusyRetry.ts"
import type { Database } from "../connection/Database.ts"
import { isDiskFailure } from "../connection/SqliteFailure.ts"
import { makeSenderRows } from "../directory/SenderRows.ts"
import { makeSurrogateKeys } from "../directory/SurrogateKeys.ts"
import { makeLoadRows } from "./LoadRows.ts"
import { maintained } from "./MaintainedRows.ts"

export const makeLoad =
  (file: string): Maintenance["Service"]["load"] =>
  <A, E, R>(fill: (store: LoadingStore) => Effect.Effect<A, E, R>) =>
    Effect.scoped(
      Effect.gen(function* () {
        const db = yield* Effect.acquireRelease(
          retryWhileBusy(() => begin(file), refuse),
          // Closing rolls back what was not committed.
          (opened) => Effect.sync(() => opened.close())
        )
        if (!(yield* retryWhileBusy(() => isEmpty(db), refuse))) return yield* new StoreNotEmpty()
        const answer = yield* fill(loadingStore(file, db))
        yield* commit(db)
        return answer
      })
    )

const begin = (file: string): DatabaseSync => {
  const db = new DatabaseSync(file, { timeout: lockTimeout })
  try {
    db.exec("PRAGMA synchronous = FULL; PRAGMA recursive_triggers = ON; PRAGMA cache_size = -65536; BEGIN IMMEDIATE")
    return db
  } catch (cause) {
    db.close()
    throw cause
  }
}

const filled = [
  "accounts",
  "organizations",
  "access_keys",
  "streams",
  "events",
  "tasks",
  "receipts",
  "granted_mails",
  "silences"
]

const isEmpty = (db: DatabaseSync): boolean =>
  filled.every((table) => db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined)

const loadingStore = (file: string, db: DatabaseSync): LoadingStore => {
  const database = insideTransaction(file, db)
  const keys = makeSurrogateKeys(database)
  const rows = makeLoadRows(db, keys)
  return {
    ...maintained(database, makeSenderRows(database, keys)),
    put: (batch: ReadonlyArray<StoredRow>) => database.write(() => batch.forEach(rows.put))
  }
}

/** One connection that reads and writes, whose transaction somebody else begins and ends. */
const insideTransaction = (file: string, db: DatabaseSync): Database => {
  const run = <A>(body: (now: number) => A): Effect.Effect<A, StorageUnavailable> =>
    Clock.clockWith((clock) => retryWhileBusy(() => body(Math.floor(clock.currentTimeMillisUnsafe())), refuse))
  return { file, writer: db, reader: db, rollbacks: () => 0, onWritten: () => {}, transact: run, write: run, read: run }
}

const commit = (db: DatabaseSync) =>
  retryWhileBusy<void, StorageUnavailable | OutcomeUnknown>(
    () => db.exec("COMMIT"),
    (cause) =>
      isDiskFailure(cause)
        ? Effect.fail(new OutcomeUnknown({ reason: "the disk failed while the store was being written" }))
        : refuse(cause)
  )
