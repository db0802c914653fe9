import { TaskQueue } from "@countersign/engine"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Scope } from "effect"
import { senderId } from "./Ids.ts"
import { done, start, states, storage, task, timed } from "./Tasks.ts"
import { pass, settle } from "./World.ts"

describe("at the end of the scope", () => {
  it.effect("what runs may finish, and nothing new begins", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const finish = yield* Deferred.make<void>()
      const started: Array<string> = []
      const scope = yield* start(({ payload }) => {
        started.push(payload.sender)
        return Effect.as(Deferred.await(finish), done)
      })
      for (const sender of ["a", "b", "c"].map(senderId))
        yield* queue.put(task({ payload: { sender, incarnation: 1 } }))
      yield* settle
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* pass("5 seconds")
      yield* Deferred.succeed(finish, undefined)
      yield* settle
      assert.isDefined(stopping.pollUnsafe())
      assert.deepStrictEqual(started, ["a", "b"])
      assert.deepStrictEqual(yield* states, ["waiting"])
    }).pipe(Effect.provide(storage))
  )

  it.effect("what does not finish in time is given back at once, with no failure counted", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      let interrupted = 0
      const scope = yield* start(() => Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++)))
      yield* queue.put(task())
      yield* settle
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* pass("9 seconds")
      assert.isUndefined(stopping.pollUnsafe())
      yield* pass("1 second")
      assert.isDefined(stopping.pollUnsafe())
      assert.strictEqual(interrupted, 1)
      const [waiting] = yield* queue.list({ limit: 10 })
      assert.deepInclude(waiting, { state: "waiting", attempts: 0, due: 0 })
      const { times, run } = timed(Effect.succeed(done))
      yield* start(run)
      yield* settle
      assert.strictEqual(times.length, 1)
    }).pipe(Effect.provide(storage))
  )

  it.effect("a claim that was answered is not lost, even when the answer came late", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const answer = yield* Deferred.make<void>()
      const slow = {
        ...queue,
        claim: (...of: Parameters<typeof queue.claim>) => Effect.tap(queue.claim(...of), () => Deferred.await(answer))
      }
      yield* queue.put(task())
      const { times, run } = timed(Effect.succeed(done))
      const scope = yield* start(run).pipe(Effect.provideService(TaskQueue, slow))
      yield* settle
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* settle
      yield* Deferred.succeed(answer, undefined)
      yield* settle
      assert.isDefined(stopping.pollUnsafe())
      assert.strictEqual(times.length, 1)
      assert.deepStrictEqual(yield* states, [])
    }).pipe(Effect.provide(storage))
  )
})
