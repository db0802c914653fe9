/**
 * A program: bare `node:sqlite` with prepared statements, one transaction per append, and the version kept by a unique
 * key. It has no receipts, and a conflict is whatever SQLite says.
 */
import type { StatementSync } from "node:sqlite"
import { openRawDatabase } from "../raw/RawDatabase.ts"
import type { Contestant } from "./Contestant.ts"
import { serveContestant } from "./ContestantProgram.ts"
import { decide, evolve, nothing, type Sample } from "./Sample.ts"
import { sqliteProfile } from "./SqliteProfile.ts"

const pageSize = 1_000

serveContestant(async (file): Promise<Contestant> => {
  const { close, db, written } = openRawDatabase(file)
  db.exec(`
    CREATE TABLE events (
      position INTEGER PRIMARY KEY,
      stream TEXT NOT NULL,
      version INTEGER NOT NULL,
      type TEXT NOT NULL,
      data TEXT NOT NULL,
      recorded_at INTEGER NOT NULL,
      UNIQUE (stream, version)
    ) STRICT`)
  const [begin, end, undo] = ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"].map((sql) => db.prepare(sql)) as [
    StatementSync,
    StatementSync,
    StatementSync
  ] // As many as were prepared.
  const add = db.prepare("INSERT INTO events (stream, version, type, data, recorded_at) VALUES (?, ?, ?, ?, ?)")
  const ofStream = db.prepare("SELECT data FROM events WHERE stream = ? ORDER BY version")
  const ofLog = db.prepare("SELECT position, data FROM events WHERE position > ? ORDER BY position LIMIT ?")

  const append = (stream: string, expected: number, events: ReadonlyArray<Sample>): void => {
    begin.run()
    try {
      for (const [index, { type, data }] of events.entries()) {
        add.run(stream, expected + index + 1, type, JSON.stringify(data), Date.now())
      }
      end.run()
    } catch (cause) {
      undo.run()
      throw cause
    }
    written()
  }

  // Its own rows, written by `append`.
  const parse = (data: unknown): Pick<Sample, "data"> => ({ data: JSON.parse(String(data)) as Sample["data"] })
  const load = (stream: string) => ofStream.all(stream).reduce((state, row) => evolve(state, parse(row.data)), nothing)

  return {
    profile: { ...sqliteProfile, ordering: "positions in the order of commits" },
    append: async (stream, expected, events) => append(stream, expected, events),
    load: async (stream) => load(stream),
    command: async (stream, amount) => {
      const state = load(stream)
      append(stream, state.events, decide(state, amount))
      return 1
    },
    readAll: async (handle) => {
      let position = 0
      while (true) {
        const rows = ofLog.all(position, pageSize)
        for (const row of rows) handle({ type: "Deposited", ...parse(row.data) })
        position = Number(rows.at(-1)?.position ?? position)
        if (rows.length < pageSize) return
      }
    },
    close
  }
})
