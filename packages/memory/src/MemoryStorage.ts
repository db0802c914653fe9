/**
 * Every storage port in memory, over one shared state: the reference model that the other adapters are compared with,
 * and the storage of an embedding test. It keeps every promise of `docs/architecture.md`, except that all of it goes
 * with the process.
 */
import {
  AccountAdmin,
  Accounts,
  EventStore,
  Installation,
  MailBudget,
  Maintenance,
  SenderDirectory,
  SigningKeys,
  TaskQueue
} from "@countersign/engine"
import { Context, Effect, Layer } from "effect"
import { makeAccountAdmin, makeAccounts } from "./MemoryAccounts.ts"
import { makeEventStore } from "./MemoryEventStore.ts"
import { makeMailBudget } from "./MemoryMailBudget.ts"
import { makeMaintenance } from "./MemoryMaintenance.ts"
import { makeSenderDirectory } from "./MemorySenderDirectory.ts"
import { makeSigningKeys } from "./MemorySigningKeys.ts"
import { type MemoryOptions, makeState } from "./MemoryState.ts"
import { makeTaskQueue } from "./MemoryTaskQueue.ts"

type Ports =
  | EventStore
  | SenderDirectory
  | TaskQueue
  | MailBudget
  | Accounts
  | AccountAdmin
  | Installation
  | Maintenance
  | SigningKeys

/** A new, empty store. Provide the same context to two engines (`Layer.succeedContext`) and they share it. */
const make = (options?: MemoryOptions): Effect.Effect<Context.Context<Ports>> =>
  Effect.map(makeState(options), (state) =>
    Context.empty().pipe(
      Context.add(EventStore, makeEventStore(state)),
      Context.add(SenderDirectory, makeSenderDirectory(state)),
      Context.add(TaskQueue, makeTaskQueue(state)),
      Context.add(MailBudget, makeMailBudget(state)),
      Context.add(Accounts, makeAccounts(state)),
      Context.add(AccountAdmin, makeAccountAdmin(state)),
      Context.add(Installation, state.installation),
      Context.add(Maintenance, makeMaintenance(state)),
      Context.add(SigningKeys, makeSigningKeys(state))
    )
  )

const layerWith = (options?: MemoryOptions): Layer.Layer<Ports> => Layer.effectContext(make(options))

/** Every storage port in memory. */
export const MemoryStorage = {
  make,
  layerWith,
  /** A new store each time it is built, with the default limits of mail. */
  layer: layerWith(),
  /** The same for a host that has accounts of its own, and provides `Accounts` itself. */
  layerWithoutAccounts: Layer.effectContext(Effect.map(make(), Context.omit(Accounts, AccountAdmin)))
} as const
