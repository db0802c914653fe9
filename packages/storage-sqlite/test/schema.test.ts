import { createHash } from "node:crypto"
import { DatabaseSync } from "node:sqlite"
import { EventStore, Installation, Maintenance } from "@countersign/engine"
import { addCommit } from "@countersign/testkit/sample-commit"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqliteStorage } from "../src/index.ts"
import { migrations } from "../src/migrations/Migrations.ts"
import { temporaryFile } from "./TemporaryStore.ts"

/** Of every migration ever released. A digest that is here never changes: a changed schema is a new migration. */
const frozen = ["679a0bde6ee97fd160dbb95dc3bc0d0208b8c11ef1d2a61019980f2140934819"]

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
