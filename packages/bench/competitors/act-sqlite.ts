/**
 * A program: `@rotorsoft/act-sqlite`, by its store.
 *
 * Its reactions are pulled by the application (`drain`), so there is no subscription that would call a handler by
 * itself.
 */

import { createClient } from "@libsql/client"
import { SqliteStore } from "@rotorsoft/act-sqlite"
import type { Contestant } from "../src/contest/Contestant.ts"
import { serveContestant } from "../src/contest/ContestantProgram.ts"
import { decide, evolve, nothing, type Sample } from "../src/contest/Sample.ts"
import { versionsOf } from "./versions.ts"

const pageSize = 1_000
const conflictLimit = 50

serveContestant(async (file): Promise<Contestant> => {
  const url = `file:${file}`
  const store = new SqliteStore({ url })
  await store.seed()
  // Its client is private; another of the same library with the same URL has the same defaults.
  const client = createClient({ url })
  const [journal, flush, sqlite] = await Promise.all(
    ["PRAGMA journal_mode", "PRAGMA synchronous", "SELECT sqlite_version()"].map(async (sql) =>
      String((await client.execute(sql)).rows[0]?.[0])
    )
  )
  client.close()

  const meta = { correlation: "benchmark", causation: {} }

  const append = async (stream: string, expected: number, events: ReadonlyArray<Sample>) => {
    const messages = events.map(({ type, data }) => ({ name: type, data }))
    // Its versions count from 0, and -1 is a stream that does not exist.
    await store.commit(stream, messages, meta, expected - 1)
  }

  const load = async (stream: string) => {
    let state = nothing
    const fold = ({ data }: { data: unknown }) => {
      state = evolve(state, { data } as Sample)
    }
    await store.query(fold, { stream, stream_exact: true })
    return state
  }

  return {
    profile: {
      versions: {
        ...versionsOf("@rotorsoft/act-sqlite", "@rotorsoft/act", "@libsql/client"),
        sqlite: sqlite ?? "unknown"
      },
      ordering: "positions in the order of commits",
      durability: `${journal?.toUpperCase()}, synchronous=${flush === "2" ? "FULL" : flush}`
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
          const conflict = cause instanceof Error && cause.constructor.name === "ConcurrencyError"
          if (!conflict || attempts === conflictLimit) throw cause
        }
      }
    },
    readAll: async (handle) => {
      let after = -1
      while (true) {
        const read = await store.query(
          ({ id, name, data }) => {
            after = id
            handle({ type: name, data } as unknown as Sample)
          },
          { after, limit: pageSize }
        )
        if (read < pageSize) return
      }
    },
    close: () => store.dispose()
  }
})
