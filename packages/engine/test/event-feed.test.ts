import { Engine, EventStore, eventFeed, Senders, StorageUnavailable } from "@countersign/engine"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { adaptersOver, createAccount, pass, publish, unpublish, workers } from "./World.ts"

/** The store in which the call of this number fails, from 1; 0 when none does. */
const failingOnce = (store: EventStore["Service"], failing: number): EventStore["Service"] => {
  let calls = 0
  const orFail = <A>(call: Effect.Effect<A, StorageUnavailable>) =>
    Effect.suspend(() => {
      calls += 1
      return calls === failing ? Effect.fail(new StorageUnavailable({ reason: "a fault of the test" })) : call
    })
  return {
    ...store,
    readLog: (after, limit) => orFail(store.readLog(after, limit)),
    readStream: (stream, after, limit) => orFail(store.readStream(stream, after, limit))
  }
}

const engine = Engine.layer.pipe(
  Layer.provideMerge(adaptersOver(MemoryStorage.layer, MemoryMailer.layer, MemoryDns.layer))
)

it.effect("the events are the same wherever a host goes on, and whichever reading of the storage fails", () =>
  Effect.gen(function* () {
    const senders = yield* Senders
    const caller = yield* createAccount()
    yield* Effect.scoped(
      Effect.gen(function* () {
        yield* Layer.build(workers)
        for (const address of ["a@acme.com", "b@acme.com", "c@acme.com"]) yield* senders.add({ ...caller, address })
        const { id } = yield* senders.current({ account: caller.account })
        yield* publish(caller, id)
        yield* pass("1 minute")
        yield* unpublish(caller, id)
        yield* pass("5 days")
        yield* senders.removeAll(caller)
        yield* senders.add({ ...caller, address: "a@acme.com" })
        yield* pass("1 second")
      })
    )
    const store = yield* EventStore
    const head = yield* store.head
    const from = Effect.fnUntraced(function* (after: number, failing: number) {
      const feed = eventFeed(after).pipe(
        Stream.take(head - after),
        Stream.runCollect,
        Effect.provideService(EventStore, failingOnce(store, failing))
      )
      const [events] = yield* Effect.all([feed, pass("1 minute")], { concurrency: 2 })
      return events
    })
    const all = yield* from(0, 0)
    assert.deepStrictEqual(
      all.map(({ position }) => position),
      Array.from({ length: head }, (_, index) => index + 1)
    )
    assert.isAbove(new Set(all.map(({ statusBefore, statusAfter }) => `${statusBefore} ${statusAfter}`)).size, 5)
    for (let after = 0; after < head; after++) {
      for (const failing of [0, 1, 2, 3, 4, 5]) {
        assert.deepStrictEqual(yield* from(after, failing), all.slice(after), `after ${after}, call ${failing} fails`)
      }
    }
  }).pipe(Effect.provide(engine))
)
