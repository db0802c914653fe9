/**
 * A program: `@castore/event-storage-adapter-postgres`, by its adapter, with the connections that it opens by itself.
 *
 * It has no read of a log and no subscription: events go to a message bus of the application.
 */
import adapter from "@castore/event-storage-adapter-postgres"
import type { Contestant } from "../src/contest/Contestant.ts"
import { serveContestant } from "../src/contest/ContestantProgram.ts"
import { decide, evolve, nothing, type Sample } from "../src/contest/Sample.ts"
import { askPostgres } from "./postgres.ts"
import { versionsOf } from "./versions.ts"

const { PostgresEventStorageAdapter } = adapter
const conflictLimit = 50
const context = { eventStoreId: "ACCOUNTS" }

serveContestant(async (connectionString): Promise<Contestant> => {
  await PostgresEventStorageAdapter.createEventTable({ connectionString })
  const store = new PostgresEventStorageAdapter({ connectionString })
  const { durability, version } = await askPostgres(connectionString)

  const append = async (stream: string, expected: number, events: ReadonlyArray<Sample>) => {
    const details = events.map(({ type, data }, index) => ({
      aggregateId: stream,
      version: expected + index + 1,
      type,
      payload: data
    }))
    const [first, ...rest] = details
    if (first === undefined) return
    if (rest.length === 0) {
      await store.pushEvent(first, context)
      return
    }
    const grouped = details.map((detail) => Object.assign(store.groupEvent(detail), { context }))
    await store.pushEventGroup({}, grouped[0], ...grouped.slice(1))
  }

  const load = async (stream: string) => {
    const { events } = await store.getEvents(stream, context)
    // As `append` has written them.
    return events.reduce(
      (state, event) => evolve(state, { data: (event as { payload: Sample["data"] }).payload }),
      nothing
    )
  }

  return {
    profile: {
      versions: {
        ...versionsOf("@castore/event-storage-adapter-postgres", "@castore/core", "postgres"),
        PostgreSQL: version
      },
      ordering: "none: it has no log",
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
          const conflict = cause instanceof Error && cause.constructor.name.includes("AlreadyExists")
          if (!conflict || attempts === conflictLimit) throw cause
        }
      }
    },
    close: async () => undefined
  }
})
