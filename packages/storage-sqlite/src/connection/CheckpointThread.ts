/**
 * The thread that copies the write-ahead log into the database file, so that no commit waits for it. Started and told
 * what to do by `Checkpointer.ts`; it answers every message with one of its own.
 *
 * Imports nothing of this package, so that it loads quickly and runs from the sources and from the build alike.
 */
import { DatabaseSync } from "node:sqlite"
import { parentPort, workerData } from "node:worker_threads"

/** What the thread is told, and what it answers when it is done. */
export type Order = "checkpoint" | "close"

// Given by `Checkpointer.ts`: the path of the database.
const db = new DatabaseSync(String(workerData), { timeout: 1_000 })
db.exec("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -1024")
const checkpoint = db.prepare("PRAGMA wal_checkpoint(PASSIVE)")

parentPort?.on("message", (order: Order) => {
  try {
    // Passive: takes no lock that a writer or a reader could meet.
    checkpoint.get()
  } catch {
    // The disk is full, say. The log grows meanwhile, nothing is lost, and the next order tries again.
  }
  if (order === "close") db.close()
  parentPort?.postMessage(order)
  if (order === "close") parentPort?.close()
})
