import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { type CommitOutcome, EventStore, SenderDirectory, TaskQueue } from "@countersign/engine"
import { account, addCommit } from "@countersign/testkit/sample-commit"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { openDatabase } from "../src/connection/Database.ts"
import { SqliteStorage } from "../src/index.ts"
import { makePorts } from "../src/SqliteStorage.ts"
import { temporaryFile, temporaryFolder } from "./TemporaryStore.ts"

/** Why the file cannot be opened. */
const refusal = (file: string) =>
  Effect.map(Effect.flip(Effect.scoped(Layer.build(SqliteStorage.layer({ file })))), ({ message }) => message)

const unavailable = (reason: string) => `the storage is not available: ${reason}`

describe("a file that is no store", () => {
  it.effect("is refused with the reason: no database, another program's, a newer version's, a folder, nowhere", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const text = join(folder, "text")
      writeFileSync(text, "Dear diary, ".repeat(1_000))
      expect(yield* refusal(text)).toBe(unavailable("the file is not a database"))

      const foreign = join(folder, "foreign.db")
      const other = new DatabaseSync(foreign)
      other.exec("CREATE TABLE songs (title TEXT)")
      other.close()
      const before = readFileSync(foreign)
      expect(yield* refusal(foreign)).toBe(unavailable("the file is a database of another program"))
      expect(readFileSync(foreign).equals(before)).toBe(true)

      const newer = join(folder, "newer.db")
      yield* Effect.scoped(Layer.build(SqliteStorage.layer({ file: newer })))
      const raised = new DatabaseSync(newer)
      raised.exec("PRAGMA user_version = 999")
      raised.close()
      expect(yield* refusal(newer)).toContain("the database is of version 999, and this program knows versions up to")

      mkdirSync(join(folder, "sub"))
      expect(yield* refusal(join(folder, "sub"))).toBe(unavailable("the database file is a folder"))
      expect(yield* refusal(join(text, "store.db"))).toBe(unavailable("the folder of the database is not a folder"))
      expect(yield* refusal(join(folder, "no", "such", "store.db"))).toBe(
        unavailable("the folder that should hold the database's folder does not exist")
      )
    })
  )

  it.effect("is refused when its pages are damaged", () =>
    Effect.gen(function* () {
      const file = yield* temporaryFile
      yield* EventStore.use((store) => store.commit([addCommit("a")])).pipe(
        Effect.provide(SqliteStorage.layer({ file }))
      )
      const bytes = readFileSync(file)
      // The first page stays: a header that promises what the rest does not keep.
      bytes.fill(0xaa, 4_096)
      writeFileSync(file, bytes)
      const use = EventStore.use((store) => store.commit([addCommit("b")]))
      const error = yield* Effect.flip(Effect.provide(use, SqliteStorage.layer({ file })))
      expect(error.message).toBe(unavailable("the database file is damaged"))
    })
  )
})

describe("a new store", () => {
  it.effect("is readable by its user only, and so is the folder made for it", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "data", "store.db")
      yield* Layer.build(SqliteStorage.layer({ file }))
      const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
      expect([mode(dirname(file)), mode(file), mode(`${file}-wal`), mode(`${file}-shm`)]).toEqual([
        "700",
        "600",
        "600",
        "600"
      ])
    })
  )
})

describe("a disk that refuses", () => {
  const open = Effect.gen(function* () {
    const database = yield* openDatabase({ file: yield* temporaryFile, cacheMegabytes: 4 })
    const ports = yield* makePorts(database)
    return {
      database,
      store: Context.get(ports, EventStore),
      directory: Context.get(ports, SenderDirectory),
      tasks: Context.get(ports, TaskQueue)
    }
  })

  it.effect("when it is full, a batch fails as a whole, and the store works again when there is room", () =>
    Effect.gen(function* () {
      const { database, store, directory, tasks } = yield* open
      yield* store.commit([addCommit("first")])
      const { page_count: pages } = database.writer.prepare("PRAGMA page_count").get() ?? {}
      database.writer.exec(`PRAGMA max_page_count = ${Number(pages) + 4}`)
      const batch = Array.from({ length: 200 }, (_, index) => addCommit(`s-${index}`, index === 0 ? "new" : account))
      expect((yield* Effect.flip(store.commit(batch))).message).toBe(unavailable("the disk is full"))
      expect((yield* Effect.flip(store.commit(batch)))._tag).toBe("StorageUnavailable")
      // Nothing of the batch is there, and what was there is read as before.
      expect((yield* store.readLog(0, 1_000)).events.length).toBe(2)
      expect(yield* directory.count({ account })).toBe(1)
      expect((yield* tasks.list({ limit: 1_000 })).length).toBe(2)

      database.writer.exec("PRAGMA max_page_count = 1000000")
      // An account that the failed batch knew first must not be taken for the one that came after it.
      yield* store.commit([addCommit("newer's", "newer")])
      const outcomes = yield* store.commit(batch)
      expect(outcomes.every(({ _tag }: CommitOutcome) => _tag === "Committed")).toBe(true)
      expect((yield* store.readLog(0, 1_000)).events.length).toBe(404)
      const pending = (who: string) => directory.count({ account: who, statuses: ["pending"] })
      expect(yield* Effect.forEach([account, "new", "newer"], pending)).toEqual([200, 1, 1])
      expect((yield* tasks.list({ limit: 1_000 })).length).toBe(404)
    })
  )

  it.effect("when it may not be written to, callers are told so, and reads go on", () =>
    Effect.gen(function* () {
      const { database, store } = yield* open
      yield* store.commit([addCommit("first")])
      database.writer.exec("PRAGMA query_only = ON")
      expect((yield* Effect.flip(store.commit([addCommit("second")]))).message).toBe(
        unavailable("the database file cannot be written to")
      )
      expect((yield* store.readLog(0, 10)).events.length).toBe(2)
      database.writer.exec("PRAGMA query_only = OFF")
      expect((yield* store.commit([addCommit("second")]))[0]?._tag).toBe("Committed")
    })
  )
})
