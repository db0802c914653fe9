/**
 * The store as the operator's commands open it: the same file as the server's, which may be running.
 */
import { existsSync } from "node:fs"
import { dirname } from "node:path"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Effect, Layer } from "effect"
import { type StoreConfig, storeConfig } from "./Config.ts"
import { makeFolder } from "./Folder.ts"
import { StartProblem } from "./StartProblem.ts"

/** Makes the folder of the database, readable by its owner only. */
export const makeStoreFolder = ({ file }: StoreConfig): Effect.Effect<void, StartProblem> =>
  Effect.try({
    try: () => makeFolder(dirname(file)),
    catch: (cause) =>
      new StartProblem({
        message: `The folder ${dirname(file)} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}.`,
        cause
      })
  })

/** The configured store; made when it is not there. */
export const storeToWrite = Layer.unwrap(
  Effect.gen(function* () {
    const store = yield* storeConfig
    yield* makeStoreFolder(store)
    return SqliteStorage.layer({ file: store.file })
  })
)

/** The configured store, which has to be there: a command that finds nothing should not say "none" of a wrong folder. */
export const existingStore = Layer.unwrap(
  Effect.gen(function* () {
    const store = yield* storeConfig
    if (!existsSync(store.file)) {
      return yield* new StartProblem({
        message: `There is no store at ${store.file}: set COUNTERSIGN_DATA to the folder of the server, or create an account first.`
      })
    }
    return SqliteStorage.layer({ file: store.file })
  })
)
