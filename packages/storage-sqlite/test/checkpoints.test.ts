import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { EventStore } from "@countersign/engine"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Logger, Scope } from "effect"
import { type Connection, openConnection } from "../src/Connection.ts"
import { makePorts } from "../src/SqliteStorage.ts"
import { addCommit } from "./SampleCommit.ts"
import { temporaryFile } from "./TemporaryStore.ts"

const page = 4_096
/** Small, so that a few thousand commits go round many times. */
const limits = { worthCopying: 50, long: 400, tooLong: 1_600 }

/** Commits one by one until the log would be `times` as long as the limit, and answers the longest it ever was, in pages. */
const longestLog = Effect.fnUntraced(function* (connection: Connection, times: number) {
  const store = Context.get(yield* makePorts(connection, undefined, limits), EventStore)
  let longest = 0
  // A commit of one sender touches ten pages at least.
  for (let index = 0; index < (times * limits.tooLong) / 10; index++) {
    yield* store.commit([addCommit(`s-${index}`)])
    longest = Math.max(longest, statSync(`${connection.file}-wal`).size / page)
    // The answers of the thread come between two commits, as in a server.
    yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
  }
  return longest
})

describe("the write-ahead log", () => {
  it.live(
    "stays short however many commits come, and is gone when the store is closed",
    () =>
      Effect.gen(function* () {
        const file = yield* temporaryFile
        const scope = yield* Scope.make()
        const longest = yield* Effect.gen(function* () {
          return yield* longestLog(yield* openConnection({ file, cacheMegabytes: 4 }), 10)
        }).pipe(Scope.provide(scope))
        expect(longest).toBeGreaterThan(limits.worthCopying)
        expect(longest).toBeLessThan(2 * limits.tooLong)
        expect(existsSync(`${file}-wal`)).toBe(true)
        yield* Scope.close(scope, Exit.void)
        expect(existsSync(`${file}-wal`)).toBe(false)
      }),
    60_000
  )

  it.live(
    "stays short when the checkpoint thread cannot run, and the operator is told once",
    () =>
      Effect.gen(function* () {
        const warnings: Array<string> = []
        const logger = Logger.make(({ cause, logLevel }) => {
          warnings.push(`${logLevel}: ${Cause.pretty(cause)}`)
        })
        const connection = yield* openConnection({ file: yield* temporaryFile, cacheMegabytes: 4 })
        // The thread is sent to a file that it cannot open.
        const astray = { ...connection, file: join(connection.file, "nowhere.db") }
        const store = Context.get(
          yield* makePorts(astray, undefined, limits).pipe(Effect.provide(Logger.layer([logger]))),
          EventStore
        )
        let longest = 0
        for (let index = 0; index < 800; index++) {
          yield* store.commit([addCommit(`s-${index}`)])
          longest = Math.max(longest, statSync(`${connection.file}-wal`).size / page)
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        }
        expect(longest).toBeLessThan(2 * limits.tooLong)
        expect(warnings.length).toBe(1)
        expect(warnings[0]).toContain("unable to open database file")
      }),
    60_000
  )
})
