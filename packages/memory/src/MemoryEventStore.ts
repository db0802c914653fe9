/**
 * The event store in memory, and the readable account of what a commit does: look for the receipt, look at the lease,
 * look at the versions, and only then write everything.
 */
import { viewVersion } from "@countersign/core"
import {
  type Append,
  type Commit,
  type CommitOutcome,
  type EventPage,
  EventStore,
  type ListedSender,
  type StoredEvent
} from "@countersign/engine"
import { receiptLifetime } from "@countersign/engine/storage"
import { Clock, Effect, Option, Stream } from "effect"
import { changeKey } from "./MemorySigningKeys.ts"
import { hint, list, type MemoryState } from "./MemoryState.ts"
import { completeTask, heldTask, putTask } from "./MemoryTasks.ts"

export const makeEventStore = (state: MemoryState): EventStore["Service"] => {
  const page = (events: ReadonlyArray<StoredEvent>): Effect.Effect<EventPage> =>
    Effect.map(Clock.currentTimeMillis, (now) => ({ events, now: Math.max(now, recordedLast(state, now)) }))

  return EventStore.of({
    commit: (batch) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        forgetReceipts(state, now)
        const outcomes = batch.map((commit) => commitOne(state, commit, now))
        if (outcomes.some(({ _tag }) => _tag === "Committed")) hint(state)
        return outcomes
      }),
    readStream: (stream, after, limit) =>
      Effect.suspend(() => page((state.streams.get(stream) ?? []).slice(after, after + limit))),
    readLog: (after, limit) => Effect.suspend(() => page(state.log.slice(after, after + limit))),
    receipt: (account, command) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const found = state.receipts.get(receiptKey(account, command))
        if (found === undefined || now - found.at >= receiptLifetime) return Option.none()
        return Option.some({ fingerprint: found.fingerprint, result: found.result })
      }),
    head: Effect.sync(() => state.log.length),
    changes: Stream.fromPubSub(state.changes)
  })
}

const commitOne = (state: MemoryState, commit: Commit, now: number): CommitOutcome => {
  const key = receiptKey(commit.account, commit.command.id)
  const receipt = state.receipts.get(key)
  // Before everything else: the first answer holds although the versions, and the lease, have moved on since.
  if (receipt !== undefined && now - receipt.at < receiptLifetime) {
    return receipt.fingerprint === commit.command.fingerprint
      ? { _tag: "Duplicate", result: receipt.result }
      : { _tag: "CommandIdReused" }
  }

  const settled = commit.settles === undefined ? undefined : heldTask(state, commit.settles)
  if (commit.settles !== undefined && settled === undefined) return { _tag: "LeaseLost" }

  const conflict = firstConflict(state, commit.appends)
  if (conflict !== undefined) return conflict

  // Settled first: what the commit puts is put after the run, not during it.
  if (settled !== undefined) completeTask(state, settled)
  const appends = commit.appends.map((append) => write(state, append, now))
  for (const change of commit.keys ?? []) changeKey(state, change)
  // Deleted first, or a forgotten id that is used anew would keep its old place in the order of age.
  state.receipts.delete(key)
  state.receipts.set(key, { fingerprint: commit.command.fingerprint, result: commit.command.result, at: now })
  return { _tag: "Committed", appends }
}

const receiptKey = (account: string, command: string): string => JSON.stringify([account, command])

/** When the newest event was recorded; `none` when there is none. */
const recordedLast = ({ log }: MemoryState, none: number): number => log.at(-1)?.recordedAt ?? none

const firstConflict = (state: MemoryState, appends: ReadonlyArray<Append>): CommitOutcome | undefined => {
  const versions = new Map<string, number>()
  for (const { stream, expected, events } of appends) {
    const stored = state.streams.get(stream) ?? []
    const version = versions.get(stream) ?? stored.length
    if (version !== expected) return { _tag: "Conflict", stream, newer: stored.slice(expected) }
    versions.set(stream, version + events.length)
  }
  return undefined
}

const write = (state: MemoryState, append: Append, now: number) => {
  const { stream, entry, tasks } = append
  const events = state.streams.get(stream) ?? []
  // A clock that was set back does not take the log back with it.
  const recordedAt = Math.max(now, recordedLast(state, now))
  const firstPosition = state.log.length + 1
  for (const { type, schemaVersion, data, meta } of append.events) {
    const stored: StoredEvent = {
      type,
      schemaVersion,
      data,
      meta,
      position: state.log.length + 1,
      stream,
      version: events.length + 1,
      recordedAt
    }
    state.log.push(stored)
    events.push(stored)
  }
  if (events.length > 0) state.streams.set(stream, events)

  const listed = entry === undefined ? undefined : place(entry, state.directory.get(stream), firstPosition)
  list(state, stream, listed, viewVersion)
  for (const task of tasks) putTask(state, task)
  return { version: events.length, entryPosition: listed?.position ?? 0 }
}

const place = (
  entry: NonNullable<Append["entry"]>,
  before: ListedSender | undefined,
  firstPosition: number
): ListedSender => ({
  ...entry,
  position: before?.incarnation === entry.incarnation ? before.position : firstPosition
})

/** The oldest come first, so this looks at the forgotten ones and one more. */
const forgetReceipts = (state: MemoryState, now: number): void => {
  for (const [key, { at }] of state.receipts) {
    if (now - at < receiptLifetime) return
    state.receipts.delete(key)
  }
}
