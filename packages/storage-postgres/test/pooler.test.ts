import { existsSync } from "node:fs"
import { storageContract } from "@countersign/testkit"
import { PostgresCluster } from "@countersign/testkit/postgres"
import { Effect, Layer, Redacted } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import { PostgresStorage } from "../src/index.ts"
import { Pooler, pgbouncer } from "./Pooler.ts"

// Loudly: the summary counts it, and `.ci/run` installs the program. npm has none.
if (!existsSync(pgbouncer))
  it.todo("NOT TESTED: behind PgBouncer, because it is not installed (apt-get install pgbouncer)")
else {
  describe("behind PgBouncer, which gives each transaction another session", () => {
    let cluster: PostgresCluster
    const pooler = new Pooler()
    let url = ""
    let stores = 0

    beforeAll(async () => {
      cluster = await PostgresCluster.make()
      await cluster.createDatabase("pooled")
      await pooler.start(cluster)
      const address = new URL(cluster.url("pooled"))
      address.port = String(pooler.port)
      url = address.href
    }, 60_000)

    afterAll(async () => {
      pooler.stop()
      await cluster.close()
    })

    const place = Effect.sync(() => {
      stores += 1
      return {
        url: Redacted.make(url),
        schema: `store_${stores}`,
        clock: "effect",
        connections: 4,
        pooler: true
      } as const
    })
    storageContract("PostgreSQL behind a pooler", Layer.unwrap(Effect.map(place, PostgresStorage.layer)), {
      reopen: Effect.map(place, PostgresStorage.layer),
      withMailLimits: (mailLimits) =>
        Layer.unwrap(Effect.map(place, (found) => PostgresStorage.layer({ ...found, mailLimits })))
    })
  })
}
