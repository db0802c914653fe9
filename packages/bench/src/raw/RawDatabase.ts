/**
 * A bare `node:sqlite` connection with the pragmas and the checkpoint policy of our storage adapter: what every raw contender writes
 * through. The policy is written out again because the adapter's own is not for others to use; when it changes there, it changes here.
 */
import { DatabaseSync } from "node:sqlite"
import { Worker } from "node:worker_threads"
import { orders } from "./RawCheckpoints.ts"

export interface RawDatabase {
  readonly db: DatabaseSync
  /** To call after every transaction. */
  readonly written: () => void
  readonly close: () => Promise<void>
}

/** Pages of the log, and transactions between two looks: the numbers of the adapter's `Checkpointer.ts`. */
const worthCopying = 1_000
const longLog = 16_000
const lookEvery = 16

export const openRawDatabase = (file: string): RawDatabase => {
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA recursive_triggers = ON;
    PRAGMA cache_size = ${-64 * 1_024};
  `)
  const look = db.prepare("PRAGMA wal_checkpoint(NOOP)")
  const copyHere = db.prepare("PRAGMA wal_checkpoint(PASSIVE)")
  // A loop that does nothing but write hears no message; a shared number it can look at.
  const order = new Int32Array(new SharedArrayBuffer(4))
  const thread = new Worker(new URL("./RawCheckpoints.ts", import.meta.url), {
    workerData: { file, order },
    execArgv: []
  })
  const ended = new Promise<void>((resolve, reject) => {
    thread.once("exit", () => resolve())
    thread.once("error", reject)
  })
  const say = (what: number) => {
    Atomics.store(order, 0, what)
    Atomics.notify(order, 0)
  }
  let transactions = 0
  return {
    db,
    written: () => {
      transactions += 1
      if (transactions < lookEvery || Atomics.load(order, 0) !== orders.none) return
      transactions = 0
      const row = look.get()
      const log = Number(row?.log)
      const waiting = log - Number(row?.checkpointed)
      if (log >= longLog && waiting < worthCopying) copyHere.get()
      else if (waiting >= worthCopying) say(orders.checkpoint)
    },
    close: async () => {
      while (Atomics.load(order, 0) === orders.checkpoint) await new Promise((later) => setTimeout(later, 5))
      say(orders.close)
      await ended
      db.close()
    }
  }
}
