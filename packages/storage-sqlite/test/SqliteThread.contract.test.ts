import { storageContract } from "@countersign/testkit"
import { Effect, Layer } from "effect"
import { openDatabase } from "../src/connection/Database.ts"
import { makePorts } from "../src/SqliteStorage.ts"
import { temporaryFile } from "./TemporaryStore.ts"

/** Every list that may be long is taken for long, and none is sorted that can be walked in order. */
const nothingAtOnce = (file: string) =>
  Layer.effectContext(
    Effect.flatMap(openDatabase({ file, cacheMegabytes: 4 }), (database) =>
      makePorts(database, { longLists: { atOnce: -1, sorted: -1 } })
    )
  )

storageContract("SQLite, lists by the thread", Layer.unwrap(Effect.map(temporaryFile, nothingAtOnce)), {
  reopen: Effect.map(temporaryFile, nothingAtOnce)
})
