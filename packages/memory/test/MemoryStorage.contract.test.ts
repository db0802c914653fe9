import { storageContract } from "@countersign/testkit"
import { Effect, Layer } from "effect"
import { MemoryStorage } from "../src/index.ts"

storageContract("memory", MemoryStorage.layer, {
  reopen: Effect.map(MemoryStorage.make(), Layer.succeedContext),
  withMailLimits: (mailLimits) => MemoryStorage.layerWith({ mailLimits }),
  withoutAccounts: MemoryStorage.layerWithoutAccounts
})
