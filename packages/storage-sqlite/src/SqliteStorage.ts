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
  type StorageUnavailable,
  TaskQueue
} from "@countersign/engine"
import { Context, Effect, Layer, Redacted, type Scope } from "effect"
import { watchChanges } from "./connection/Changes.ts"
import { keepLogShort, type LogLimits } from "./connection/Checkpointer.ts"
import { readBytes, readText } from "./connection/Columns.ts"
import { makeCommitRows } from "./commit/CommitRows.ts"
import { type Connection, openConnection } from "./connection/Database.ts"
import { makeNumbers } from "./directory/SurrogateKeys.ts"
import { makeScanner } from "./directory/Scanner.ts"
import { makeSenderRows } from "./directory/SenderRows.ts"
import { makeAccountAdmin, makeAccounts } from "./accounts/SqliteAccounts.ts"
import { makeEventStore } from "./commit/SqliteEventStore.ts"
import { makeMailBudget } from "./mail/SqliteMailBudget.ts"
import { makeMaintenance } from "./snapshot/SqliteMaintenance.ts"
import { type LongLists, makeSenderDirectory } from "./directory/SqliteSenderDirectory.ts"
import { makeTaskQueue } from "./tasks/SqliteTaskQueue.ts"
import { makeTaskRows } from "./tasks/TaskRows.ts"

/** Where the file is, and what holds for it. */
export interface SqliteOptions {
  /** The path of the database. The file is made when it is not there, and the folder that holds it, too. */
  readonly file: string
  /** How much of the database is kept in memory for writing; 64 when absent. A store much larger than this gets slower, not wrong. */
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

const make = (options: SqliteOptions): Effect.Effect<Context.Context<SqlitePorts>, StorageUnavailable, Scope.Scope> =>
  Effect.flatMap(openConnection({ file: options.file, cacheMegabytes: options.cacheMegabytes ?? 64 }), (connection) =>
    makePorts(connection, options)
  )

/** Enough for the pages that a walk meets more than once; those that it meets once, the system caches. */
const scanCacheKilobytes = 16 * 1_024

/** The ports over an open connection. Other limits of the log and of lists than the defaults are for tests. */
export const makePorts = (
  connection: Connection,
  {
    mailLimits = defaultMailLimits,
    logLimits,
    longLists
  }: { readonly mailLimits?: MailLimits; readonly logLimits?: LogLimits; readonly longLists?: LongLists } = {}
): Effect.Effect<Context.Context<SqlitePorts>, StorageUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    yield* keepLogShort(connection, logLimits)
    const changes = yield* watchChanges(connection)
    const scanner = yield* makeScanner(connection.file, scanCacheKilobytes)
    const tasks = makeTaskRows(connection)
    const numbers = makeNumbers(connection)
    const senders = makeSenderRows(connection, numbers)
    const commits = makeCommitRows(connection, numbers, senders, tasks)
    return Context.empty().pipe(
      Context.add(EventStore, makeEventStore(connection, commits, changes)),
      Context.add(SenderDirectory, makeSenderDirectory(connection, scanner, longLists)),
      Context.add(TaskQueue, makeTaskQueue(connection, tasks, changes)),
      Context.add(MailBudget, makeMailBudget(connection, mailLimits)),
      Context.add(Accounts, makeAccounts(connection)),
      Context.add(AccountAdmin, makeAccountAdmin(connection)),
      Context.add(Installation, yield* readInstallation(connection)),
      Context.add(Maintenance, makeMaintenance(connection, senders))
    )
  })

const readInstallation = ({ read, reader }: Connection): Effect.Effect<Installation["Service"], StorageUnavailable> =>
  read(() => {
    const row = reader.prepare("SELECT id, identity_key FROM installation").get()
    return { id: readText(row, "id"), identityKey: Redacted.make(readBytes(row, "identity_key")) }
  })

/** Every storage port in one SQLite file. */
export const SqliteStorage = {
  make,
  /** Opens the store when it is built and closes it with its scope. */
  layer: (options: SqliteOptions): Layer.Layer<SqlitePorts, StorageUnavailable> => Layer.effectContext(make(options))
} as const
