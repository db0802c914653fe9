/**
 * An operator's work on the store in memory: its rows out and in, and the directory put right.
 */
import {
  type LoadingStore,
  type MaintainedStore,
  Maintenance,
  StorageUnavailable,
  type StoredStream,
  StoreNotEmpty
} from "@countersign/engine"
import { Clock, Effect, Stream } from "effect"
import { byCodePoint } from "./CodePointOrder.ts"
import { makeEventStore } from "./MemoryEventStore.ts"
import { putRow, rowsOf } from "./MemoryRows.ts"
import { hint, list, type MemoryState, makeState } from "./MemoryState.ts"

export const makeMaintenance = (state: MemoryState): Maintenance["Service"] =>
  Maintenance.of({
    ...maintained(state),
    snapshot: Stream.unwrap(Effect.map(Clock.currentTimeMillis, (now) => Stream.fromIterable(rowsOf(state, now)))),
    load: (fill) =>
      Effect.gen(function* () {
        if (!isEmpty(state)) return yield* new StoreNotEmpty()
        // Filled beside the store, and moved into it in one step.
        const loaded = yield* makeState()
        loaded.installation.id = state.installation.id
        loaded.installation.identityKey = state.installation.identityKey
        let isRefused = false
        const answer = yield* fill({
          ...maintained(loaded),
          put: (rows) =>
            Effect.suspend(() => {
              if (rows.every((row) => putRow(loaded, row))) return Effect.void
              isRefused = true
              return Effect.fail(new StorageUnavailable({ reason: "the data was refused" }))
            })
        } satisfies LoadingStore)
        if (isRefused) return yield* new StorageUnavailable({ reason: "a row was refused, and nothing was loaded" })
        if (!isEmpty(state)) return yield* new StoreNotEmpty()
        moveInto(state, loaded)
        return answer
      })
  })

const maintained = (state: MemoryState): MaintainedStore => {
  const { readLog, readStream } = makeEventStore(state)
  return {
    readLog,
    readStream,
    streams: (after, limit) =>
      Effect.sync(() =>
        [...state.streams.keys()]
          .filter((stream) => byCodePoint(stream, after) > 0)
          .sort(byCodePoint)
          .slice(0, limit)
          .map((stream) => storedStream(state, stream))
      ),
    correct: (entries) =>
      Effect.sync(() =>
        entries.map(({ stream, version, entry, view }) => {
          const stored = storedStream(state, stream)
          if (stored.version !== version) return "Moved"
          if (stored.view > view) return "Newer"
          list(state, stream, entry, view)
          return "Written"
        })
      ),
    // There is nothing beside the rows: every question is a filter over them.
    audit: () => Effect.succeed({ faults: [], next: undefined })
  }
}

const storedStream = (state: MemoryState, stream: string): StoredStream => ({
  stream,
  version: state.streams.get(stream)?.length ?? 0,
  entry: state.directory.get(stream),
  view: state.views.get(stream) ?? 0
})

const isEmpty = ({ log, tasks, receipts, mails, accounts, organizations, keys, signingKeys }: MemoryState): boolean =>
  [tasks, receipts, mails, accounts, organizations, keys, signingKeys].every(({ size }) => size === 0) &&
  log.length === 0

const moveInto = (state: MemoryState, loaded: MemoryState): void => {
  state.installation.id = loaded.installation.id
  state.installation.identityKey = loaded.installation.identityKey
  for (const event of loaded.log) state.log.push(event)
  state.tasksPut = loaded.tasksPut
  move(state.streams, loaded.streams)
  move(state.receipts, loaded.receipts)
  for (const [stream, sender] of loaded.directory.entries()) state.directory.put(stream, sender)
  move(state.views, loaded.views)
  move(state.tasks, loaded.tasks)
  move(state.tasksByKey, loaded.tasksByKey)
  move(state.mails, loaded.mails)
  move(state.accounts, loaded.accounts)
  move(state.organizations, loaded.organizations)
  move(state.keys, loaded.keys)
  move(state.keysByHash, loaded.keysByHash)
  move(state.signingKeys, loaded.signingKeys)
  hint(state)
}

const move = <K, V>(to: Map<K, V>, from: ReadonlyMap<K, V>): void => {
  for (const [key, value] of from) to.set(key, value)
}
