/**
 * A program: bare `pg` with ten connections, one call of a function per append, positions from a sequence, and the
 * version kept by a unique key. It takes no lock, so who reads the log by position can miss events for ever.
 */
import pg from "pg"
import type { Contestant } from "../src/contest/Contestant.ts"
import { serveContestant } from "../src/contest/ContestantProgram.ts"
import { decide, evolve, nothing, type Sample } from "../src/contest/Sample.ts"
import { askPostgres } from "./postgres.ts"
import { versionsOf } from "./versions.ts"

const pageSize = 1_000
const conflictLimit = 50

serveContestant(async (connectionString): Promise<Contestant> => {
  const { durability, version } = await askPostgres(connectionString)
  const pool = new pg.Pool({ connectionString, max: 10 })
  await pool.query(`
    CREATE TABLE events (
      position bigserial PRIMARY KEY,
      stream text NOT NULL,
      version integer NOT NULL,
      type text NOT NULL,
      data text NOT NULL,
      recorded_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (stream, version)
    )`)
  const add = {
    name: "add",
    text: `INSERT INTO events (stream, version, type, data)
      SELECT $1, $2 + n, t, d FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS e(t, d, n)`
  }
  const ofStream = { name: "of-stream", text: "SELECT data FROM events WHERE stream = $1 ORDER BY version" }
  const ofLog = {
    name: "of-log",
    text: "SELECT position, data FROM events WHERE position > $1 ORDER BY position LIMIT $2"
  }

  const append = async (stream: string, expected: number, events: ReadonlyArray<Sample>) => {
    const types = events.map(({ type }) => type)
    const texts = events.map(({ data }) => JSON.stringify(data))
    await pool.query({ ...add, values: [stream, expected, types, texts] })
  }
  // Its own rows, written by `append`.
  const parse = (data: string): Sample => ({ type: "Deposited", data: JSON.parse(data) as Sample["data"] })
  const load = async (stream: string) => {
    const { rows } = await pool.query<{ data: string }>({ ...ofStream, values: [stream] })
    return rows.reduce((state, { data }) => evolve(state, parse(data)), nothing)
  }

  return {
    profile: {
      versions: { ...versionsOf("pg"), PostgreSQL: version },
      ordering: "none: a sequence, readers can miss events",
      durability
    },
    append,
    load,
    command: async (stream, amount) => {
      for (let attempts = 1; ; attempts++) {
        const state = await load(stream)
        try {
          await append(stream, state.events, decide(state, amount))
          return attempts
        } catch (cause) {
          if ((cause as { code?: string }).code !== "23505" || attempts === conflictLimit) throw cause
        }
      }
    },
    readAll: async (handle) => {
      let after = "0"
      while (true) {
        const { rows } = await pool.query<{ position: string; data: string }>({ ...ofLog, values: [after, pageSize] })
        for (const { data } of rows) handle(parse(data))
        after = rows.at(-1)?.position ?? after
        if (rows.length < pageSize) return
      }
    },
    close: () => pool.end()
  }
})
