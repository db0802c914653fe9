import { MemoryStorage } from "@countersign/memory"
import { storageOperations } from "@countersign/testkit"
import { temporaryStore } from "./TemporaryStore.ts"

storageOperations("SQLite", temporaryStore(), { runs: 6, by: MemoryStorage.layer })
