import { EventStore, TaskQueue } from "@countersign/engine"
import { MemoryStorage } from "@countersign/memory"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { done, second, start, states, storage, task, timed } from "./Tasks.ts"
import { pass } from "./World.ts"

describe("the queue's workers", () => {
  it.effect("run no more at once than they may, and everything in the end", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      let running = 0
      let most = 0
      let count = 0
      yield* start(
        () =>
          Effect.gen(function* () {
            running++
            most = Math.max(most, running)
            yield* Effect.sleep("1 second")
            running--
            count++
            return done
          }),
        { concurrency: 3 }
      )
      for (let n = 0; n < 50; n++) yield* queue.put(task())
      yield* pass("17 seconds")
      assert.strictEqual(most, 3)
      assert.strictEqual(count, 50)
    }).pipe(Effect.provide(storage))
  )

  it.effect("go on to the next task without being woken, and find new ones within half a minute", () =>
    Effect.gen(function* () {
      const ports = yield* Layer.build(MemoryStorage.layer)
      const silent = Layer.succeed(EventStore, { ...(yield* Effect.provide(EventStore, ports)), changes: Stream.never })
      const { times, run } = timed(Effect.as(Effect.sleep("1 second"), done))
      yield* Effect.gen(function* () {
        const queue = yield* TaskQueue
        for (let n = 0; n < 20; n++) yield* queue.put(task())
        yield* start(run)
        yield* pass("10 seconds")
        assert.strictEqual(times.length, 20)
        yield* pass("5 seconds")
        yield* queue.put(task())
        yield* pass("14 seconds")
        assert.strictEqual(times.length, 20)
        yield* pass("16 seconds")
        assert.strictEqual(times.length, 21)
      }).pipe(Effect.provide(silent), Effect.provide(ports))
    })
  )

  it.effect("go on after the storage was down for a while", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const { breakDown, restore } = yield* StorageFaults
      const { times, run } = timed(Effect.succeed(done))
      yield* start(run)
      yield* queue.put(task({ due: 60 * second }))
      yield* breakDown()
      yield* pass("1 hour")
      assert.strictEqual(times.length, 0)
      yield* restore
      yield* pass("30 seconds")
      assert.strictEqual(times.length, 1)
      assert.deepStrictEqual(yield* states, [])
    }).pipe(Effect.provide(storage))
  )

  it.effect("run a task again whose outcome could not be written, and it counts as a failure", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const { breakDown, restore } = yield* StorageFaults
      const attempts: Array<number> = []
      yield* start(({ task: claimed }) => {
        attempts.push(claimed.attempts)
        return Effect.as(attempts.length === 1 ? breakDown() : Effect.void, done)
      })
      yield* queue.put(task())
      yield* pass("10 seconds")
      yield* restore
      yield* pass("1 minute")
      assert.deepStrictEqual(attempts, [0, 1])
      assert.deepStrictEqual(yield* states, [])
    }).pipe(Effect.provide(storage))
  )
})
