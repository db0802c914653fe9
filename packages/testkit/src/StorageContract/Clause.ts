/**
 * How a clause of the storage contract runs: on a new store, at a fixed time that only the clause itself moves.
 */
import type {
  AccountAdmin,
  Accounts,
  EventStore,
  Installation,
  MailBudget,
  MailLimits,
  Maintenance,
  SenderDirectory,
  SigningKeys,
  TaskQueue
} from "@countersign/engine"
import { it } from "@effect/vitest"
import { Effect, Layer, type Scope } from "effect"
import { TestClock } from "effect/testing"

/** Every port that a storage adapter has. */
export type StoragePorts =
  | EventStore
  | SenderDirectory
  | TaskQueue
  | MailBudget
  | Accounts
  | AccountAdmin
  | Installation
  | Maintenance
  | SigningKeys

export type StorageLayer = Layer.Layer<StoragePorts, unknown>

export interface StorageOptions {
  /**
   * A new, empty store, as a layer that opens it: each building of the layer opens the same store. With it, the clauses
   * about durability and about several processes run.
   */
  readonly reopen?: Effect.Effect<StorageLayer, unknown, Scope.Scope>
  /** The adapter with other limits of mail. With it, the clause about an account's own limit runs. */
  readonly withMailLimits?: (limits: MailLimits) => StorageLayer
  /** The adapter without accounts of its own. With it, the clause about a host's accounts runs. */
  readonly withoutAccounts?: Layer.Layer<Exclude<StoragePorts, Accounts | AccountAdmin>, unknown>
}

/** When every clause begins, in milliseconds since the epoch. */
export const beginning = Date.UTC(2030, 0, 1)

export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

/** Longer than any real disk needs for the largest clause; virtual time costs nothing. */
const patience = 120_000

/** Registers one clause. */
export const makeClause =
  <Ports>(layer: Layer.Layer<Ports, unknown>) =>
  (title: string, body: Effect.Effect<void, unknown, Ports | Scope.Scope>): void =>
    it.effect(
      title,
      () => TestClock.setTime(beginning).pipe(Effect.andThen(Effect.provide(body, Layer.fresh(layer)))),
      patience
    )
