/**
 * Fills an empty database in one transaction on a connection of its own: others see the store empty until the COMMIT.
 */
import { DatabaseSync } from "node:sqlite"
import {
  type LoadingStore,
  type Maintenance,
  OutcomeUnknown,
  StorageUnavailable,
  StoreNotEmpty
} from "@countersign/engine"
import { filledTables } from "@countersign/engine/storage"
import { Clock, Effect } from "effect"
import { lockTimeout, refuse, retryWhileBusy } from "../connection/BusyRetry.ts"
import { type Database, nowOf } from "../connection/Database.ts"
import { isDiskFailure } from "../connection/SqliteFailure.ts"
import { runTransaction, type Transaction } from "../connection/Transaction.ts"
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
        const { store, commit } = openLoading(file, db)
        const answer = yield* fill(store)
        yield* commit
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

const isEmpty = (db: DatabaseSync): boolean =>
  filledTables.every((table) => db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined)

/** One connection that reads and writes, in one transaction that ends with the load. */
const openLoading = (file: string, db: DatabaseSync) => {
  let isRefused = false
  const ends = {
    commit: () => {},
    // Half of a batch may be there, so none of it must stay, even when `fill` goes on.
    rollback: () => {
      isRefused = true
    }
  }
  const inTransaction = <A>(body: (tx: Transaction) => A): Effect.Effect<A, StorageUnavailable> =>
    Clock.clockWith((clock) => retryWhileBusy(() => runTransaction(nowOf(clock), body, ends), refuse))
  const database: Database = {
    file,
    writer: db,
    reader: db,
    onWritten: () => {},
    transact: inTransaction,
    write: inTransaction,
    read: (body) => inTransaction(({ now }) => body(now))
  }
  const keys = makeSurrogateKeys(database)
  const rows = makeLoadRows(db, keys)
  const store: LoadingStore = {
    ...maintained(database, makeSenderRows(database, keys)),
    put: (batch) =>
      database.write((tx) => {
        for (const row of batch) rows.put(tx, row)
      })
  }
  const commit = Effect.suspend(() =>
    isRefused
      ? Effect.fail(new StorageUnavailable({ reason: "a row was refused, and nothing was loaded" }))
      : retryWhileBusy<void, StorageUnavailable | OutcomeUnknown>(() => db.exec("COMMIT"), refuseCommit)
  )
  return { store, commit }
}

const refuseCommit = (cause: unknown): Effect.Effect<never, StorageUnavailable | OutcomeUnknown> =>
  isDiskFailure(cause)
    ? Effect.fail(new OutcomeUnknown({ reason: "the disk failed while the store was being written" }))
    : refuse(cause)
