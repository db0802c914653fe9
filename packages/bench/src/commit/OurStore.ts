/**
 * Our contender: commits through the engine's Writer into a storage adapter, as the product's own go.
 */
import { type Commit, EventStore, Writer } from "@countersign/engine"
import { PostgresStorage } from "@countersign/storage-postgres"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import type { Round } from "../Measure.ts"

export interface OurStore {
  /** Each commit is submitted when the one before it was acknowledged. */
  readonly oneAtATime: (commits: ReadonlyArray<Commit>) => Promise<Round>
  /** `width` callers, each of which submits its next commit when its last one was acknowledged. */
  readonly together: (commits: ReadonlyArray<Commit>, width: number) => Promise<Round>
  /** Stores commits as fast as it goes, past the Writer. */
  readonly fill: (commits: ReadonlyArray<Commit>) => Promise<void>
  /** How many commits a transaction of the last `together` held, on average. */
  readonly groupSize: () => number
  readonly close: () => Promise<void>
}

export const openOurStore = (file: string): OurStore => openOver(SqliteStorage.layer({ file }))

export const openOurPostgres = (url: string): OurStore => openOver(PostgresStorage.layer({ url: Redacted.make(url) }))

const openOver = <E>(storage: Layer.Layer<EventStore, E>): OurStore => {
  let [transactions, written] = [0, 0]
  const counted = Layer.effect(
    EventStore,
    Effect.map(Effect.service(EventStore), (store) => ({
      ...store,
      commit: (batch: ReadonlyArray<Commit>) => {
        transactions += 1
        written += batch.length
        return store.commit(batch)
      }
    }))
  ).pipe(Layer.provide(storage))
  const runtime = ManagedRuntime.make(Layer.provideMerge(Writer.layer, counted))

  const run = (commits: ReadonlyArray<Commit>, width: number): Promise<Round> =>
    runtime.runPromise(
      Effect.gen(function* () {
        const writer = yield* Writer
        const latencies = new Float64Array(commits.length)
        let next = 0
        const caller = Effect.gen(function* () {
          while (true) {
            const index = next++
            const commit = commits[index]
            if (commit === undefined) return
            const submitted = performance.now()
            const outcome = yield* writer.submit(commit)
            latencies[index] = performance.now() - submitted
            if (outcome._tag !== "Committed") return yield* Effect.die(new Error(`a commit ended as ${outcome._tag}`))
          }
        })
        const callers = Array.from({ length: width }, () => caller)
        const began = performance.now()
        yield* width === 1 ? caller : Effect.all(callers, { concurrency: "unbounded", discard: true })
        return { operations: commits.length, seconds: (performance.now() - began) / 1_000, latencies }
      })
    )

  return {
    oneAtATime: (commits) => run(commits, 1),
    together: async (commits, width) => {
      ;[transactions, written] = [0, 0]
      return run(commits, width)
    },
    fill: (commits) => runtime.runPromise(Effect.flatMap(EventStore, (store) => Effect.asVoid(store.commit(commits)))),
    groupSize: () => written / transactions,
    close: () => runtime.dispose()
  }
}
