import { join } from "node:path"
import { EventStore, SenderDirectory, type SenderQuery } from "@countersign/engine"
import { account, addCommit, organization } from "@countersign/testkit/sample-commit"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { openDatabase } from "../src/connection/Database.ts"
import { makeScanner } from "../src/directory/Scanner.ts"
import type { Search } from "../src/directory/SenderSearch.ts"
import { makeSenderDirectory } from "../src/directory/SqliteSenderDirectory.ts"
import { makePorts } from "../src/SqliteStorage.ts"
import { temporaryFile, temporaryFolder, unsendable } from "./TemporaryStore.ts"

const cacheKilobytes = 1_024
const senders = 450

/** A store with 450 senders, and what its reading connection prepares from then on. */
const filledStore = Effect.gen(function* () {
  const database = yield* openDatabase({ file: yield* temporaryFile, cacheMegabytes: 4 })
  const ports = yield* makePorts(database)
  yield* Context.get(ports, EventStore).commit(Array.from({ length: senders }, (_, index) => addCommit(`s-${index}`)))
  const prepared: Array<string> = []
  const prepare = database.reader.prepare.bind(database.reader)
  database.reader.prepare = (sql, ...rest) => {
    prepared.push(sql)
    return prepare(sql, ...rest)
  }
  return { database, directory: Context.get(ports, SenderDirectory), prepared, store: Context.get(ports, EventStore) }
})

/**
 * Statements that may go through more entries than fifty: only the length of a walk is asked for with a bound of its
 * own.
 */
const unbounded = (prepared: ReadonlyArray<string>) =>
  prepared.filter((sql) => !/SELECT 1 FROM .* LIMIT \?\)$/s.test(sql))

const all: Search = { sql: "SELECT stream FROM senders INDEXED BY senders_of_account WHERE account > ?", values: [0] }

describe("a long list", () => {
  it.live("is never walked on the event loop, whatever the filter and the order", () =>
    Effect.gen(function* () {
      const { directory, prepared } = yield* filledStore
      const page = (query: Partial<SenderQuery>) =>
        directory.page({ account, order: "newest-first", offset: 0, limit: 30, ...query })
      expect((yield* page({ offset: 440 })).length).toBe(10)
      expect((yield* page({ order: "by-domain" })).map(({ id }) => id).slice(0, 3)).toEqual(["s-0", "s-1", "s-10"])
      expect((yield* page({ statuses: ["pending"], order: "by-domain" })).length).toBe(30)
      expect((yield* page({ metadata: { plan: "pro" }, offset: 90 })).length).toBe(30)
      expect((yield* page({ owner: organization, statuses: ["active"] })).length).toBe(0)
      expect((yield* page({ ownerType: "Organization", kind: "email" })).length).toBe(30)
      expect((yield* page({ limit: 1_000 })).length).toBe(senders)
      expect(yield* directory.count({ account, addedBetween: { from: 1 } })).toBe(senders)
      expect(yield* directory.count({ account, metadata: { plan: "pro" } })).toBe(senders)
      expect(prepared.length).toBeGreaterThan(3)
      expect(unbounded(prepared)).toEqual([])
    })
  )

  it.live("that is short is answered without the thread", () =>
    Effect.gen(function* () {
      const { database } = yield* filledStore
      const directory = makeSenderDirectory(database, { scan: () => Effect.die("the thread was asked") })
      const query = { account, order: "oldest-first", offset: 0, limit: 30 } as const
      const short: ReadonlyArray<SenderQuery> = [
        query,
        { ...query, order: "newest-first", offset: 20 },
        { ...query, canonical: "ana@s-7.example.com", statuses: ["pending"], order: "by-domain" }
      ]
      for (const asked of short) expect((yield* directory.page(asked)).length).toBeGreaterThan(0)
      expect(yield* directory.count({ account, statuses: ["pending"] })).toBe(senders)
      // As many as there may be: what looks at the domain of a few senders asks so.
      expect((yield* directory.onDomain(account, "s-1.example.com", 0, 500)).length).toBe(1)
    })
  )

  it.live("of many rows lets others run after every hundred of them", () =>
    Effect.gen(function* () {
      const { directory } = yield* filledStore
      let turns = 0
      let ticking = true
      const tick = () => {
        turns += 1
        if (ticking) setImmediate(tick)
      }
      setImmediate(tick)
      const page = yield* directory.page({ account, order: "oldest-first", offset: 0, limit: 1_000 })
      ticking = false
      expect(page.length).toBe(senders)
      expect(turns).toBeGreaterThanOrEqual(Math.floor(senders / 100))
    })
  )

  it.live("of large rows comes over in smaller parts", () =>
    Effect.gen(function* () {
      const { database } = yield* filledStore
      const scanner = yield* makeScanner(database.file, cacheKilobytes)
      let [turn, ticking] = [0, true]
      const tick = () => {
        turn += 1
        if (ticking) setImmediate(tick)
      }
      setImmediate(tick)
      const large = { sql: all.sql.replace("stream", "hex(zeroblob(30_000)) AS text"), values: [0] }
      const seen = yield* scanner.scan(account, large, () => turn)
      ticking = false
      expect(seen.length).toBe(senders)
      // Five of 60,000 characters are more than 256 Ki of them.
      expect(Math.max(...seen.map((at) => seen.filter((other) => other === at).length))).toBeLessThanOrEqual(5)
    })
  )

  it.live("shows one moment, whatever is committed while it is read", () =>
    Effect.gen(function* () {
      const { database, store } = yield* filledStore
      const scanner = yield* makeScanner(database.file, cacheKilobytes)
      let rows = 0
      const seen = yield* scanner.scan(account, all, () => {
        // Between two parts of the answer.
        if (rows === 150) Effect.runSync(store.commit([addCommit("late")]))
        return rows++
      })
      expect(seen.length).toBe(senders)
      expect((yield* scanner.scan(account, all, () => 0)).length).toBe(senders + 1)
    })
  )

  it.live("of one account is waited for twice at most by another's", () =>
    Effect.gen(function* () {
      const { database } = yield* filledStore
      const scanner = yield* makeScanner(database.file, cacheKilobytes)
      const answered: Array<string> = []
      const ask = (who: string) =>
        Effect.map(
          scanner.scan(who, all, () => 0),
          () => {
            answered.push(who)
          }
        )
      yield* Effect.all(["a", "a", "a", "a", "b", "b"].map(ask), { concurrency: "unbounded" })
      // The one under way, and one that came before.
      expect(answered).toEqual(["a", "a", "b", "a", "b", "a"])
    })
  )

  it.live("is left when nobody waits for it any more, and the next one is answered", () =>
    Effect.gen(function* () {
      const { database } = yield* filledStore
      const scanner = yield* makeScanner(database.file, cacheKilobytes)
      const begun = yield* Deferred.make<void>()
      let decoded = 0
      const first = yield* Effect.forkChild(
        scanner.scan("a", all, () => {
          decoded += 1
          Deferred.doneUnsafe(begun, Exit.void)
        })
      )
      let waitingDecoded = 0
      const second = yield* Effect.forkChild(
        scanner.scan("a", all, () => {
          waitingDecoded += 1
        })
      )
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(second)
      yield* Fiber.interrupt(first)
      expect((yield* scanner.scan("a", all, () => 0)).length).toBe(senders)
      expect(decoded).toBeLessThan(senders)
      expect(waitingDecoded).toBe(0)
    })
  )
})

describe("the thread of long lists", () => {
  it.live("tells why a statement fails, and goes on", () =>
    Effect.gen(function* () {
      const { database } = yield* filledStore
      const scanner = yield* makeScanner(database.file, cacheKilobytes)
      const wrong = yield* Effect.flip(scanner.scan(account, { sql: "SELECT 1 FROM nothing", values: [] }, () => 0))
      expect(wrong.message).toBe("the storage is not available: SQLite error 1")
      const broken = yield* Effect.exit(
        scanner.scan(account, all, () => {
          throw new TypeError("no such column")
        })
      )
      expect(Exit.isFailure(broken) && Cause.pretty(broken.cause)).toContain("no such column")
      expect((yield* scanner.scan(account, all, () => 0)).length).toBe(senders)
    })
  )

  it.live("that cannot run fails each question, and is started anew for the next", () =>
    Effect.gen(function* () {
      const scanner = yield* makeScanner(join(yield* temporaryFolder, "nowhere", "store.db"), cacheKilobytes)
      for (const _ of [1, 2]) {
        const error = yield* Effect.flip(scanner.scan(account, all, () => 0))
        expect(error.message).toBe("the storage is not available: the thread of long lists ended")
      }
    })
  )

  it.live("that cannot be started fails each question, however many wait", () =>
    Effect.gen(function* () {
      const scanner = yield* makeScanner(unsendable, cacheKilobytes)
      const ask = Effect.flip(scanner.scan(account, all, () => 0))
      const errors = yield* Effect.all(
        Array.from({ length: 100 }, () => ask),
        { concurrency: "unbounded" }
      )
      expect(new Set(errors.map(({ message }) => message))).toEqual(
        new Set(["the storage is not available: the thread of long lists cannot be started"])
      )
    })
  )

  it.live("is not promised without the file of its thread, and the error says which", () =>
    Effect.gen(function* () {
      const gone = new URL("./Gone.js", import.meta.url)
      const { message } = yield* Effect.flip(makeScanner(yield* temporaryFile, cacheKilobytes, gone))
      expect(message).toMatch(
        /the file \/.*\/Gone\.js is missing: keep effect and the packages of Countersign out of the bundle$/
      )
    })
  )

  it.live("that is closed answers nobody any more", () =>
    Effect.gen(function* () {
      const { database } = yield* filledStore
      const scope = yield* Scope.make()
      const scanner = yield* makeScanner(database.file, cacheKilobytes).pipe(Scope.provide(scope))
      const waiting = yield* Effect.forkChild(
        Effect.all(
          [1, 2, 3].map(() => scanner.scan(account, all, () => 0)),
          { concurrency: "unbounded" }
        ),
        { startImmediately: true }
      )
      yield* Scope.close(scope, Exit.void)
      const outcome = yield* Effect.flip(Fiber.join(waiting))
      expect(outcome.message).toBe("the storage is not available: the database is being closed")
      expect((yield* Effect.flip(scanner.scan(account, all, () => 0))).message).toBe(outcome.message)
    })
  )
})
