import { TaskQueue } from "@countersign/engine"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { type Next, retryWait } from "../src/workers/TaskRunner.ts"
import { senderId } from "./Ids.ts"
import { done, second, start, states, storage, task, timed } from "./Tasks.ts"
import { pass } from "./World.ts"

describe("a failing task", () => {
  it.effect.each([
    ["says that it failed", Effect.succeed<Next>({ _tag: "Failed", error: "451 busy" }), "451 busy"],
    ["fails", Effect.fail({ message: "no route" }), "no route"],
    ["dies", Effect.die(new Error("a bug")), "Error: a bug"],
    ["is interrupted from inside", Effect.interrupt, undefined]
  ] as const)("that %s is tried again with doubling waits, and buried after the last attempt", ([, answer, error]) =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const { times, run } = timed(answer)
      const givenUp: Array<string> = []
      yield* start(run, { givenUp: (_, reason) => Effect.sync(() => void givenUp.push(reason)) })
      yield* queue.put(task())
      yield* pass("1 day")
      const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0))
      assert.strictEqual(waits.length, 4)
      waits.forEach((wait, index) => {
        assert.isAtLeast(wait, 0.8 * 10 * second * 2 ** index)
        assert.isAtMost(wait, 10 * second * 2 ** index + 50)
      })
      const [buried] = yield* queue.list({ state: "buried", limit: 10 })
      if (error !== undefined) assert.strictEqual(buried?.error, error)
      assert.strictEqual(givenUp.length, 1)
      assert.deepStrictEqual(yield* states, ["buried"])
    }).pipe(Effect.provide(storage), Random.withSeed("retries"))
  )

  it.effect("works again once it is revived, with all its attempts", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      let broken = true
      const runs: Array<number> = []
      yield* start(({ task: { attempts } }) => {
        runs.push(attempts)
        return broken ? Effect.fail({ message: "broken" }) : Effect.succeed(done)
      })
      yield* queue.put(task())
      yield* pass("1 hour")
      const [buried] = yield* queue.list({ state: "buried", limit: 10 })
      broken = false
      assert.isTrue(yield* queue.revive(buried?.id ?? ""))
      yield* pass("1 second")
      assert.deepStrictEqual(runs, [0, 1, 2, 3, 4, 0])
      assert.deepStrictEqual(yield* states, [])
    }).pipe(Effect.provide(storage))
  )

  it.effect("is buried even when what follows from that fails", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* start(() => Effect.fail({ message: "no" }), { attempts: 1, givenUp: () => Effect.die(new Error("worse")) })
      yield* queue.put(task())
      yield* pass("1 second")
      assert.deepStrictEqual(yield* states, ["buried"])
    }).pipe(Effect.provide(storage))
  )

  it.effect("with a payload that nobody can read is buried and never handled", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const { times, run } = timed(Effect.succeed(done))
      yield* start(run)
      const poison = JSON.parse('{"sender":5,"secret":"hush"}')
      yield* queue.put(task({ payload: poison }))
      yield* queue.put(task())
      yield* pass("1 day")
      const [buried] = yield* queue.list({ state: "buried", limit: 10 })
      assert.match(buried?.error ?? "", /^the payload cannot be read/)
      assert.notInclude(buried?.error, "hush")
      assert.strictEqual(times.length, 1)
    }).pipe(Effect.provide(storage))
  )

  it.effect("does not hold up the others", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      let good = 0
      yield* start(({ payload }) =>
        payload.sender === "bad"
          ? Effect.fail({ message: "bad" })
          : Effect.sync(() => {
              good++
              return done
            })
      )
      for (let n = 0; n < 20; n++)
        yield* queue.put(task({ payload: { sender: senderId(n % 4 === 0 ? "bad" : "good"), incarnation: n } }))
      yield* pass("1 second")
      assert.strictEqual(good, 15)
    }).pipe(Effect.provide(storage))
  )

  it("waits no longer than an hour, and never the same time for all", () => {
    assert.strictEqual(retryWait(1, 0), 10 * second)
    assert.strictEqual(retryWait(1, 1), 8 * second)
    assert.strictEqual(retryWait(9, 0), 2_560 * second)
    for (const failures of [10, 29, 1_000]) assert.strictEqual(retryWait(failures, 0), 3_600 * second)
  })
})
