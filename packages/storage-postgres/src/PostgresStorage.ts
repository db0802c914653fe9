/**
 * Every storage port on one PostgreSQL database, for many processes at once. Whatever was acknowledged is on its disk.
 */
import {
  AccountAdmin,
  Accounts,
  defaultMailLimits,
  EventStore,
  Installation,
  MailBudget,
  type MailLimits,
  Maintenance,
  SenderDirectory,
  SigningKeys,
  StorageUnavailable,
  TaskQueue
} from "@countersign/engine"
import { decodeInstallation } from "@countersign/engine/storage"
import { PgConnection } from "@effect/sql-pg"
import { Context, Duration, Effect, Layer, Redacted, type Scope } from "effect"
import { makeAccountAdmin, makeAccounts } from "./accounts/PostgresAccounts.ts"
import { makeEventStore } from "./commit/PostgresEventStore.ts"
import { watchChanges } from "./connection/Changes.ts"
import { type Database, openDatabase } from "./connection/Database.ts"
import { isPassing } from "./connection/PostgresFailure.ts"
import { inRealTime, refuse, untilReached } from "./connection/Reconnect.ts"
import { schemaNames } from "./connection/SchemaNames.ts"
import { connectionSettings, type DatabaseOptions, type PostgresAddress, urlOf } from "./connection/Settings.ts"
import { makeSenderDirectory } from "./directory/PostgresSenderDirectory.ts"
import { makeMailBudget } from "./mail/PostgresMailBudget.ts"
import { migrate } from "./migrations/Migrations.ts"
import { makeSigningKeys } from "./signing/PostgresSigningKeys.ts"
import { makeMaintenance } from "./snapshot/PostgresMaintenance.ts"
import { makeTaskQueue } from "./tasks/PostgresTaskQueue.ts"

/** Where the database is, and what holds for it. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=...`, or its parts. */
  readonly url: Redacted.Redacted | PostgresAddress
  /**
   * The schema that holds the tables, `countersign` when absent. It is made when it is not there; the database must be.
   */
  readonly schema?: string
  /** How many connections this process opens at most, besides one that commits and one that listens; 8 when absent. */
  readonly connections?: number
  /**
   * Whether a pooler that gives each transaction another session (PgBouncer, pool_mode=transaction) is in between: then
   * nothing is kept in a session, and news of other processes come by polling, four times a second.
   */
  readonly pooler?: boolean
  /**
   * How long a call waits for a database that cannot be reached, in milliseconds, before it says so; 5,000 when absent.
   */
  readonly patience?: number
  /**
   * How long a statement may take, in milliseconds; 10,000 when absent. Commits wait for each other for up to 5,000.
   */
  readonly statementTimeout?: number
  /**
   * Take a server that runs with fsync, full_page_writes or synchronous_commit off. What was acknowledged may then be
   * lost.
   */
  readonly allowUnsafe?: boolean
  readonly mailLimits?: MailLimits
  /** For tests only: whose clock counts. In production it is the database's, which all processes share. */
  readonly clock?: "database" | "effect"
}

/** What the layer provides: every storage port. */
export type PostgresPorts =
  | EventStore
  | SenderDirectory
  | TaskQueue
  | MailBudget
  | Accounts
  | AccountAdmin
  | Installation
  | Maintenance
  | SigningKeys

const make = (
  options: PostgresOptions
): Effect.Effect<Context.Context<PostgresPorts>, StorageUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const schema = options.schema ?? "countersign"
    if (!isSchemaName(schema)) return yield* new StorageUnavailable({ reason: "the name of the schema is not valid" })
    const pooler = options.pooler ?? false
    const url = Redacted.isRedacted(options.url) ? options.url : urlOf(options.url)
    const databaseOptions: DatabaseOptions = {
      settings: yield* connectionSettings(url, { pooler }),
      names: schemaNames(schema),
      connections: options.connections ?? 8,
      clock: options.clock ?? "database",
      patience: Duration.millis(options.patience ?? 5_000),
      statementLimit: Duration.millis(options.statementTimeout ?? 10_000),
      allowUnsafe: options.allowUnsafe ?? false
    }
    yield* prepare(schema, databaseOptions)
    const database = yield* openDatabase(databaseOptions)
    const changes = yield* watchChanges(database, { listen: !pooler })
    return Context.empty().pipe(
      Context.add(EventStore, makeEventStore(database, changes)),
      Context.add(SenderDirectory, makeSenderDirectory(database)),
      Context.add(TaskQueue, makeTaskQueue(database, changes)),
      Context.add(MailBudget, yield* makeMailBudget(database, options.mailLimits ?? defaultMailLimits)),
      Context.add(Accounts, makeAccounts(database)),
      Context.add(AccountAdmin, makeAccountAdmin(database)),
      Context.add(Installation, yield* readInstallation(database)),
      Context.add(Maintenance, makeMaintenance(database)),
      Context.add(SigningKeys, makeSigningKeys(database))
    )
  })

/** A name of PostgreSQL, at most 63 bytes; a dollar sign could end the quoting of a function's text. */
const isSchemaName = (name: string): boolean =>
  name !== "" && Buffer.byteLength(name) <= 63 && !/[\0$]/.test(name) && !name.startsWith("pg_")

/** The schema, at its newest version, over a connection for just that. */
const prepare = (
  schema: string,
  { settings, names, patience }: DatabaseOptions
): Effect.Effect<void, StorageUnavailable> =>
  Effect.scoped(
    Effect.flatMap(PgConnection.make(settings), (connection) =>
      migrate((sql, values) => Effect.map(connection.query(sql, values), ({ rows }) => rows), schema, names)
    )
  ).pipe(
    Effect.retry({
      while: (error) => error._tag === "SqlError" && isPassing(error),
      schedule: untilReached(patience)
    }),
    Effect.catchTag("SqlError", refuse),
    inRealTime
  )

const readInstallation = ({ read, names }: Database): Effect.Effect<Installation["Service"], StorageUnavailable> =>
  Effect.map(read(`SELECT id, identity_key FROM ${names.schema}.installation`), ([row]) => decodeInstallation(row))

/** Every storage port in one PostgreSQL database. */
export const PostgresStorage = {
  make,
  /** Brings the schema to the newest version, and opens the connections when it is built; they close with its scope. */
  layer: (options: PostgresOptions): Layer.Layer<PostgresPorts, StorageUnavailable> =>
    Layer.effectContext(make(options)),
  /** The same for a host that has accounts of its own, and provides `Accounts` itself. */
  layerWithoutAccounts: (
    options: PostgresOptions
  ): Layer.Layer<Exclude<PostgresPorts, Accounts | AccountAdmin>, StorageUnavailable> =>
    Layer.effectContext(Effect.map(make(options), Context.omit(Accounts, AccountAdmin)))
} as const
