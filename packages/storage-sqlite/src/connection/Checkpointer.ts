/**
 * Keeps the write-ahead log short without a commit ever waiting for it.
 *
 * SQLite would copy the log into the database file within the commit that makes it 1,000 pages long, and let that
 * commit pay for it. Here a thread does it. A log that is copied to its end is begun anew by the next commit; while
 * commits come without a pause, the thread never reaches the end, so past `LogLimits.long` the writing connection
 * itself copies the few pages that are left.
 *
 * The thread starts when there is something to copy: a command that writes three rows never has one.
 */
import { Worker } from "node:worker_threads"
import { readInteger } from "@countersign/engine/storage"
import { Cause, Effect, type Scope } from "effect"
import type { Order } from "./CheckpointThread.ts"
import type { Database } from "./Database.ts"
import { isSqliteError } from "./SqliteFailure.ts"
import { threadProgram } from "./ThreadProgram.ts"

/** In pages of 4 kB. */
export interface LogLimits {
  /** So much not yet copied is worth a checkpoint. */
  readonly worthCopying: number
  /** From here on the log is brought to its end as soon as that is quick. */
  readonly long: number
  /** From here on it is brought to its end however long that takes. */
  readonly tooLong: number
}

/** 4 MB, 64 MB, 256 MB. */
const defaultLimits: LogLimits = { worthCopying: 1_000, long: 16_000, tooLong: 64_000 }

/** Runs until the end of the scope. */
export const keepLogShort = (
  database: Database,
  limits: LogLimits = defaultLimits
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const services = yield* Effect.context<never>()
    const onDeath = (cause: unknown) => {
      Effect.runForkWith(services)(
        Effect.logWarning(
          "the checkpoint thread of the database ended; commits do its work from now on",
          Cause.fail(cause)
        )
      )
    }
    const { written } = yield* Effect.acquireRelease(
      Effect.sync(() => makeCheckpointer(database, limits, onDeath)),
      ({ close }) => Effect.promise(close)
    )
    database.onWritten(written)
  })

const makeCheckpointer = (
  { file, writer }: Database,
  { worthCopying, long, tooLong }: LogLimits,
  onDeath: (cause: unknown) => void
) => {
  // NOOP only answers how long the log is and how much of it was copied (SQLite 3.51); it takes a microsecond.
  const look = writer.prepare("PRAGMA wal_checkpoint(NOOP)")
  const copyHere = writer.prepare("PRAGMA wal_checkpoint(PASSIVE)")
  let thread: Thread | undefined

  const start = (): Thread => {
    try {
      return startThread(file, onDeath)
    } catch (cause) {
      // The system has no thread left to give, say; the commit that is written does not fail for it.
      onDeath(cause)
      return noThread
    }
  }

  const afterWrite = (): void => {
    const row = look.get()
    const log = readInteger(row, "log")
    // While the thread copies, a second checkpoint would only be told so; one that has yet to begin may be overtaken.
    if (thread?.isBusy() === true && log < tooLong) return
    const waiting = log - readInteger(row, "checkpointed")
    if (waiting < worthCopying && log < long) return
    // When the thread has just copied, a few pages are left; when it cannot run, this is the only checkpoint there is.
    if ((log >= long && waiting < worthCopying) || log >= tooLong || thread?.isDead() === true) copyHere.get()
    else {
      thread ??= start()
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

/** One that never began. */
const noThread: Thread = {
  isBusy: () => false,
  isDead: () => true,
  checkpoint: () => {},
  close: () => Promise.resolve()
}

/** Where the file is missing, commits do its work. */
const checkpointProgram = threadProgram(new URL("./CheckpointThread.js", import.meta.url), "CheckpointThread")

const startThread = (file: string, onDeath: (cause: unknown) => void): Thread => {
  const worker = new Worker(checkpointProgram, { workerData: file, execArgv: [], name: "checkpoint" })
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
  // `exit` follows.
  worker.on("error", onDeath)
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
