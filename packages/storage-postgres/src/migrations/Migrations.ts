/**
 * The schema and its versions.
 *
 * Migrations are numbered and never edited once released. Each is one statement of the server, lock and all, so
 * whichever process comes first runs it, the others find it done, and a transaction pooler has nothing to get wrong.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto"
import { StorageUnavailable } from "@countersign/engine"
import { type Row, readInteger, readText } from "@countersign/engine/storage"
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { foreignSchema } from "../connection/PostgresFailure.ts"
import { lockKey, type SchemaNames } from "../connection/SchemaNames.ts"
import { initial } from "./0001-initial.ts"
import { signingKeys } from "./0002-signing-keys.ts"

/** In order: the first makes version 1. */
export const migrations: ReadonlyArray<string> = [initial, signingKeys]

export const checksum = (sql: string): string => createHash("sha256").update(sql).digest("hex")

/** Runs one statement and answers its rows. */
export type Query = (sql: string, values?: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<Row>, SqlError>

/** Brings the schema to the newest version. Refuses one of another program, or of a newer version of this one. */
export const migrate = Effect.fnUntraced(function* (query: Query, name: string, names: SchemaNames) {
  if ((yield* appliedMigrations(query, names)).length === migrations.length) return
  yield* query(prepareSchema(name, names))
  const applied = yield* appliedMigrations(query, names)
  for (const [index, sql] of migrations.entries()) {
    if (index >= applied.length) yield* query(runMigration(index + 1, sql, name, names))
  }
  yield* query(
    `INSERT INTO ${names.schema}.installation (one, id, identity_key) VALUES (1, $1, $2) ON CONFLICT DO NOTHING`,
    [randomUUID(), new Uint8Array(randomBytes(32))]
  )
})

/** The checksums of the migrations that were run, each compared with ours. */
const appliedMigrations = Effect.fnUntraced(function* (query: Query, { schema, schemaText }: SchemaNames) {
  const [there] = yield* query("SELECT to_regclass($1 || '.migrations') IS NOT NULL AS there", [schema])
  if (there?.there !== true) return []
  const rows = yield* query(`SELECT number, checksum FROM ${schema}.migrations ORDER BY number`)
  if (rows.length > migrations.length) {
    return yield* new StorageUnavailable({
      reason: `the schema ${schemaText} is of version ${rows.length}, and this program knows versions up to ${migrations.length}: use a newer one`
    })
  }
  for (const [index, row] of rows.entries()) {
    if (readInteger(row, "number") !== index + 1 || readText(row, "checksum") !== checksum(migrations[index] ?? "")) {
      return yield* new StorageUnavailable({
        reason: `the schema ${schemaText} was made by another program, or by an unreleased version of this one`
      })
    }
  }
  return rows
})

const lockMigrations = (name: string): string =>
  `PERFORM set_config('lock_timeout', '60s', true); PERFORM pg_advisory_xact_lock('${lockKey(name, "migrate")}'::bigint);`

const prepareSchema = (name: string, { schema, schemaText }: SchemaNames): string => `
DO $migration$
BEGIN
  ${lockMigrations(name)}
  IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = ${schemaText}) THEN
    CREATE SCHEMA ${schema};
  END IF;
  IF NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${schemaText} AND c.relname = 'migrations') THEN
    IF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${schemaText}) THEN
      RAISE EXCEPTION USING ERRCODE = '${foreignSchema}', MESSAGE = 'the schema holds tables of another program';
    END IF;
    CREATE TABLE ${schema}.migrations (
      number integer PRIMARY KEY,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
  END IF;
END
$migration$`

const runMigration = (number: number, sql: string, name: string, { schema, fill }: SchemaNames): string => `
DO $migration$
BEGIN
  ${lockMigrations(name)}
  IF NOT EXISTS (SELECT FROM ${schema}.migrations WHERE number = ${number}) THEN
    ${fill(sql)}
    INSERT INTO ${schema}.migrations (number, checksum) VALUES (${number}, '${checksum(sql)}');
  END IF;
END
$migration$`
