import { EventStore, Installation, SigningKeys } from "@countersign/engine"
import { onPostgres } from "@countersign/testkit"
import { addCommit, ringCommit } from "@countersign/testkit/sample-commit"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { PostgresStorage } from "../src/index.ts"
import { checksum, migrations } from "../src/migrations/Migrations.ts"
import { openSession } from "./Session.ts"
import { testStores } from "./TestStores.ts"

/** Of every migration ever released. A digest that is here never changes: a changed schema is a new migration. */
const frozen = [
  "386d1135a3630933ae4eb092630b72b3f7c305c550320a79d7760db2d5346611",
  "b1445ae79b66b0f5bc19347d78cee42ae06a4332180f9836113bb9925f9ed014"
]

const unavailable = (reason: string) => `the storage is not available: ${reason}`

describe("migrations", () => {
  it("are never edited", () => {
    expect(migrations.map(checksum)).toEqual(frozen)
  })
})

onPostgres((postgres) => {
  const stores = testStores(postgres)
  const session = Effect.flatMap(stores.database, ({ url }) => openSession(url))

  it.effect("run once: what was stored is there when the store is opened again", () =>
    Effect.gen(function* () {
      const place = yield* stores.place
      const open = Effect.provide(Layer.fresh(PostgresStorage.layer(place)))
      yield* open(EventStore.use((store) => store.commit([addCommit("a")])))
      expect((yield* open(EventStore.use((store) => store.readLog(0, 10)))).events.length).toBe(2)
      const { query } = yield* session
      expect(yield* query(`SELECT number, checksum FROM "${place.schema}".migrations`)).toEqual(
        migrations.map((sql, index) => ({ number: index + 1, checksum: checksum(sql) }))
      )
    })
  )

  it.effect("bring an older schema to this version, with what it holds", () =>
    Effect.gen(function* () {
      const place = yield* stores.place
      const open = Effect.provide(Layer.fresh(PostgresStorage.layer(place)))
      yield* open(EventStore.use((store) => store.commit([addCommit("a")])))
      const { query } = yield* session
      yield* query(`DROP TABLE ${place.schema}.signing_keys`)
      yield* query(`DROP FUNCTION ${place.schema}.change_signing_keys`)
      yield* query(`DELETE FROM ${place.schema}.migrations WHERE number > 1`)
      yield* open(EventStore.use((store) => store.commit([ringCommit("key-1", "wrapped")])))
      expect((yield* open(EventStore.use((store) => store.readLog(0, 10)))).events.length).toBe(3)
      expect(yield* open(SigningKeys.use(({ list }) => list))).toEqual([{ keyId: "key-1", wrapped: "wrapped" }])
    })
  )

  it.effect("are run by one of many processes that start at the same time, and all of them then work", () =>
    Effect.gen(function* () {
      const place = { ...(yield* stores.place), schema: 'raced "schema" of Ana\'s' }
      const opened = yield* Effect.all(
        Array.from({ length: 6 }, () => Layer.build(Layer.fresh(PostgresStorage.layer(place)))),
        { concurrency: "unbounded" }
      )
      expect(new Set(opened.map((ports) => Context.get(ports, Installation).id)).size).toBe(1)
      const outcomes = yield* Effect.all(
        opened.map((ports, index) => Context.get(ports, EventStore).commit([addCommit(`s-${index}`)])),
        { concurrency: "unbounded" }
      )
      expect(outcomes.flat().map(({ _tag }) => _tag)).toEqual(opened.map(() => "Committed"))
      const [first] = opened
      const { events } = yield* (first ?? (yield* Effect.die("none")))
        .pipe((ports) => Context.get(ports, EventStore))
        .readLog(0, 100)
      expect(events.map(({ position }) => position)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1))
    })
  )

  it.effect("refuse a schema of another program, of a newer version, or of an unknown one, and leave it as it is", () =>
    Effect.gen(function* () {
      const { query } = yield* session
      const refusal = (schema: string) =>
        Effect.gen(function* () {
          const layer = PostgresStorage.layer({ ...(yield* stores.place), schema })
          return (yield* Effect.flip(Effect.scoped(Layer.build(layer)))).message
        })
      yield* query("CREATE SCHEMA songs")
      yield* query("CREATE TABLE songs.songs (title text)")
      expect(yield* refusal("songs")).toBe(unavailable("the schema holds tables of another program"))
      const tables = "SELECT count(*)::integer AS tables FROM pg_tables WHERE schemaname = 'songs'"
      expect(yield* query(tables)).toEqual([{ tables: 1 }])

      const { schema } = yield* stores.place
      yield* Effect.scoped(Layer.build(PostgresStorage.layer({ ...(yield* stores.place), schema })))
      yield* query(`INSERT INTO ${schema}.migrations (number, checksum) VALUES (${migrations.length + 1}, 'later')`)
      expect(yield* refusal(schema)).toBe(
        unavailable(
          `the schema '${schema}' is of version ${migrations.length + 1}, and this program knows versions up to ${migrations.length}: use a newer one`
        )
      )
      yield* query(`DELETE FROM ${schema}.migrations WHERE number > ${migrations.length}`)
      yield* query(`UPDATE ${schema}.migrations SET checksum = 'edited' WHERE number = 1`)
      expect(yield* refusal(schema)).toContain("was made by another program, or by an unreleased version")
      expect(yield* refusal("pg_mine")).toBe(unavailable("the name of the schema is not valid"))
    })
  )

  it.effect("make a schema that refuses to change or delete an event, or the installation", () =>
    Effect.gen(function* () {
      const place = yield* stores.place
      const { schema } = place
      yield* EventStore.use((store) => store.commit([addCommit("a")])).pipe(
        Effect.provide(PostgresStorage.layer(place))
      )
      const { query } = yield* session
      const rows = query(`SELECT * FROM ${schema}.events CROSS JOIN ${schema}.installation ORDER BY position`)
      const before = yield* rows
      expect(before.length).toBe(2)
      for (const sql of [
        `UPDATE ${schema}.events SET data = '{}'`,
        `DELETE FROM ${schema}.events WHERE position = 2`,
        `TRUNCATE ${schema}.events`,
        `INSERT INTO ${schema}.events SELECT * FROM ${schema}.events ON CONFLICT (position) DO UPDATE SET data = '{}'`,
        `UPDATE ${schema}.installation SET id = 'x'`,
        `DELETE FROM ${schema}.installation`,
        `TRUNCATE ${schema}.installation`
      ]) {
        const { reason } = yield* Effect.flip(query(sql))
        expect(reason.cause instanceof Error ? reason.cause.message : "", sql).toMatch(/never changed or deleted/)
      }
      expect(yield* rows).toEqual(before)
    })
  )
})
