import { differential } from "@countersign/testkit"
import { MemoryStorage } from "../src/index.ts"

// Two stores of the same kind: shows that the programs run, and that nothing in memory depends on chance.
differential("memory beside memory", MemoryStorage.layer, MemoryStorage.layer)
