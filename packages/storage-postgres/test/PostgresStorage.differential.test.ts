import { MemoryStorage } from "@countersign/memory"
import { differential, onPostgres } from "@countersign/testkit"
import { testStores } from "./TestStores.ts"

onPostgres((postgres) => {
  differential("PostgreSQL beside memory", MemoryStorage.layer, testStores(postgres).layer(), { runs: 25 })
})
