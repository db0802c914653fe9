import { EventStore, type OutcomeUnknown, type StorageUnavailable, TaskQueue } from "@countersign/engine"
import { onPostgres } from "@countersign/testkit"
import { addCommit } from "@countersign/testkit/sample-commit"
import { expect, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Stream } from "effect"
import { schemaNames } from "../src/connection/SchemaNames.ts"
import { PostgresStorage } from "../src/index.ts"
import { openSession, untilWaiting } from "./Session.ts"
import { testStores } from "./TestStores.ts"

onPostgres((postgres) => {
  const stores = testStores(postgres)

  /** Two processes on one store, and a session that may hold its lock. */
  const opened = Effect.gen(function* () {
    const place = yield* stores.place
    const one = yield* Layer.build(Layer.fresh(PostgresStorage.layer(place)))
    const two = yield* Layer.build(Layer.fresh(PostgresStorage.layer(place)))
    const { url } = yield* stores.database
    const names = schemaNames(place.schema)
    return {
      one: Context.get(one, EventStore),
      two: Context.get(two, EventStore),
      tasks: Context.get(one, TaskQueue),
      holder: yield* openSession(url),
      watcher: yield* openSession(url),
      lock: names.fill("SELECT pg_advisory_xact_lock({commit_lock})"),
      schema: names.schema
    }
  })

  const positions = (store: EventStore["Service"]) =>
    Effect.map(store.readLog(0, 100), ({ events }) => events.map(({ position }) => position))

  it.live("while a commit is held up, others wait behind it and no reader sees a gap", () =>
    Effect.gen(function* () {
      const { one, two, holder, watcher, lock, schema } = yield* opened
      yield* one.commit([addCommit("first")])
      // A slow transaction under the lock, whose position is given and not yet to be seen.
      yield* holder.query("BEGIN")
      yield* holder.query(lock)
      yield* holder.query(`INSERT INTO ${schema}.events (position, stream, version, type, schema_version, data, meta, recorded_at)
        VALUES (3, 0, 1, 'SenderRemoved', 1, '{}', '{}', 0)`)
      const waiting = yield* Effect.forkChild(
        Effect.all([one.commit([addCommit("second")]), two.commit([addCommit("third")])], { concurrency: 2 }),
        { startImmediately: true }
      )
      yield* untilWaiting(watcher, 2)
      expect(yield* positions(two)).toEqual([1, 2])
      yield* holder.query(`INSERT INTO ${schema}.streams (number, stream, version) VALUES (0, 'slow', 1)`)
      yield* holder.query("COMMIT")
      expect((yield* Fiber.join(waiting)).flat().map(({ _tag }) => _tag)).toEqual(["Committed", "Committed"])
      const { events } = yield* two.readLog(0, 100)
      expect(events.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7])
      expect(events[2]?.stream).toBe("slow")
    })
  )

  it.live(
    "a lock that is held for too long is told, nothing is written, and reads and claims never wait",
    () =>
      Effect.gen(function* () {
        const { one, tasks, holder, watcher, lock } = yield* opened
        yield* one.commit([addCommit("first")])
        yield* holder.query("BEGIN")
        yield* holder.query(lock)
        const refused: Effect.Effect<unknown, StorageUnavailable | OutcomeUnknown> = one.commit([addCommit("second")])
        const waiting = yield* Effect.forkChild(Effect.flip(refused), { startImmediately: true })
        yield* untilWaiting(watcher, 1)
        expect(yield* positions(one)).toEqual([1, 2])
        expect((yield* tasks.claim(["probe"], 10, 1_000)).tasks.length).toBe(1)
        expect(yield* Fiber.join(waiting)).toMatchObject({
          _tag: "StorageUnavailable",
          message: "the storage is not available: another process has held the database for too long"
        })
        yield* holder.query("ROLLBACK")
        expect((yield* one.commit([addCommit("second")]))[0]?._tag).toBe("Committed")
        expect(yield* positions(one)).toEqual([1, 2, 3, 4])
      }),
    60_000
  )

  it.live("a writer idle in another database of the server hides nothing", () =>
    Effect.gen(function* () {
      const { one, two } = yield* opened
      const elsewhere = yield* openSession((yield* Effect.promise(() => postgres.database())).url)
      yield* elsewhere.query("CREATE TABLE songs (title text)")
      yield* elsewhere.query("BEGIN")
      yield* elsewhere.query("INSERT INTO songs VALUES ('slow')")
      const told = yield* Stream.runHead(two.changes).pipe(Effect.forkChild({ startImmediately: true }))
      for (let index = 0; index < 20; index++) yield* one.commit([addCommit(`s-${index}`)])
      expect(yield* positions(two)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
      yield* Effect.timeout(Fiber.join(told), "30 seconds")
      yield* elsewhere.query("ROLLBACK")
    })
  )

  it.live("two processes that race for one stream: one wins each time, and nothing is lost", () =>
    Effect.gen(function* () {
      const { one, two } = yield* opened
      const append = Effect.fnUntraced(function* (store: EventStore["Service"], name: string) {
        const commit = addCommit("raced")
        let expected = 0
        for (let index = 0; index < 25; index++) {
          while (true) {
            const [outcome] = yield* store.commit([
              {
                ...commit,
                command: { ...commit.command, id: `${name} ${index}` },
                appends: commit.appends.map((append) => ({ ...append, expected, tasks: [] }))
              }
            ])
            if (outcome?._tag === "Conflict") expected += outcome.newer.length
            else {
              expected += 2
              break
            }
          }
        }
      })
      yield* Effect.all([append(one, "one"), append(two, "two")], { concurrency: 2 })
      const { events } = yield* one.readStream("raced", 0, 1_000)
      expect(events.map(({ version }) => version)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
    })
  )
})
