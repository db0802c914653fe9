/**
 * The contract of storage: what every adapter of the storage ports promises, clause by clause. An adapter that passes
 * is a storage; one that does not is none, whatever its types say.
 *
 * Clauses 1 to 8 are the promises of `docs/architecture.md`, "What the storage promises"; the lettered ones are the
 * sentences of the ports' own documentation: E entries, S settling, C changes, T tasks, D directory, M mail budget, A
 * accounts, I installation, K signing keys, R directory rows, X snapshots.
 *
 * @example
 * ```ts
 * import { MemoryStorage } from "@countersign/memory"
 * import { storageContract } from "@countersign/testkit"
 *
 * storageContract("memory", MemoryStorage.layer)
 * ```
 */
import { describe } from "vitest"
import { accountsContract } from "./StorageContract/AccountsContract.ts"
import { badDataContract } from "./StorageContract/BadDataContract.ts"
import type { StorageLayer, StorageOptions } from "./StorageContract/Clause.ts"
import { commandReceiptContract } from "./StorageContract/CommandReceiptContract.ts"
import { directoryModelContract } from "./StorageContract/DirectoryModelContract.ts"
import { durabilityContract } from "./StorageContract/DurabilityContract.ts"
import { eventStoreContract } from "./StorageContract/EventStoreContract.ts"
import { loadContract } from "./StorageContract/LoadContract.ts"
import { logContract } from "./StorageContract/LogContract.ts"
import { mailBudgetContract } from "./StorageContract/MailBudgetContract.ts"
import { maintenanceContract } from "./StorageContract/MaintenanceContract.ts"
import { senderDirectoryContract } from "./StorageContract/SenderDirectoryContract.ts"
import { senderEntryContract } from "./StorageContract/SenderEntryContract.ts"
import { settlingContract } from "./StorageContract/SettlingContract.ts"
import { signingKeysContract } from "./StorageContract/SigningKeysContract.ts"
import { snapshotContract } from "./StorageContract/SnapshotContract.ts"
import { taskOperatorContract } from "./StorageContract/TaskOperatorContract.ts"
import { taskQueueContract } from "./StorageContract/TaskQueueContract.ts"
import { taskRerunContract } from "./StorageContract/TaskRerunContract.ts"

/**
 * Registers the suite with vitest. `layer` must make a new, empty store each time it is built; each clause builds it
 * once, and closes it. Its clock must be Effect's.
 */
export const storageContract = (name: string, layer: StorageLayer, options: StorageOptions = {}): void => {
  describe(`the storage contract: ${name}`, () => {
    describe("events", () => eventStoreContract(layer))
    describe("the log", () => logContract(layer))
    describe("receipts of commands", () => commandReceiptContract(layer))
    describe("bad data", () => badDataContract(layer))
    describe("entries of the directory", () => senderEntryContract(layer))
    describe("the directory", () => senderDirectoryContract(layer))
    describe("the directory and its model", () => directoryModelContract(layer))
    describe("tasks", () => taskQueueContract(layer))
    describe("tasks with keys", () => taskRerunContract(layer))
    describe("tasks settled by commits", () => settlingContract(layer))
    describe("tasks and operators", () => taskOperatorContract(layer))
    describe("the mail budget", () => mailBudgetContract(layer, options))
    describe("accounts and the installation", () => accountsContract(layer, options))
    describe("private signing keys", () => signingKeysContract(layer))
    describe("the directory put right", () => maintenanceContract(layer))
    describe("snapshots", () => snapshotContract(layer))
    describe("loads", () => loadContract(layer))
    describe("one store, opened again", () => durabilityContract(options))
  })
}
