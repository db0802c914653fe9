/**
 * Storage in one PostgreSQL database, for many processes.
 */
import { type PostgresOptions, PostgresStorage } from "@countersign/storage-postgres"
import { Redacted } from "effect"
import type { Storage } from "./Options.ts"

/** @param url `postgres://user:password@host:port/database?sslmode=...` */
export const postgres = (url: string, options: Omit<PostgresOptions, "url"> = {}): Storage => {
  const whole = { ...options, url: Redacted.make(url) }
  return {
    layer: PostgresStorage.layerWithoutAccounts(whole),
    layerWithAccounts: PostgresStorage.layer(whole)
  }
}
