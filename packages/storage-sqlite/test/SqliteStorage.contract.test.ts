import { storageContract } from "@countersign/testkit"
import { Effect } from "effect"
import { SqliteStorage } from "../src/index.ts"
import { temporaryFile, temporaryStore } from "./TemporaryStore.ts"

storageContract("SQLite", temporaryStore(), {
  reopen: Effect.map(temporaryFile, (file) => SqliteStorage.layer({ file })),
  withMailLimits: (mailLimits) => temporaryStore({ mailLimits })
})
