/**
 * An export into an empty store: all of it or nothing, in one transaction of the storage. The file is checked to its
 * last line, the directory is rebuilt from the log, and the whole is verified before anybody can see any of it.
 */
import { Effect, Schema, Stream } from "effect"
import type { OutcomeUnknown, StorageUnavailable } from "../ports/EventStore.ts"
import { type LoadingStore, Maintenance, type StoreNotEmpty } from "../ports/Maintenance.ts"
import { ExportReader } from "./ExportReader.ts"
import { correctStore } from "./Rebuild.ts"
import { verifyStore } from "./Verify.ts"

/** The file is not what this program takes, and nothing was stored. */
export class ImportRefused extends Schema.TaggedError<ImportRefused>()("ImportRefused", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}

/** What was imported. */
export interface Imported {
  readonly rows: number
  readonly events: number
  readonly senders: number
  /** Of the rebuilt directory. */
  readonly directory: string
  /** Whether the file had the identity key. */
  readonly withKey: boolean
}

/**
 * `bytes` is the file. Without its identity key a file is refused unless `newIdentityKey` says that the store shall
 * keep the key that it was made with: ids of senders and DNS tokens are derived from it, so the same address would
 * become another sender, and the same domain need other records.
 */
export const importStore = Effect.fn("Import")(function* <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  options: { readonly newIdentityKey: boolean }
): Effect.fn.Return<
  Imported,
  E | ImportRefused | StoreNotEmpty | StorageUnavailable | OutcomeUnknown,
  R | Maintenance
> {
  const { load } = yield* Maintenance
  return yield* load((store) =>
    Effect.gen(function* () {
      const reader = new ExportReader(options)
      yield* Stream.runForEachArray(bytes, (chunks) =>
        Effect.forEach(chunks, (chunk) => take(store, reader, reader.read(chunk)), { discard: true })
      )
      const ended = reader.end()
      if (ended.problem !== undefined) return yield* new ImportRefused({ reason: ended.problem })
      yield* correctStore(store)
      const verified = yield* verifyStore(
        store,
        (problem) => new ImportRefused({ reason: `the log in the file is not sound: ${problem}` })
      )
      return {
        rows: ended.rows,
        events: verified.events,
        senders: verified.senders,
        directory: verified.stored,
        withKey: ended.withKey
      }
    })
  )
})

/** What the storage refuses is told only when the file turns out to be whole: otherwise that it is not says more. */
const take = (store: LoadingStore, reader: ExportReader, rows: ReturnType<ExportReader["read"]>) =>
  rows.length === 0
    ? Effect.void
    : Effect.catchTag(store.put(rows), "StorageUnavailable", ({ reason }) =>
        Effect.sync(() => reader.refuse(`the storage does not take the rows of the file: ${reason}`))
      )
