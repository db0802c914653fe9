import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { EventStore } from "@countersign/engine"
import { addCommit } from "@countersign/testkit/sample-commit"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Logger, Scope } from "effect"
import { type Database, openDatabase } from "../src/connection/Database.ts"
import { makePorts } from "../src/SqliteStorage.ts"
import { temporaryFile, unsendable } from "./TemporaryStore.ts"

const page = 4_096
/** Small, so that a few thousand commits go round many times. */
const limits = { worthCopying: 50, long: 400, tooLong: 1_600 }

/**
 * Commits one by one until the log was begun anew `times` times, and answers how long it was at its longest, in pages.
 * How soon that is depends on how much of the machine the thread gets; a log that only grows ends at the bound.
 */
const untilBegunAnew = Effect.fnUntraced(function* (database: Database, times: number) {
  const store = Context.get(yield* makePorts(database, { logLimits: limits }), EventStore)
  const look = database.reader.prepare("PRAGMA wal_checkpoint(NOOP)")
  let longest = 0
  let before = 0
  let begun = 0
  for (let index = 0; begun < times && index < 50_000; index++) {
    yield* store.commit([addCommit(`s-${index}`)])
    const log = Number(look.get()?.log)
    if (log < before) begun += 1
    before = log
    longest = Math.max(longest, log)
    // The answers of the thread come between two commits, as in a server.
    yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
  }
  return { begun, longest }
})

describe("the write-ahead log", () => {
  it.live(
    "is begun anew again and again while commits come, and is gone when the store is closed",
    () =>
      Effect.gen(function* () {
        const file = yield* temporaryFile
        const scope = yield* Scope.make()
        const { begun, longest } = yield* Effect.gen(function* () {
          return yield* untilBegunAnew(yield* openDatabase({ file, cacheMegabytes: 4 }), 5)
        }).pipe(Scope.provide(scope))
        expect(longest).toBeGreaterThan(limits.worthCopying)
        expect(begun).toBe(5)
        expect(existsSync(`${file}-wal`)).toBe(true)
        yield* Scope.close(scope, Exit.void)
        expect(existsSync(`${file}-wal`)).toBe(false)
      }),
    60_000
  )

  it.live.each([
    // Sent to a file that it cannot open.
    { what: "run", astray: (file: string) => join(file, "nowhere.db"), cause: "unable to open database file" },
    { what: "be started", astray: () => unsendable, cause: "could not be cloned" }
  ])(
    "stays short when the checkpoint thread cannot $what, and the operator is told once",
    ({ astray, cause: told }) =>
      Effect.gen(function* () {
        const warnings: Array<string> = []
        const logger = Logger.make(({ cause, logLevel }) => {
          warnings.push(`${logLevel}: ${Cause.pretty(cause)}`)
        })
        const database = yield* openDatabase({ file: yield* temporaryFile, cacheMegabytes: 4 })
        const elsewhere = { ...database, file: astray(database.file) }
        const store = Context.get(
          yield* makePorts(elsewhere, { logLimits: limits }).pipe(Effect.provide(Logger.layer([logger]))),
          EventStore
        )
        let longest = 0
        for (let index = 0; index < 800; index++) {
          yield* store.commit([addCommit(`s-${index}`)])
          longest = Math.max(longest, statSync(`${database.file}-wal`).size / page)
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        }
        expect(longest).toBeLessThan(2 * limits.tooLong)
        expect(warnings.length).toBe(1)
        expect(warnings[0]).toContain(told)
      }),
    60_000
  )
})
