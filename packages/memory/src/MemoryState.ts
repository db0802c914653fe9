/**
 * The whole store as one JavaScript object, shared by the memory adapters of the storage ports.
 *
 * The adapters change it synchronously, inside one `Effect.sync`, and so every change is a transaction: nothing else
 * runs between its first line and its last. Nothing is copied on the way in or out: the ports' types are read-only, and
 * values are taken to be so.
 */
import { randomBytes, randomUUID } from "node:crypto"
import type { TaskId, TaskKind } from "@countersign/core"
import {
  type AccessKey,
  type Account,
  defaultMailLimits,
  type GrantedMail,
  type ListedSender,
  type MailLimits,
  type Organization,
  type StoredEvent
} from "@countersign/engine"
import { Effect, PubSub, Redacted } from "effect"
import { type MemorySenderRows, makeSenderRows } from "./MemorySenderRows.ts"

/** What a command answered the first time. */
interface Receipt {
  readonly fingerprint: string
  readonly result: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** A task and all that is known of its runs. Times are milliseconds since the epoch. */
export interface Task {
  readonly id: TaskId
  readonly kind: TaskKind
  readonly key: string | undefined
  state: "waiting" | "running" | "buried"
  due: number
  attempts: number
  payload: unknown
  error: string | undefined
  /** Grows with every claim: tells one holder from the next. */
  fence: number
  /** Means something while it is running. */
  leasedUntil: number
  /** When its newest run began. */
  lastRunAt: number | undefined
  /** When it is due again because its key was put during the run. */
  rerunAt: number | undefined
}

export interface MemoryState {
  /** Replaced, in place, by a load only. */
  readonly installation: { id: string; identityKey: Redacted.Redacted<Uint8Array> }
  readonly mailLimits: MailLimits
  readonly log: Array<StoredEvent>
  readonly streams: Map<string, Array<StoredEvent>>
  /** By account and command id; the oldest comes first. */
  readonly receipts: Map<string, Receipt>
  /** Live senders by stream. */
  readonly directory: MemorySenderRows
  /** The version of `view` that made an entry, by stream. */
  readonly views: Map<string, number>
  /** By id, in the order they were put. */
  readonly tasks: Map<string, Task>
  readonly tasksByKey: Map<string, Task>
  tasksPut: number
  /** Granted mails by their id; the oldest comes first. */
  readonly mails: Map<string, GrantedMail & { readonly addressHash: string }>
  readonly accounts: Map<string, Account>
  readonly organizations: Map<string, Organization>
  readonly keys: Map<string, AccessKey>
  /** The id of a key by the hash of its secret. */
  readonly keysByHash: Map<string, string>
  /** Private signing keys by their ids, wrapped. */
  readonly signingKeys: Map<string, string>
  readonly changes: PubSub.PubSub<void>
}

export interface MemoryOptions {
  readonly mailLimits?: MailLimits
  /** 32 bytes; random when absent. For tests that want the same ids again. */
  readonly identityKey?: Uint8Array
}

/** An empty store of a new installation. */
export const makeState = (options: MemoryOptions = {}): Effect.Effect<MemoryState> =>
  // One slot, and a newer hint replaces the waiting one: a hint says that there is something new, not how much.
  Effect.map(PubSub.sliding<void>(1), (changes) => ({
    installation: {
      id: randomUUID(),
      identityKey: Redacted.make(options.identityKey ?? new Uint8Array(randomBytes(32)))
    },
    mailLimits: options.mailLimits ?? defaultMailLimits,
    log: [],
    streams: new Map(),
    receipts: new Map(),
    directory: makeSenderRows(),
    views: new Map(),
    tasks: new Map(),
    tasksByKey: new Map(),
    tasksPut: 0,
    mails: new Map(),
    accounts: new Map(),
    organizations: new Map(),
    keys: new Map(),
    keysByHash: new Map(),
    signingKeys: new Map(),
    changes
  }))

/** Makes `entry` the row of the stream, or leaves it without one. */
export const list = (state: MemoryState, stream: string, entry: ListedSender | undefined, view: number): void => {
  state.directory.put(stream, entry)
  if (entry === undefined) state.views.delete(stream)
  else state.views.set(stream, view)
}

/** Tells the listeners of `EventStore.changes`. */
export const hint = (state: MemoryState): void => {
  PubSub.publishUnsafe(state.changes, undefined)
}
