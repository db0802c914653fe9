/**
 * The thread that copies the log of a raw database into its file, as the adapter's thread does for ours. Started by
 * `RawDatabase.ts`.
 */
import { DatabaseSync } from "node:sqlite"
import { isMainThread, workerData } from "node:worker_threads"

/** What the shared number says; the thread sets it back to `none` when it is done. */
export const orders = { none: 0, checkpoint: 1, close: 2 } as const

const work = ({ file, order }: { readonly file: string; readonly order: Int32Array<SharedArrayBuffer> }) => {
  const db = new DatabaseSync(file, { timeout: 1_000 })
  db.exec("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -1024")
  const checkpoint = db.prepare("PRAGMA wal_checkpoint(PASSIVE)")
  while (true) {
    Atomics.wait(order, 0, orders.none)
    if (Atomics.load(order, 0) === orders.close) return db.close()
    checkpoint.get()
    Atomics.compareExchange(order, 0, orders.checkpoint, orders.none)
  }
}

if (!isMainThread && workerData?.order instanceof Int32Array) work(workerData)
