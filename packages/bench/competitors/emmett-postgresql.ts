/**
 * A program: `@event-driven-io/emmett-postgresql`, by its own event store, command handler and consumer, with the
 * connections that it opens by itself.
 */

import { dumbo } from "@event-driven-io/dumbo"
import { CommandHandler } from "@event-driven-io/emmett"
import { getPostgreSQLEventStore, readMessagesBatch } from "@event-driven-io/emmett-postgresql"
import type { Contestant } from "../src/contest/Contestant.ts"
import { serveContestant } from "../src/contest/ContestantProgram.ts"
import { decide, evolve, nothing, type Sample } from "../src/contest/Sample.ts"
import { askPostgres } from "./postgres.ts"
import { versionsOf } from "./versions.ts"

const conflictLimit = 50
const pageSize = 1_000

serveContestant(async (url): Promise<Contestant> => {
  const store = getPostgreSQLEventStore(url)
  await store.schema.migrate()
  const { durability, version } = await askPostgres(url)

  const name = (stream: string) => `account-${stream}`
  // The store adds members to an event that a sample has no use for.
  const fold = (state: typeof nothing, event: unknown) => evolve(state, event as Sample)
  const options = { evolve: fold, initialState: () => nothing }
  const handle = CommandHandler({ ...options, retry: { onVersionConflict: conflictLimit } })

  return {
    profile: {
      versions: {
        ...versionsOf("@event-driven-io/emmett-postgresql", "@event-driven-io/emmett", "@event-driven-io/dumbo", "pg"),
        PostgreSQL: version
      },
      ordering: "by transaction id, then position; a stream can be inverted, an open transaction elsewhere hides all",
      durability
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
    // What its consumer reads with. The consumer itself writes a checkpoint for every event, and reads some 800 events
    // a second.
    readAll: async (handleOne) => {
      const pool = dumbo({ connectionString: url })
      let after = 0n
      while (true) {
        const batch = await readMessagesBatch(pool.execute, { after, batchSize: pageSize })
        for (const message of batch.messages) handleOne(message as unknown as Sample)
        after = batch.currentGlobalPosition
        if (!batch.areMessagesLeft) return pool.close()
      }
    },
    follow: async (handleOne) => {
      const consumer = store.consumer()
      consumer.reactor({
        processorId: "benchmark",
        startFrom: "END",
        eachMessage: (message: unknown) => handleOne(message as Sample)
      })
      consumer.start().catch((cause: unknown) => console.error(cause))
    },
    close: () => store.close()
  }
})
