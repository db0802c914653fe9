/**
 * A program: `@event-driven-io/emmett-sqlite`, by its own event store, command handler and consumer.
 *
 * It switches to WAL itself and leaves `synchronous` at SQLite's default, which is FULL. Every operation opens a
 * connection of its own and closes it; the last to close copies the log into the file. With `--keep-open` another
 * connection stays open meanwhile, which spares it that.
 */
import { CommandHandler } from "@event-driven-io/emmett"
import { getSQLiteEventStore, readMessagesBatch, sqliteConnection } from "@event-driven-io/emmett-sqlite"
import type { Contestant } from "../src/contest/Contestant.ts"
import { serveContestant } from "../src/contest/ContestantProgram.ts"
import { decide, evolve, nothing, type Sample } from "../src/contest/Sample.ts"
import { versionsOf } from "./versions.ts"

const pageSize = 1_000

serveContestant(async (fileName): Promise<Contestant> => {
  const store = getSQLiteEventStore({ fileName, schema: { autoMigration: "CreateOrUpdate" } })
  await store.schema.migrate()
  // What its connections are like, asked of one of its own.
  const connect = () => sqliteConnection({ fileName })
  const connection = connect()
  const journal = await connection.querySingle<{ journal_mode: string }>("PRAGMA journal_mode")
  const flush = await connection.querySingle<{ synchronous: number }>("PRAGMA synchronous")
  const sqlite = await connection.querySingle<{ version: string }>("SELECT sqlite_version() AS version")
  const keepOpen = process.argv.includes("--keep-open")
  if (!keepOpen) connection.close()

  const name = (stream: string) => `account-${stream}`
  // The store adds members to an event that a sample has no use for.
  const fold = (state: typeof nothing, event: unknown) => evolve(state, event as Sample)
  const options = { evolve: fold, initialState: () => nothing }
  const handle = CommandHandler({ ...options, retry: { onVersionConflict: 50 } })

  return {
    profile: {
      versions: {
        ...versionsOf("@event-driven-io/emmett-sqlite", "@event-driven-io/emmett", "sqlite3"),
        sqlite: sqlite?.version ?? "unknown"
      },
      ordering: "positions in the order of commits",
      durability: `${journal?.journal_mode.toUpperCase()}, synchronous=${flush?.synchronous === 2 ? "FULL" : flush?.synchronous}`
    },
    append: async (stream, expected, events) => {
      // It takes "there is no such stream" for "any version"; a new stream is appended to without a check, as it does
      // it.
      const expectedStreamVersion = expected === 0 ? "STREAM_DOES_NOT_EXIST" : BigInt(expected)
      await store.appendToStream(name(stream), [...events], { expectedStreamVersion })
    },
    load: async (stream) => (await store.aggregateStream(name(stream), options)).state,
    command: async (stream, amount) => {
      let attempts = 0
      await handle(store, name(stream), (state) => {
        attempts += 1
        return [...decide(state, amount)]
      })
      return attempts
    },
    readAll: async (handleOne) => {
      const reader = connect()
      let after = 0n
      while (true) {
        const batch = await readMessagesBatch<Sample>(reader, { after, batchSize: pageSize })
        for (const message of batch.messages) handleOne(message as unknown as Sample)
        after = batch.currentGlobalPosition
        if (!batch.areEventsLeft) return reader.close()
      }
    },
    follow: async (handleOne) => {
      const consumer = store.consumer()
      consumer.processor({
        processorId: "benchmark",
        startFrom: "END",
        eachMessage: (message) => handleOne(message as unknown as Sample)
      })
      void consumer.start()
    },
    close: async () => {
      if (keepOpen) connection.close()
    }
  }
})
