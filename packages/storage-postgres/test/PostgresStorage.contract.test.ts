import { Maintenance } from "@countersign/engine"
import { MemoryStorage } from "@countersign/memory"
import { onPostgres, type StorageLayer, storageContract } from "@countersign/testkit"
import { Context, Effect, Layer } from "effect"
import { type PostgresPorts, PostgresStorage } from "../src/index.ts"
import { testStores } from "./TestStores.ts"

/** Until the adapter has it: that of another store, which no clause here asks. */
const withMaintenance = (layer: Layer.Layer<PostgresPorts, unknown>): StorageLayer =>
  Layer.merge(
    layer,
    Layer.effect(
      Maintenance,
      Effect.map(Layer.build(MemoryStorage.layer), (context) => Context.get(context, Maintenance))
    )
  )

onPostgres((postgres) => {
  const stores = testStores(postgres)
  storageContract(`PostgreSQL ${postgres.major}`, withMaintenance(stores.layer()), {
    unmaintained: true,
    reopen: Effect.map(stores.place, (place) => withMaintenance(PostgresStorage.layer(place))),
    withMailLimits: (mailLimits) => withMaintenance(stores.layer({ mailLimits }))
  })
})
