/**
 * Stores for tests: one database per body of tests, and in it a new schema for each store.
 */
import type { PostgresUnderTest, TestDatabase } from "@countersign/testkit"
import { Effect, Layer, Redacted } from "effect"
import { type PostgresOptions, PostgresStorage } from "../src/index.ts"

export interface TestStores {
  readonly database: Effect.Effect<TestDatabase>
  /** Where a new, empty store would be. */
  readonly place: Effect.Effect<PostgresOptions & { readonly schema: string }>
  /** A new, empty store each time it is built, by Effect's clock. */
  readonly layer: (options?: Partial<PostgresOptions>) => ReturnType<typeof PostgresStorage.layer>
}

export const testStores = (postgres: PostgresUnderTest): TestStores => {
  let made: Promise<TestDatabase> | undefined
  let stores = 0
  const database = Effect.promise(() => {
    made ??= postgres.database()
    return made
  })
  const place = Effect.map(database, ({ url }) => {
    stores += 1
    return { url: Redacted.make(url), schema: `store_${stores}`, clock: "effect", connections: 4 } as const
  })
  return {
    database,
    place,
    layer: (options = {}) => Layer.unwrap(Effect.map(place, (found) => PostgresStorage.layer({ ...found, ...options })))
  }
}
