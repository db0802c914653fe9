import { TaskQueue } from "@countersign/engine"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { TestClock } from "effect/testing"
import { done, second, start, states, storage, task, timed } from "./Tasks.ts"
import { pass, settle } from "./World.ts"

describe("a lease", () => {
  it.effect("is renewed as long as its task runs, so that nobody else runs it", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const { times, run } = timed(Effect.as(Effect.sleep("10 minutes"), done))
      yield* start(run)
      yield* start(run)
      yield* queue.put(task())
      yield* pass("9 minutes")
      assert.deepStrictEqual(yield* states, ["running"])
      yield* pass("2 minutes")
      assert.strictEqual(times.length, 1)
      assert.deepStrictEqual(yield* states, [])
    }).pipe(Effect.provide(storage))
  )

  it.effect("that is lost stops the run, and its holder neither retries, buries nor gives up the task", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      let interrupted = 0
      let givenUp = 0
      yield* start(() => Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++)), {
        attempts: 1,
        givenUp: () => Effect.sync(() => void givenUp++)
      })
      yield* queue.put(task())
      yield* settle
      const [running] = yield* queue.list({ limit: 1 })
      yield* queue.drop(running?.id ?? "")
      yield* pass("6 seconds")
      assert.strictEqual(interrupted, 1)
      assert.strictEqual(givenUp, 0)
    }).pipe(Effect.provide(storage))
  )

  it.effect("of a worker that hangs goes to another, and the stalled one's outcome is refused", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const thaw = yield* Deferred.make<void>()
      const runs: Array<string> = []
      // The whole process hangs: it renews nothing, and goes on where it was long after.
      const stalled = {
        ...queue,
        renew: () => Effect.never,
        claim: (...of: Parameters<typeof queue.claim>) =>
          Effect.suspend(() => (runs.length === 0 ? queue.claim(...of) : Effect.never))
      }
      yield* start(() =>
        Effect.as(
          Effect.andThen(
            Effect.sync(() => runs.push("stalled")),
            Deferred.await(thaw)
          ),
          { _tag: "Again", due: 0 } as const
        )
      ).pipe(Effect.provideService(TaskQueue, stalled))
      yield* queue.put(task())
      yield* pass("1 second")
      yield* start(() =>
        Effect.as(
          Effect.andThen(
            Effect.sync(() => runs.push("other")),
            Effect.sleep("1 minute")
          ),
          done
        )
      )
      yield* pass("20 seconds")
      assert.deepStrictEqual(runs, ["stalled", "other"])
      yield* Deferred.succeed(thaw, undefined)
      yield* pass("1 second")
      assert.deepStrictEqual(yield* states, ["running"])
      yield* pass("2 minutes")
      assert.deepStrictEqual(yield* states, [])
      assert.deepStrictEqual(runs, ["stalled", "other"])
    }).pipe(Effect.provide(storage))
  )

  it.effect("survives a storage that is down for a moment", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const { breakDown, restore } = yield* StorageFaults
      const { times, run } = timed(Effect.as(Effect.sleep("1 minute"), done))
      yield* start(run)
      yield* queue.put(task())
      yield* pass("4 seconds")
      yield* breakDown()
      yield* pass("7 seconds")
      yield* restore
      yield* pass("2 minutes")
      assert.strictEqual(times.length, 1)
      assert.deepStrictEqual(yield* states, [])
    }).pipe(Effect.provide(storage))
  )

  it.effect("of a task that ends its workers is given out only so often", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* queue.put(task())
      for (let worker = 0; worker < 5; worker++) {
        assert.strictEqual((yield* queue.claim(["account-notice"], 1, 15 * second)).tasks.length, 1)
        yield* TestClock.adjust("15 seconds")
      }
      const { times, run } = timed(Effect.succeed(done))
      yield* start(run)
      yield* pass("1 minute")
      assert.strictEqual(times.length, 0)
      assert.deepStrictEqual(yield* states, ["buried"])
    }).pipe(Effect.provide(storage))
  )
})
