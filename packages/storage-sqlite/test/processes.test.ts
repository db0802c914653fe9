import { EventStore } from "@countersign/engine"
import { addCommit } from "@countersign/testkit/sample-commit"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Stream } from "effect"
import { SqliteStorage } from "../src/index.ts"
import { committer } from "./Committer.ts"
import { temporaryFile } from "./TemporaryStore.ts"

const perProcess = 300

describe("several processes on one file", () => {
  it.live(
    "make it together, write at the same time, and none is refused or loses a commit",
    () =>
      Effect.gen(function* () {
        const file = yield* temporaryFile
        // Nobody made the file before: all of them want to.
        const ended = yield* Effect.all(
          ["one", "two", "three"].map((prefix) => committer(file, prefix, perProcess, { together: 3 })),
          { concurrency: "unbounded" }
        )
        for (const { errors, exitCode, senders } of ended) {
          expect([errors, exitCode, senders.length]).toEqual(["", 0, perProcess])
        }
        const { events } = yield* EventStore.use((store) => store.readLog(0, 10_000)).pipe(
          Effect.provide(SqliteStorage.layer({ file }))
        )
        expect(events.map(({ position }) => position)).toEqual(
          Array.from({ length: 3 * perProcess * 2 }, (_, index) => index + 1)
        )
      }),
    60_000
  )

  it.live(
    "see each other's commits at once, and are told that there is something new",
    () =>
      Effect.gen(function* () {
        const file = yield* temporaryFile
        const store = Context.get(yield* Layer.build(SqliteStorage.layer({ file })), EventStore)
        const told = yield* Stream.runHead(store.changes).pipe(Effect.forkChild({ startImmediately: true }))
        // Goes on until the end of the test, so that a hint comes however late the listener was.
        const other = yield* Effect.forkChild(committer(file, "other", 1_000_000))
        yield* Effect.timeout(Fiber.join(told), "30 seconds")
        const { events } = yield* store.readLog(0, 2)
        expect(events.map(({ stream }) => stream)).toEqual(["other-0", "other-0"])
        const [mine] = yield* store.commit([addCommit("mine")])
        expect(mine?._tag).toBe("Committed")
        yield* Fiber.interrupt(other)
      }),
    60_000
  )
})
