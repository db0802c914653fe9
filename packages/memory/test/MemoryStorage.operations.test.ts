import { storageOperations } from "@countersign/testkit"
import { MemoryStorage } from "../src/index.ts"

storageOperations("memory", MemoryStorage.layer, { runs: 50 })
