import { MemoryStorage } from "@countersign/memory"
import { onPostgres, storageOperations } from "@countersign/testkit"
import { testStores } from "./TestStores.ts"

onPostgres((postgres) => {
  const stores = testStores(postgres)
  storageOperations(`PostgreSQL ${postgres.major}`, stores.layer(), { runs: 3, by: MemoryStorage.layer })
})
