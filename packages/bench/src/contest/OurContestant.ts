/**
 * Our contestant, over whichever adapter it is given: through the engine's Writer into the event store, as the product
 * goes.
 *
 * Event-only: what the others do too. A commit has its receipt, but no directory entry and no tasks. Events are decoded
 * with a schema when they are read, as the Executor does; the others parse and trust.
 */
import { type Commit, EventStore, Ids, type StoredEvent, Writer } from "@countersign/engine"
import { Effect, Layer, ManagedRuntime, Schema, Stream } from "effect"
import type { Contestant, Profile } from "./Contestant.ts"
import { decide, evolve, nothing, type Sample } from "./Sample.ts"

const account = "0b6f6a52-5a0e-4c8e-9f0b-6d3f4f2a7c11"

const decode = Schema.decodeUnknownSync(
  Schema.Struct({
    id: Schema.String,
    amount: Schema.Finite,
    at: Schema.String,
    account: Schema.String,
    address: Schema.String,
    note: Schema.String
  })
)

const pageSize = 1_000

const toSample = ({ data }: Pick<StoredEvent, "data">): Sample => ({
  type: "Deposited",
  data: decode(JSON.parse(data))
})

const toCommit = (stream: string, expected: number, events: ReadonlyArray<Sample>, command: string): Commit => {
  const meta = JSON.stringify({ actor: "key:1", command, correlation: command })
  return {
    account,
    command: { id: command, fingerprint: "", result: "" },
    appends: [
      {
        stream,
        expected,
        events: events.map(({ type, data }) => ({ type, schemaVersion: 1, data: JSON.stringify(data), meta })),
        entry: undefined,
        tasks: []
      }
    ]
  }
}

export const openOurs = async <E>(storage: Layer.Layer<EventStore, E>, profile: Profile): Promise<Contestant> => {
  const runtime = ManagedRuntime.make(Layer.provideMerge(Writer.layer, storage))
  const context = await runtime.context()
  const run = Effect.runPromiseWith(context)
  const { store, writer } = await run(Effect.all({ store: EventStore, writer: Writer }))
  const ids = Ids.defaultValue()

  const load = Effect.fnUntraced(function* (stream: string) {
    let [state, version] = [nothing, 0]
    while (true) {
      const { events } = yield* store.readStream(stream, version, pageSize)
      for (const event of events) state = evolve(state, toSample(event))
      version += events.length
      if (events.length < pageSize) return state
    }
  })

  const append = Effect.fnUntraced(function* (stream: string, expected: number, events: ReadonlyArray<Sample>) {
    const outcome = yield* writer.submit(toCommit(stream, expected, events, yield* ids.next))
    if (outcome._tag !== "Committed") return yield* Effect.die(new Error(`a commit ended as ${outcome._tag}`))
  })

  /** As the Executor: the receipt's id stays the same, and a conflict brings the events that were missed. */
  const command = Effect.fnUntraced(function* (stream: string, amount: number) {
    const id = yield* ids.next
    let state = yield* load(stream)
    for (let attempts = 1; ; attempts++) {
      const outcome = yield* writer.submit(toCommit(stream, state.events, decide(state, amount), id))
      if (outcome._tag === "Committed") return attempts
      if (outcome._tag !== "Conflict") return yield* Effect.die(new Error(`a commit ended as ${outcome._tag}`))
      state = outcome.newer.map(toSample).reduce(evolve, state)
    }
  })

  const readFrom = Effect.fnUntraced(function* (after: number, handle: (sample: Sample) => void) {
    let position = after
    while (true) {
      const { events } = yield* store.readLog(position, pageSize)
      for (const event of events) handle(toSample(event))
      position += events.length
      if (events.length < pageSize) return position
    }
  })

  return {
    profile,
    append: (stream, expected, events) => run(append(stream, expected, events)),
    load: (stream) => run(load(stream)),
    command: (stream, amount) => run(command(stream, amount)),
    readAll: async (handle) => {
      await run(readFrom(0, handle))
    },
    follow: async (handle) => {
      let position = await run(readFrom(0, () => undefined))
      const follower = store.changes.pipe(
        Stream.runForEach(() =>
          Effect.map(readFrom(position, handle), (reached) => {
            position = reached
          })
        )
      )
      // Ends with the process's storage; `startImmediately`, so that no change is missed between here and the first
      // append.
      await run(Effect.forkDetach(follower, { startImmediately: true }))
    },
    close: () => runtime.dispose()
  }
}
