import { storageContract } from "@countersign/testkit"
import { Effect, Layer } from "effect"
import { SqliteStorage } from "../src/index.ts"
import { temporaryFile, temporaryStore } from "./TemporaryStore.ts"

storageContract("SQLite", temporaryStore(), {
  reopen: Effect.map(temporaryFile, (file) => SqliteStorage.layer({ file })),
  withMailLimits: (mailLimits) => temporaryStore({ mailLimits }),
  withoutAccounts: Layer.unwrap(Effect.map(temporaryFile, (file) => SqliteStorage.layerWithoutAccounts({ file })))
})
