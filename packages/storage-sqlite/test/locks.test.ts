import { DatabaseSync } from "node:sqlite"
import { EventStore, type OutcomeUnknown, type StorageUnavailable, TaskQueue } from "@countersign/engine"
import { addCommit } from "@countersign/testkit/sample-commit"
import { describe, expect, it } from "@effect/vitest"
import { Clock, Context, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { LockClock } from "../src/connection/BusyRetry.ts"
import { openDatabase } from "../src/connection/Database.ts"
import { makePorts } from "../src/SqliteStorage.ts"
import { temporaryFile } from "./TemporaryStore.ts"

/** A store, and a second connection that holds the lock of its file. */
const heldStore = Effect.gen(function* () {
  const file = yield* temporaryFile
  const database = yield* openDatabase({ file, cacheMegabytes: 4 })
  // Virtual time only: SQLite's own short waits are real.
  database.writer.exec("PRAGMA busy_timeout = 0")
  const ports = yield* makePorts(database)
  const holder = new DatabaseSync(file)
  holder.exec("BEGIN IMMEDIATE")
  return { store: Context.get(ports, EventStore), tasks: Context.get(ports, TaskQueue), holder }
})

/** Waiting for a lock takes virtual time here, not real time. */
const inTestTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Clock.Clock, (clock) => Effect.provideService(effect, LockClock, clock))

describe("while another process holds the lock", () => {
  it.effect("a commit waits, and is written when the lock is free", () =>
    inTestTime(
      Effect.gen(function* () {
        const { store, holder } = yield* heldStore
        const commit = yield* Effect.forkChild(store.commit([addCommit("a")]), { startImmediately: true })
        yield* TestClock.adjust("5 seconds")
        expect(commit.pollUnsafe()).toBe(undefined)
        // Readers never wait.
        expect((yield* store.readLog(0, 10)).events).toEqual([])
        holder.exec("ROLLBACK")
        yield* TestClock.adjust("1 second")
        expect((yield* Fiber.join(commit))[0]?._tag).toBe("Committed")
        holder.close()
      })
    )
  )

  it.effect(
    "the caller is told after about ten seconds that the storage is not available, and nothing was written",
    () =>
      inTestTime(
        Effect.gen(function* () {
          const { store, tasks, holder } = yield* heldStore
          const waiting: ReadonlyArray<Effect.Effect<unknown, StorageUnavailable | OutcomeUnknown>> = [
            store.commit([addCommit("a")]),
            tasks.drop("0000000000000001")
          ]
          const verbs = yield* Effect.forEach(waiting, (verb) =>
            Effect.forkChild(Effect.flip(verb), { startImmediately: true })
          )
          yield* TestClock.adjust("11 seconds")
          for (const verb of verbs) {
            expect(yield* Fiber.join(verb)).toMatchObject({
              _tag: "StorageUnavailable",
              message: "the storage is not available: another process has held the database for too long"
            })
          }
          holder.exec("ROLLBACK")
          expect((yield* store.commit([addCommit("a")]))[0]?._tag).toBe("Committed")
          expect((yield* store.readLog(0, 10)).events.length).toBe(2)
          holder.close()
        })
      )
  )
})
