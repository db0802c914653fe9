/**
 * Storage in memory: it goes with the process.
 */
import { MemoryStorage } from "@countersign/memory"
import type { Storage } from "./Options.ts"

export const memory = (): Storage => ({
  layer: MemoryStorage.layerWithoutAccounts,
  layerWithAccounts: MemoryStorage.layer
})
