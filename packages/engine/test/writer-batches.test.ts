import { Writer } from "@countersign/engine"
import { MemoryStorage } from "@countersign/memory"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { commitOf, storedIn, streamNames } from "./Commits.ts"
import { settle } from "./World.ts"

const storage = StorageFaults.layer(MemoryStorage.layer)
const writer = Writer.layer.pipe(Layer.provideMerge(storage))

describe("the writer", () => {
  it.effect("writes one that comes alone at once, and what comes meanwhile in one transaction", () =>
    Effect.gen(function* () {
      const { submit } = yield* Writer
      const { holdCommit, batches } = yield* StorageFaults
      const held = yield* holdCommit
      const first = yield* Effect.forkChild(submit(commitOf("first")))
      yield* held.arrived
      const others = yield* Effect.forEach(streamNames(40), (stream) => Effect.forkChild(submit(commitOf(stream))))
      yield* settle
      assert.deepStrictEqual(yield* batches, [1])
      yield* held.release
      yield* Fiber.joinAll([first, ...others])
      assert.deepStrictEqual(yield* batches, [1, 40])
      assert.strictEqual((yield* storedIn()).length, 41)
    }).pipe(Effect.provide(writer))
  )

  it.effect("takes no more than 512 commits in one transaction", () =>
    Effect.gen(function* () {
      const { submit } = yield* Writer
      const { holdCommit, batches } = yield* StorageFaults
      const held = yield* holdCommit
      const fibers = yield* Effect.forEach(streamNames(1_200), (stream) => Effect.forkChild(submit(commitOf(stream))))
      yield* held.arrived
      yield* settle
      yield* held.release
      yield* Fiber.joinAll(fibers)
      assert.isAtMost(Math.max(...(yield* batches)), 512)
      assert.strictEqual((yield* storedIn()).length, 1_200)
    }).pipe(Effect.provide(writer))
  )

  it.effect("refuses what its queue cannot hold, and writes nothing of it", () =>
    Effect.gen(function* () {
      const { submit } = yield* Writer
      const { holdCommit } = yield* StorageFaults
      const held = yield* holdCommit
      const first = yield* Effect.forkChild(submit(commitOf("first")))
      yield* held.arrived
      const waiting = yield* Effect.forEach(streamNames(8_192), (stream) => Effect.forkChild(submit(commitOf(stream))))
      yield* settle
      const refused = yield* Effect.flip(submit(commitOf("one too many")))
      assert.strictEqual(refused._tag, "Overloaded")
      yield* held.release
      yield* Fiber.joinAll([first, ...waiting])
      const stored = yield* storedIn()
      assert.strictEqual(stored.length, 8_193)
      assert.isFalse(stored.includes("one too many"))
      assert.strictEqual((yield* submit(commitOf("one too many")))._tag, "Committed")
    }).pipe(Effect.provide(writer))
  )

  it.effect("writes a commit whose caller does not listen any more", () =>
    Effect.gen(function* () {
      const { submit } = yield* Writer
      const { holdCommit } = yield* StorageFaults
      const held = yield* holdCommit
      const first = yield* Effect.forkChild(submit(commitOf("first")))
      yield* held.arrived
      const second = yield* Effect.forkChild(submit(commitOf("second")))
      yield* settle
      const gone = yield* Effect.forkChild(Fiber.interruptAll([first, second]))
      yield* settle
      yield* held.release
      yield* Fiber.join(gone)
      assert.deepStrictEqual(yield* storedIn(), ["first", "second"])
    }).pipe(Effect.provide(writer))
  )

  it.effect("writes everything that was submitted before it stops, and takes nothing after", () =>
    Effect.gen(function* () {
      const ports = yield* Layer.build(storage)
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Writer.layer.pipe(Layer.provide(Layer.succeedContext(ports))), scope)
      yield* Effect.gen(function* () {
        const { submit } = yield* Writer
        const { holdCommit } = yield* StorageFaults
        const held = yield* holdCommit
        const fibers = yield* Effect.forEach(["a", ...streamNames(30)], (stream) =>
          Effect.forkChild(submit(commitOf(stream)))
        )
        yield* held.arrived
        const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* settle
        assert.strictEqual((yield* Effect.flip(submit(commitOf("too late"))))._tag, "Overloaded")
        assert.isUndefined(stopping.pollUnsafe())
        yield* held.release
        yield* Fiber.join(stopping)
        const outcomes = yield* Fiber.joinAll(fibers)
        assert.isTrue(outcomes.every(({ _tag }) => _tag === "Committed"))
        assert.strictEqual((yield* storedIn()).length, 31)
      }).pipe(Effect.provide(context), Effect.provide(ports))
    })
  )
})
