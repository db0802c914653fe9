/**
 * The two connections to the database file: one that writes, one that reads.
 *
 * SQLite has one writer at a time, so every change of this process goes through one connection, in `BEGIN IMMEDIATE`
 * transactions that run without a pause from first to last statement: fibers cannot meet in the middle of one. Reads go
 * through the other and see what was committed. No cursor is left open, which would keep the log from being
 * checkpointed.
 */
import { closeSync, mkdirSync, openSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { OutcomeUnknown, StorageUnavailable } from "@countersign/engine"
import { Clock, Effect, type Scope } from "effect"
import { migrate, schemaVersion } from "../migrations/Migrations.ts"
import { lockTimeout, refuse, retryWhileBusy } from "./BusyRetry.ts"
import { isDiskFailure, isSqliteError } from "./SqliteFailure.ts"
import { runTransaction, type Transaction } from "./Transaction.ts"

export interface Database {
  readonly file: string
  /** To prepare statements with that run inside `write` or `transact`. */
  readonly writer: DatabaseSync
  /** To prepare statements with that run inside `read`. */
  readonly reader: DatabaseSync
  /** Called after every transaction that was written. */
  readonly onWritten: (listener: () => void) => void
  /**
   * Runs `body` in one transaction. What `body` throws rolls everything back; an error of SQLite becomes
   * `StorageUnavailable`, or `OutcomeUnknown` when the disk failed at the COMMIT itself.
   */
  readonly transact: <A>(body: (tx: Transaction) => A) => Effect.Effect<A, StorageUnavailable | OutcomeUnknown>
  /** The same where a doubtful outcome is as good as none. */
  readonly write: <A>(body: (tx: Transaction) => A) => Effect.Effect<A, StorageUnavailable>
  /** Runs `body`, which only reads. Each statement sees the newest commit. */
  readonly read: <A>(body: (now: number) => A) => Effect.Effect<A, StorageUnavailable>
}

/** Opens the file, makes it if need be (mode 0600, its folder 0700), and brings it to the newest schema. */
export const openDatabase = (options: {
  readonly file: string
  readonly cacheMegabytes: number
}): Effect.Effect<Database, StorageUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    retryWhileBusy(() => open(options), refuse),
    ({ reader, writer }) =>
      Effect.sync(() => {
        reader.close()
        // The last connection to a file copies what is left of the log into it and deletes the log.
        writer.close()
      })
  ).pipe(Effect.map((opened) => makeDatabase(opened)))

interface Opened {
  readonly file: string
  readonly writer: DatabaseSync
  readonly reader: DatabaseSync
}

const open = ({ file, cacheMegabytes }: { readonly file: string; readonly cacheMegabytes: number }): Opened => {
  const path = resolve(file)
  makeFile(path)
  const writer = new DatabaseSync(path, { timeout: lockTimeout })
  try {
    // Refuses a file of another program before anything in it is changed.
    schemaVersion(writer)
    // Recursive triggers, so that INSERT OR REPLACE cannot get around the trigger that keeps events from being deleted.
    writer.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = ${64 * 1_024 * 1_024};
      PRAGMA recursive_triggers = ON;
      PRAGMA cache_size = ${-1_024 * cacheMegabytes};
    `)
    migrate(writer)
    const reader = new DatabaseSync(path, { timeout: lockTimeout })
    // Its pages go stale with every commit, so a large cache would be of no use to it.
    reader.exec(`PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON; PRAGMA cache_size = ${-256 * cacheMegabytes}`)
    return { file: path, writer, reader }
  } catch (cause) {
    writer.close()
    throw cause
  }
}

/** One folder at most: a mistyped path should fail, not grow a tree. SQLite gives the log the mode of the file. */
const makeFile = (path: string): void => {
  try {
    mkdirSync(dirname(path), { mode: 0o700 })
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) throw cause
  }
  closeSync(openSync(path, "a", 0o600))
}

const makeDatabase = ({ file, writer, reader }: Opened): Database => {
  const begin = writer.prepare("BEGIN IMMEDIATE")
  const commit = writer.prepare("COMMIT")
  const rollback = writer.prepare("ROLLBACK")
  const listeners: Array<() => void> = []

  const ends = {
    commit: () => {
      try {
        commit.run()
      } catch (cause) {
        throw isDiskFailure(cause) ? new CommitInDoubt(cause) : cause
      }
    },
    rollback: () => {
      // Some errors have rolled back already (https://www.sqlite.org/lang_transaction.html, section 3).
      if (!writer.isTransaction) return
      try {
        rollback.run()
      } catch (cause) {
        // What made the transaction fail is worth more to the caller; the next transaction begins with another
        // ROLLBACK.
        if (!isSqliteError(cause)) throw cause
      }
    }
  }

  const inTransaction = <A>(body: (tx: Transaction) => A, clock: Clock.Clock): A => {
    // Left behind only when a ROLLBACK failed with the disk.
    if (writer.isTransaction) rollback.run()
    begin.run()
    const value = runTransaction(nowOf(clock), body, ends)
    for (const listener of listeners) listener()
    return value
  }

  const refuseCommit = (cause: unknown): Effect.Effect<never, StorageUnavailable | OutcomeUnknown> =>
    cause instanceof CommitInDoubt ? Effect.fail(new OutcomeUnknown({ reason: cause.message })) : refuse(cause)

  const transact: Database["transact"] = (body) =>
    Clock.clockWith((clock) => retryWhileBusy(() => inTransaction(body, clock), refuseCommit))

  return {
    file,
    writer,
    reader,
    onWritten: (listener) => {
      listeners.push(listener)
    },
    transact,
    write: (body) =>
      Effect.catchTag(transact(body), "OutcomeUnknown", ({ reason }) =>
        Effect.fail(new StorageUnavailable({ reason }))
      ),
    read: (body) => Clock.clockWith((clock) => retryWhileBusy(() => body(nowOf(clock)), refuse))
  }
}

/** Whole milliseconds, which is what the columns hold; a test's clock has fractions. */
export const nowOf = (clock: Clock.Clock): number => Math.floor(clock.currentTimeMillisUnsafe())

/** The log may hold the commit on disk although SQLite gave it up: after a crash it would be there. */
class CommitInDoubt extends Error {
  override readonly name = "CommitInDoubt"
  constructor(cause: unknown) {
    super("the disk failed while a transaction was being written", { cause })
  }
}
