/**
 * The thread that walks long ranges of the directory's indexes, on a connection of its own that only reads, so that the
 * process serves others meanwhile. Started and asked by `Scanner.ts`, which asks one thing at a time.
 *
 * An answer comes in parts, each when it is asked for: a page of any size is never read by the other side in one go.
 * Imports nothing of this package, so that it loads quickly and runs from the sources and from the build alike.
 */
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite"
import { parentPort, workerData } from "node:worker_threads"

/** What the thread is told: a new query, to go on with it, to leave it, or to end. The last two have no answer. */
export type ScanOrder =
  | { readonly _tag: "Begin"; readonly sql: string; readonly values: ReadonlyArray<SQLInputValue> }
  | { readonly _tag: "GoOn" }
  | { readonly _tag: "Leave" }
  | { readonly _tag: "Close" }

type PlainRow = Record<string, SQLOutputValue>

/** What it answers. */
export type ScanAnswer =
  | { readonly _tag: "Rows"; readonly rows: ReadonlyArray<PlainRow>; readonly last: boolean }
  | { readonly _tag: "Failed"; readonly message: string; readonly errcode: number | undefined }

/** Rows of one answer, and characters, past which none is added: a millisecond or two of decoding on the other side. */
const partSize = 100
const partText = 256 * 1_024
/** As many shapes of queries as are kept prepared. */
const preparedShapes = 100

// Given by `Scanner.ts`: the path of the database, and the kilobytes of its cache. This thread may wait for a lock as
// long as a caller would.
const { cacheKilobytes, file } = workerData as { readonly file: string; readonly cacheKilobytes: number }
const db = new DatabaseSync(file, { timeout: 10_000 })
db.exec(`PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON; PRAGMA cache_size = ${-cacheKilobytes}`)
const prepared = new Map<string, StatementSync>()
let rows: NodeJS.Iterator<PlainRow> | undefined

const prepare = (sql: string): StatementSync => {
  const known = prepared.get(sql)
  if (known !== undefined) return known
  if (prepared.size >= preparedShapes) prepared.clear()
  const statement = db.prepare(sql)
  prepared.set(sql, statement)
  return statement
}

const leave = (): void => {
  // Resets the statement, and so lets the log be checkpointed.
  rows?.return?.()
  rows = undefined
}

const nextPart = (): ScanAnswer => {
  // An answer that ends here would pass for a whole one.
  if (rows === undefined) throw new TypeError("there is no query to go on with")
  const part: Array<PlainRow> = []
  let text = 0
  while (part.length < partSize && text < partText) {
    const next = rows.next()
    if (next.done === true) {
      rows = undefined
      return { _tag: "Rows", rows: part, last: true }
    }
    part.push(next.value)
    for (const value of Object.values(next.value)) if (typeof value === "string") text += value.length
  }
  return { _tag: "Rows", rows: part, last: false }
}

const answer = (work: () => ScanAnswer): ScanAnswer => {
  try {
    return work()
  } catch (cause) {
    const code = cause instanceof Error && "errcode" in cause ? cause.errcode : undefined
    return { _tag: "Failed", message: String(cause), errcode: typeof code === "number" ? code : undefined }
  }
}

parentPort?.on("message", (order: ScanOrder) => {
  switch (order._tag) {
    case "Begin":
      parentPort?.postMessage(
        answer(() => {
          leave()
          rows = prepare(order.sql).iterate(...order.values)
          return nextPart()
        })
      )
      return
    case "GoOn":
      parentPort?.postMessage(answer(nextPart))
      return
    case "Leave":
      leave()
      return
    case "Close":
      leave()
      db.close()
      parentPort?.close()
  }
})
