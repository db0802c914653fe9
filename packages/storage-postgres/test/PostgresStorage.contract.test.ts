import { onPostgres, storageContract } from "@countersign/testkit"
import { Effect, Layer } from "effect"
import { PostgresStorage } from "../src/index.ts"
import { testStores } from "./TestStores.ts"

onPostgres((postgres) => {
  const stores = testStores(postgres)
  storageContract(`PostgreSQL ${postgres.major}`, stores.layer(), {
    reopen: Effect.map(stores.place, PostgresStorage.layer),
    withMailLimits: (mailLimits) => stores.layer({ mailLimits }),
    withoutAccounts: Layer.unwrap(Effect.map(stores.place, PostgresStorage.layerWithoutAccounts))
  })
})
