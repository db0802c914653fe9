import { DatabaseSync } from "node:sqlite"
import { EventStore, SenderDirectory, TaskQueue } from "@countersign/engine"
import { account, addCommit } from "@countersign/testkit/sample-commit"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { SqliteStorage } from "../src/index.ts"
import { committer } from "./Committer.ts"
import { temporaryFile } from "./TemporaryStore.ts"

describe("a killed process", () => {
  // Enough commits, in the long runs, for the checkpoint thread to be at work when the process is killed.
  it.live(
    "loses nothing that it acknowledged, and leaves a store that others go on with",
    () =>
      Effect.gen(function* () {
        const file = yield* temporaryFile
        const acknowledged: Array<string> = []
        for (const [round, killAfter] of [1, 400, 2, 37, 150, 3].entries()) {
          const ended = yield* committer(file, `round-${round}`, 100_000, { killAfter })
          expect(ended.errors).toBe("")
          expect(ended.exitCode).toBe(null)
          expect(ended.senders.length).toBeGreaterThanOrEqual(killAfter)
          acknowledged.push(...ended.senders)
        }

        yield* Effect.gen(function* () {
          const store = yield* EventStore
          const { events } = yield* store.readLog(0, 100_000)
          expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index + 1))
          const streams = new Map<string, number>()
          for (const { stream } of events) streams.set(stream, (streams.get(stream) ?? 0) + 1)
          expect(acknowledged.filter((sender) => streams.get(sender) !== 2)).toEqual([])

          // All or nothing: whatever of a commit is there, the rest of it is there too.
          const directory = yield* SenderDirectory
          const listed = yield* directory.page({ account, order: "oldest-first", offset: 0, limit: 100_000 })
          expect(listed.map(({ id }) => id)).toEqual([...streams.keys()])
          expect(yield* directory.count({ account })).toBe(streams.size)
          const tasks = yield* TaskQueue.use((queue) => queue.list({ limit: 100_000 }))
          expect(tasks.length).toBe(2 * streams.size)

          const last = acknowledged.at(-1) ?? ""
          const [again, found] = [yield* store.commit([addCommit(last)]), yield* directory.find(account, last)]
          expect(again[0]).toEqual({ _tag: "Duplicate", result: JSON.stringify({ sender: last }) })
          expect(Option.isSome(found)).toBe(true)
        }).pipe(Effect.provide(SqliteStorage.layer({ file })))

        const db = new DatabaseSync(file)
        expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" })
        db.close()
      }),
    60_000
  )
})
