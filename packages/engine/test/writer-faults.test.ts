import { Writer } from "@countersign/engine"
import { MemoryStorage } from "@countersign/memory"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { commitOf, storedIn, streamNames } from "./Commits.ts"
import { settle } from "./World.ts"

const writer = Writer.layer.pipe(Layer.provideMerge(StorageFaults.layer(MemoryStorage.layer)))

/** Submits all of them so that they are written as one batch, and gives the storage time to be asked again. */
const submitTogether = Effect.fnUntraced(function* (streams: ReadonlyArray<string>) {
  const { submit } = yield* Writer
  const { holdCommit } = yield* StorageFaults
  const held = yield* holdCommit
  const before = yield* Effect.forkChild(submit(commitOf("before")))
  yield* held.arrived
  const fibers = yield* Effect.forEach(streams, (stream) => Effect.forkChild(Effect.exit(submit(commitOf(stream)))))
  yield* settle
  yield* held.release
  yield* Fiber.join(before)
  yield* TestClock.adjust("1 minute")
  return yield* Fiber.joinAll(fibers)
})

const answers = (exits: ReadonlyArray<Exit.Exit<{ readonly _tag: string }, { readonly _tag: string }>>) =>
  exits.map((exit) => {
    if (Exit.isSuccess(exit)) return exit.value._tag
    const [reason] = exit.cause.reasons
    return reason?._tag === "Fail" ? reason.error._tag : (reason?._tag ?? "nothing")
  })

describe("the writer, when the storage fails", () => {
  it.effect("asks again when the answer was lost, and does not write twice", () =>
    Effect.gen(function* () {
      const { nextCommits, batches } = yield* StorageFaults
      yield* nextCommits("none", "answer-lost", "answer-lost")
      const exits = yield* submitTogether(["a", "b"])
      assert.deepStrictEqual(answers(exits), ["Duplicate", "Duplicate"])
      assert.deepStrictEqual(yield* storedIn(), ["before", "a", "b"])
      assert.deepStrictEqual(yield* batches, [1, 2, 2, 2])
    }).pipe(Effect.provide(writer))
  )

  it.effect("asks again when the request was lost, and writes", () =>
    Effect.gen(function* () {
      yield* (yield* StorageFaults).nextCommits("none", "request-lost", "request-lost")
      assert.deepStrictEqual(answers(yield* submitTogether(["a"])), ["Committed"])
    }).pipe(Effect.provide(writer))
  )

  it.effect("does not say that nothing was written once an answer was lost", () =>
    Effect.gen(function* () {
      const { nextCommits } = yield* StorageFaults
      yield* nextCommits("none", "answer-lost", ...Array.from({ length: 30 }, () => "refused" as const))
      const exits = yield* submitTogether(["a", "b", "c", "d", "e"])
      assert.deepStrictEqual(new Set(answers(exits)), new Set(["OutcomeUnknown"]))
      assert.deepStrictEqual(yield* storedIn(), ["before", "a", "b", "c", "d", "e"])
    }).pipe(Effect.provide(writer))
  )

  it.effect("gives up a lost answer after a few seconds", () =>
    Effect.gen(function* () {
      yield* (yield* StorageFaults).nextCommits("none", ...Array.from({ length: 10 }, () => "answer-lost" as const))
      assert.deepStrictEqual(answers(yield* submitTogether(["a"])), ["OutcomeUnknown"])
    }).pipe(Effect.provide(writer))
  )

  it.effect("writes the others of a batch that one commit spoils", () =>
    Effect.gen(function* () {
      const faults = yield* StorageFaults
      yield* faults.poison(({ command }) => command.id === "stream-3")
      const names = streamNames(8)
      const exits = yield* submitTogether(names)
      const expected = names.map((name) => (name === "stream-3" ? "Die" : "Committed"))
      assert.deepStrictEqual(answers(exits), expected)
      const good = names.filter((name) => name !== "stream-3")
      assert.deepStrictEqual(yield* storedIn(), ["before", ...good])
    }).pipe(Effect.provide(writer))
  )

  it.effect("writes the others even when the first of a batch all spoil it", () =>
    Effect.gen(function* () {
      const faults = yield* StorageFaults
      yield* faults.poison(({ command }) => /^stream-[0-4]$/.test(command.id))
      const exits = yield* submitTogether(streamNames(8))
      assert.deepStrictEqual(answers(exits).slice(5), ["Committed", "Committed", "Committed"])
    }).pipe(Effect.provide(writer))
  )

  it.effect("lets nobody wait for a storage that is down, and works again when it is back", () =>
    Effect.gen(function* () {
      const { submit } = yield* Writer
      const { breakDown, restore, batches } = yield* StorageFaults
      yield* breakDown()
      const fibers = yield* Effect.forEach(streamNames(200), (stream) =>
        Effect.forkChild(Effect.exit(submit(commitOf(stream))))
      )
      const exits = yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(new Set(answers(exits)), new Set(["StorageUnavailable"]))
      assert.isBelow((yield* batches).length, 20)
      yield* restore
      assert.strictEqual((yield* submit(commitOf("after")))._tag, "Committed")
    }).pipe(Effect.provide(writer))
  )

  it.effect("goes on after a failure that the adapter does not know", () =>
    Effect.gen(function* () {
      const { submit } = yield* Writer
      yield* (yield* StorageFaults).nextCommits("defect")
      const exit = yield* Effect.exit(submit(commitOf("a")))
      assert.deepStrictEqual(answers([exit]), ["Die"])
      assert.strictEqual((yield* submit(commitOf("b")))._tag, "Committed")
    }).pipe(Effect.provide(writer))
  )
})
