import { createHash } from "node:crypto"
import { DatabaseSync } from "node:sqlite"
import { EventStore, Installation, Maintenance, SigningKeys } from "@countersign/engine"
import { addCommit, ringCommit } from "@countersign/testkit/sample-commit"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqliteStorage } from "../src/index.ts"
import { migrations } from "../src/migrations/Migrations.ts"
import { temporaryFile } from "./TemporaryStore.ts"

/** Of every migration ever released. A digest that is here never changes: a changed schema is a new migration. */
const frozen = [
  "679a0bde6ee97fd160dbb95dc3bc0d0208b8c11ef1d2a61019980f2140934819",
  "2fb08c3e3b5c42bc98d3a90f4460cdf0494a7279bf729242a89f1cef3c322756"
]

describe("migrations", () => {
  it("are never edited", () => {
    expect(migrations.map((sql) => createHash("sha256").update(sql).digest("hex"))).toEqual(frozen)
  })

  it.effect("run once: what was stored is there when the store is opened again", () =>
    Effect.gen(function* () {
      const file = yield* temporaryFile
      const open = Effect.provide(SqliteStorage.layer({ file }))
      yield* open(EventStore.use((store) => store.commit([addCommit("a")])))
      expect((yield* open(EventStore.use((store) => store.readLog(0, 10)))).events.length).toBe(2)
      const db = new DatabaseSync(file)
      expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: migrations.length })
      db.close()
    })
  )

  it.effect("bring an older file to this version, with what it holds", () =>
    Effect.gen(function* () {
      const file = yield* temporaryFile
      const older = new DatabaseSync(file)
      for (const sql of migrations.slice(0, 1)) older.exec(sql)
      older.exec("INSERT INTO installation (one, id, identity_key) VALUES (1, 'older', randomblob(32))")
      older.exec(`PRAGMA application_id = ${0x43_4e_54_53}; PRAGMA user_version = 1`)
      older.close()
      const seen = Effect.gen(function* () {
        yield* EventStore.use((store) => store.commit([ringCommit("key-1", "wrapped")]))
        return [(yield* Installation).id, yield* SigningKeys.use(({ list }) => list)]
      })
      expect(yield* Effect.provide(seen, SqliteStorage.layer({ file }))).toEqual([
        "older",
        [{ keyId: "key-1", wrapped: "wrapped" }]
      ])
    })
  )
})

describe("the schema", () => {
  it.effect("refuses to change or delete an event, or the installation", () =>
    Effect.gen(function* () {
      const file = yield* temporaryFile
      yield* EventStore.use((store) => store.commit([addCommit("a")])).pipe(
        Effect.provide(SqliteStorage.layer({ file }))
      )
      const db = new DatabaseSync(file)
      db.exec("PRAGMA recursive_triggers = ON")
      const rows = () => db.prepare("SELECT * FROM events, installation").all()
      const before = rows()
      expect(before.length).toBe(2)
      for (const sql of [
        "UPDATE events SET data = '{}'",
        "UPDATE OR REPLACE events SET position = 1 WHERE position = 2",
        "DELETE FROM events WHERE position = 2",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events SELECT * FROM events WHERE position = 1",
        "UPDATE installation SET id = 'x'",
        "DELETE FROM installation"
      ]) {
        expect(() => db.exec(sql), sql).toThrow(/never (changed|deleted)/)
      }
      expect(rows()).toEqual(before)
      db.close()
    })
  )

  it.effect("keeps a loaded installation as it keeps one that it made", () =>
    Effect.gen(function* () {
      const file = yield* temporaryFile
      const identityKey = Buffer.alloc(32, 7)
      const row = {
        _tag: "Installation",
        id: "moved",
        identityKey: identityKey.toString("base64url"),
        lastTask: 0
      } as const
      const open = Effect.provide(SqliteStorage.layer({ file }))
      yield* open(Maintenance.use(({ load }) => load(({ put }) => put([row]))))
      const { id, identityKey: loaded } = yield* open(Effect.map(Installation, (found) => found))
      expect([id, Buffer.from(Redacted.value(loaded))]).toEqual(["moved", identityKey])
      const db = new DatabaseSync(file)
      expect(() => db.exec("UPDATE installation SET id = 'x'")).toThrow(/never changed/)
      db.close()
    })
  )
})
