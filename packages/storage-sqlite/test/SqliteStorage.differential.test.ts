import { MemoryStorage } from "@countersign/memory"
import { differential } from "@countersign/testkit"
import { temporaryStore } from "./TemporaryStore.ts"

differential("SQLite beside memory", MemoryStorage.layer, temporaryStore())
