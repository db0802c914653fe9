/**
 * Keeps the write-ahead log short without a commit ever waiting for it.
 *
 * SQLite would copy the log into the database file within the commit that makes it 1,000 pages long, and let that commit
 * pay for it. Here a thread does it. A log that is copied to its end is begun anew by the next commit; while commits come without a pause,
 * the thread never reaches the end, so past `longLog` the writing connection itself copies the few pages that are left.
 *
 * The thread starts when there is something to copy: a command that writes three rows never has one.
 */
import { Worker } from "node:worker_threads"
import { Effect, type Scope } from "effect"
import type { Order } from "./CheckpointThread.ts"
import { readInteger } from "./Columns.ts"
import type { Connection } from "./Connection.ts"
import { isSqliteError } from "./SqliteFailure.ts"

/** Pages of the log not yet copied that are worth a checkpoint: 4 MB. */
const worthCopying = 1_000
/** Pages of the log from which on it is brought to its end as soon as that is quick: 64 MB. */
const longLog = 16_000
/** Pages of the log from which on it is brought to its end however long that takes: 256 MB. */
const tooLongLog = 64_000

/** Runs until the end of the scope. */
export const keepLogShort = (connection: Connection): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => makeCheckpointer(connection)),
    ({ close }) => Effect.promise(close)
  ).pipe(Effect.map(({ written }) => connection.onWritten(written)))

const makeCheckpointer = ({ file, writer }: Connection) => {
  // NOOP only answers how long the log is and how much of it was copied (SQLite 3.51); it takes a microsecond.
  const look = writer.prepare("PRAGMA wal_checkpoint(NOOP)")
  const copyHere = writer.prepare("PRAGMA wal_checkpoint(PASSIVE)")
  let thread: Thread | undefined

  const afterWrite = (): void => {
    if (thread?.isBusy() === true) return
    const row = look.get()
    const log = readInteger(row, "log")
    const waiting = log - readInteger(row, "checkpointed")
    if (waiting < worthCopying && log < longLog) return
    // When the thread has just copied, a few pages are left; when it cannot run, this is the only checkpoint there is.
    if ((log >= longLog && waiting < worthCopying) || log >= tooLongLog || thread?.isDead() === true) copyHere.get()
    else {
      thread ??= startThread(file)
      thread.checkpoint()
    }
  }

  return {
    written: () => {
      try {
        afterWrite()
      } catch (cause) {
        // The transaction is written and must be answered as such. A disk that fails here is told by the next one.
        if (!isSqliteError(cause)) throw cause
      }
    },
    close: async () => thread?.close()
  }
}

interface Thread {
  readonly isBusy: () => boolean
  readonly isDead: () => boolean
  readonly checkpoint: () => void
  readonly close: () => Promise<void>
}

const startThread = (file: string): Thread => {
  // As this module is: TypeScript when it runs from the sources, JavaScript from the build.
  const name = import.meta.url.endsWith(".ts") ? "./CheckpointThread.ts" : "./CheckpointThread.js"
  const worker = new Worker(new URL(name, import.meta.url), { workerData: file, execArgv: [], name: "checkpoint" })
  // A program that ends without closing the store is not kept alive for this.
  worker.unref()
  let busy = false
  let dead = false
  const exited = new Promise<void>((resolve) => {
    worker.once("exit", () => {
      dead = true
      busy = false
      resolve()
    })
  })
  // Told by `exit` as well, which follows.
  worker.on("error", () => {
    dead = true
  })
  worker.on("message", () => {
    busy = false
  })
  const order = (what: Order) => {
    if (dead) return
    busy = true
    worker.postMessage(what)
  }
  return {
    isBusy: () => busy,
    isDead: () => dead,
    checkpoint: () => order("checkpoint"),
    close: () => {
      worker.ref()
      order("close")
      return dead ? Promise.resolve() : exited
    }
  }
}
