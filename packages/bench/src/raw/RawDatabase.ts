/**
 * A bare `node:sqlite` connection with the pragmas and the checkpoint policy of our storage adapter: what every raw
 * contender writes through. The policy is written out again because the adapter's own is not for others to use; when it
 * changes there, it changes here.
 */
import { DatabaseSync } from "node:sqlite"
import { setTimeout as pause } from "node:timers/promises"
import { Worker } from "node:worker_threads"
import { orders } from "./RawCheckpoints.ts"

export interface RawDatabase {
  readonly db: DatabaseSync
  /** To call after every transaction. */
  readonly written: () => void
  readonly close: () => Promise<void>
}

/** Pages of the log: the limits of the adapter's `Checkpointer.ts`. */
const worthCopying = 1_000
const long = 16_000
const tooLong = 64_000

export const openRawDatabase = (file: string): RawDatabase => {
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = ${64 * 1_024 * 1_024};
    PRAGMA recursive_triggers = ON;
    PRAGMA cache_size = ${-64 * 1_024};
  `)
  const look = db.prepare("PRAGMA wal_checkpoint(NOOP)")
  const copyHere = db.prepare("PRAGMA wal_checkpoint(PASSIVE)")
  let thread: Thread | undefined
  return {
    db,
    written: () => {
      const row = look.get()
      const log = Number(row?.log)
      if (thread?.isBusy() === true && log < tooLong) return
      const waiting = log - Number(row?.checkpointed)
      if (waiting < worthCopying && log < long) return
      if ((log >= long && waiting < worthCopying) || log >= tooLong) copyHere.get()
      else {
        // Started when there is something to copy, as the adapter's is: the start is in both figures, or in neither.
        thread ??= startThread(file)
        thread.checkpoint()
      }
    },
    close: async () => {
      await thread?.close()
      db.close()
    }
  }
}

interface Thread {
  readonly isBusy: () => boolean
  readonly checkpoint: () => void
  readonly close: () => Promise<void>
}

const startThread = (file: string): Thread => {
  // A loop that does nothing but write hears no message; a shared number it can look at.
  const order = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL("./RawCheckpoints.ts", import.meta.url), {
    workerData: { file, order },
    execArgv: []
  })
  const ended = new Promise<void>((resolve, reject) => {
    worker.once("exit", () => resolve())
    worker.once("error", reject)
  })
  const isBusy = () => Atomics.load(order, 0) === orders.checkpoint
  const say = (what: number) => {
    Atomics.store(order, 0, what)
    Atomics.notify(order, 0)
  }
  return {
    isBusy,
    checkpoint: () => say(orders.checkpoint),
    close: async () => {
      while (isBusy()) await pause(5)
      say(orders.close)
      await ended
    }
  }
}
