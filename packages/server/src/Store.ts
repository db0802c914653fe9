/**
 * The configured store, an SQLite file or a PostgreSQL database, as `serve` and the operator's commands open it.
 * Several processes may have it open at once.
 */
import { existsSync, mkdirSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { Executor, WatchedDomains, Writer } from "@countersign/engine"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Effect, Layer } from "effect"
import { type SqliteConfig, type StoreConfig, storeConfig } from "./Config.ts"
import { OperatorError } from "./OperatorError.ts"

/** Opens a store; made when it is not there. */
export const openStore = (store: StoreConfig) => Layer.unwrap(open(store))

const open = Effect.fnUntraced(function* (store: StoreConfig) {
  if (store._tag === "Sqlite") {
    yield* makeFolderOf(store)
    return SqliteStorage.layer({ file: store.file })
  }
  // Loaded where it is used: a start on SQLite needs none of it.
  const { PostgresStorage } = yield* Effect.promise(() => import("@countersign/storage-postgres"))
  return PostgresStorage.layer(store)
})

/**
 * Makes a folder and those above it, readable by their owner only. Throws what the file system says. Not with Node's
 * own `recursive`, which never comes back below a folder such as `/proc`, where nothing can be made.
 */
export const makeFolder = (path: string): void => {
  if (isFolder(path)) return
  makeFolder(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (cause) {
    // Another process was faster.
    if (!isFolder(path)) throw cause
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

/** Makes the folder of the database, readable by its owner only. */
const makeFolderOf = ({ file }: SqliteConfig): Effect.Effect<void, OperatorError> =>
  Effect.try({
    try: () => makeFolder(dirname(file)),
    catch: (cause) =>
      new OperatorError({
        message: `The folder ${dirname(file)} cannot be created: ${cause instanceof Error ? cause.message : String(cause)}.`,
        cause
      })
  })

/** The configured store; made when it is not there. */
export const storeToWrite = Layer.unwrap(Effect.map(storeConfig, openStore))

/**
 * The configured store, which has to be there: a command that finds nothing should not say "none" of a wrong folder.
 */
export const existingStore = Layer.unwrap(
  Effect.gen(function* () {
    const store = yield* storeConfig
    if (store._tag === "Sqlite" && !existsSync(store.file)) {
      return yield* new OperatorError({
        message: `There is no store at ${store.file}: set COUNTERSIGN_DATA to the folder of the server, or create an account first.`
      })
    }
    return openStore(store)
  })
)

/** The same, for what runs on the Executor: use cases of the engine, and whatever writes events. */
export const storeWithExecutor = Layer.provide(Executor.layer, Writer.layer).pipe(
  Layer.merge(WatchedDomains.layer),
  Layer.provideMerge(existingStore)
)
