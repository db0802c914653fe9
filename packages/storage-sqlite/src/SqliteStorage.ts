/**
 * Every storage port on one SQLite file: the embedded default.
 *
 * Several processes may work on the same file, on one machine; a network file system will not do
 * (https://www.sqlite.org/wal.html, section 1). Whatever was acknowledged is on disk.
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
  type StorageUnavailable,
  TaskQueue
} from "@countersign/engine"
import { decodeInstallation } from "@countersign/engine/storage"
import { Context, Effect, Layer, type Scope } from "effect"
import { makeAccountAdmin, makeAccounts } from "./accounts/SqliteAccounts.ts"
import { makeCommitRows } from "./commit/CommitRows.ts"
import { makeEventStore } from "./commit/SqliteEventStore.ts"
import { watchChanges } from "./connection/Changes.ts"
import { keepLogShort, type LogLimits } from "./connection/Checkpointer.ts"
import { type Database, openDatabase } from "./connection/Database.ts"
import { makeScanner } from "./directory/Scanner.ts"
import { makeSenderRows } from "./directory/SenderRows.ts"
import { type LongLists, makeSenderDirectory } from "./directory/SqliteSenderDirectory.ts"
import { makeSurrogateKeys } from "./directory/SurrogateKeys.ts"
import { makeMailBudget } from "./mail/SqliteMailBudget.ts"
import { makeSigningKeys } from "./signing/SqliteSigningKeys.ts"
import { makeMaintenance } from "./snapshot/SqliteMaintenance.ts"
import { makeTaskQueue } from "./tasks/SqliteTaskQueue.ts"
import { makeTaskRows } from "./tasks/TaskRows.ts"

/** Where the file is, and what holds for it. */
export interface SqliteOptions {
  /** The path of the database. The file is made when it is not there, and the folder that holds it, too. */
  readonly file: string
  /**
   * How much of the database is kept in memory for writing; 64 when absent. A store much larger than this gets slower,
   * not wrong.
   */
  readonly cacheMegabytes?: number
  readonly mailLimits?: MailLimits
}

/** What the layer provides: every storage port. */
export type SqlitePorts =
  | EventStore
  | SenderDirectory
  | TaskQueue
  | MailBudget
  | Accounts
  | AccountAdmin
  | Installation
  | Maintenance
  | SigningKeys

const make = (options: SqliteOptions): Effect.Effect<Context.Context<SqlitePorts>, StorageUnavailable, Scope.Scope> =>
  Effect.flatMap(openDatabase({ file: options.file, cacheMegabytes: options.cacheMegabytes ?? 64 }), (database) =>
    makePorts(database, options)
  )

/** Enough for the pages that a walk meets more than once; those that it meets once, the system caches. */
const scanCacheKilobytes = 16 * 1_024

/** The ports over an open connection. Other limits of the log and of lists than the defaults are for tests. */
export const makePorts = (
  database: Database,
  {
    mailLimits = defaultMailLimits,
    logLimits,
    longLists
  }: { readonly mailLimits?: MailLimits; readonly logLimits?: LogLimits; readonly longLists?: LongLists } = {}
): Effect.Effect<Context.Context<SqlitePorts>, StorageUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    yield* keepLogShort(database, logLimits)
    const changes = yield* watchChanges(database)
    const scanner = yield* makeScanner(database.file, scanCacheKilobytes)
    const tasks = makeTaskRows(database)
    const keys = makeSurrogateKeys(database)
    const senders = makeSenderRows(database, keys)
    const commits = makeCommitRows(database, keys, senders, tasks)
    return Context.empty().pipe(
      Context.add(EventStore, makeEventStore(database, commits, changes)),
      Context.add(SenderDirectory, makeSenderDirectory(database, scanner, longLists)),
      Context.add(TaskQueue, makeTaskQueue(database, tasks, changes)),
      Context.add(MailBudget, makeMailBudget(database, mailLimits)),
      Context.add(Accounts, makeAccounts(database)),
      Context.add(AccountAdmin, makeAccountAdmin(database)),
      Context.add(Installation, yield* readInstallation(database)),
      Context.add(Maintenance, makeMaintenance(database, senders)),
      Context.add(SigningKeys, makeSigningKeys(database))
    )
  })

const readInstallation = ({ read, reader }: Database): Effect.Effect<Installation["Service"], StorageUnavailable> =>
  read(() => decodeInstallation(reader.prepare("SELECT id, identity_key FROM installation").get()))

/** Every storage port in one SQLite file. */
export const SqliteStorage = {
  make,
  /** Opens the store when it is built and closes it with its scope. */
  layer: (options: SqliteOptions): Layer.Layer<SqlitePorts, StorageUnavailable> => Layer.effectContext(make(options)),
  /** The same for a host that has accounts of its own, and provides `Accounts` itself. */
  layerWithoutAccounts: (
    options: SqliteOptions
  ): Layer.Layer<Exclude<SqlitePorts, Accounts | AccountAdmin>, StorageUnavailable> =>
    Layer.effectContext(Effect.map(make(options), Context.omit(Accounts, AccountAdmin)))
} as const
