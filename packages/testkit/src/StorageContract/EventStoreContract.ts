/**
 * Clauses 1 and 6: exact versions, and many fibers.
 */
import { type CommitOutcome, EventStore, TaskQueue } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect } from "effect"
import { beginning, makeClause, type StorageLayer } from "./Clause.ts"
import { appendOf, commitEach, commitOf, eventOf, eventsOf, mailTask, streamData, tags } from "./Fixtures.ts"

export const eventStoreContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)

  clause(
    "1.1 one of two racing creates wins, the other gets the newer events",
    Effect.gen(function* () {
      const store = yield* EventStore
      const one = store.commit([commitOf(appendOf("s", 0, { events: [eventOf("one"), eventOf("more")] }))])
      const two = store.commit([commitOf(appendOf("s", 0, { events: [eventOf("two"), eventOf("more")] }))])
      const outcomes = (yield* Effect.all([one, two], { concurrency: "unbounded" })).flat()
      expect([...tags(outcomes)].sort()).toEqual(["Committed", "Conflict"])
      const { events } = yield* store.readStream("s", 0, 10)
      expect(events.length).toBe(2)
      expect(outcomes.find(({ _tag }) => _tag === "Conflict")).toEqual({
        _tag: "Conflict",
        stream: "s",
        newer: events
      })
    })
  )

  clause(
    "1.2 the expected version is exact: a lower and a higher one are refused",
    Effect.gen(function* () {
      const store = yield* EventStore
      yield* commitEach(commitOf(appendOf("s", 0, { events: eventsOf("s", 3) })))
      const { events } = yield* store.readStream("s", 0, 10)
      const outcomes = yield* commitEach(
        commitOf(appendOf("s", 2)),
        commitOf(appendOf("s", 4)),
        commitOf(appendOf("s", 0))
      )
      expect(outcomes).toEqual([
        { _tag: "Conflict", stream: "s", newer: events.slice(2) },
        { _tag: "Conflict", stream: "s", newer: [] },
        { _tag: "Conflict", stream: "s", newer: events }
      ])
      expect((yield* streamData("s")).length).toBe(3)
    })
  )

  clause(
    "1.3 version 0 means that there is no such stream, and its first event has version 1",
    Effect.gen(function* () {
      const store = yield* EventStore
      expect((yield* store.readStream("s", 0, 10)).events).toEqual([])
      expect(yield* commitEach(commitOf(appendOf("s", 1)))).toEqual([{ _tag: "Conflict", stream: "s", newer: [] }])
      expect(tags(yield* commitEach(commitOf(appendOf("s", 0))))).toEqual(["Committed"])
      expect((yield* store.readStream("s", 0, 10)).events.map(({ version }) => version)).toEqual([1])
    })
  )

  clause(
    "1.4 in one batch: create, create the same stream, append to it, the first again: ok, conflict, ok, duplicate",
    Effect.gen(function* () {
      const store = yield* EventStore
      const first = commitOf(appendOf("s", 0, { events: [eventOf("first")] }))
      const outcomes = yield* store.commit([
        first,
        commitOf(appendOf("s", 0, { events: [eventOf("second")] })),
        commitOf(appendOf("s", 1, { events: [eventOf("third")] })),
        first
      ])
      const { events } = yield* store.readStream("s", 0, 10)
      expect(outcomes).toEqual([
        { _tag: "Committed", appends: [{ version: 1, entryPosition: 0 }] },
        { _tag: "Conflict", stream: "s", newer: events.slice(0, 1) },
        { _tag: "Committed", appends: [{ version: 2, entryPosition: 0 }] },
        { _tag: "Duplicate", result: first.command.result }
      ])
      expect(events.map(({ data }) => data)).toEqual([eventOf("first").data, eventOf("third").data])
    })
  )

  clause(
    "1.5 a commit over several streams is all or nothing",
    Effect.gen(function* () {
      const store = yield* EventStore
      const queue = yield* TaskQueue
      yield* commitEach(commitOf(appendOf("taken", 0)))
      const outcomes = yield* commitEach(
        commitOf([appendOf("a", 0, { tasks: [mailTask(beginning)] }), appendOf("taken", 0), appendOf("b", 0)])
      )
      expect(outcomes).toMatchObject([{ _tag: "Conflict", stream: "taken" }])
      expect((yield* store.readLog(0, 10)).events.map(({ stream }) => stream)).toEqual(["taken"])
      expect(yield* queue.list({ limit: 10 })).toEqual([])
      const again = yield* commitEach(commitOf([appendOf("a", 0), appendOf("taken", 1), appendOf("b", 0)]))
      expect(again).toEqual([
        {
          _tag: "Committed",
          appends: [
            { version: 1, entryPosition: 0 },
            { version: 2, entryPosition: 0 },
            { version: 1, entryPosition: 0 }
          ]
        }
      ])
    })
  )

  clause(
    "1.6 a commit that is not written leaves the others of its batch alone",
    Effect.gen(function* () {
      const store = yield* EventStore
      const outcomes = yield* store.commit([
        commitOf(appendOf("a", 0)),
        commitOf(appendOf("a", 7)),
        commitOf(appendOf("b", 0), { settles: { task: "no such task", fence: 1 } }),
        commitOf(appendOf("c", 0))
      ])
      expect(tags(outcomes)).toEqual(["Committed", "Conflict", "LeaseLost", "Committed"])
      expect((yield* store.readLog(0, 10)).events.map(({ stream, position }) => [stream, position])).toEqual([
        ["a", 1],
        ["c", 2]
      ])
    })
  )

  clause(
    "1.7 a conflict carries every newer event, however many",
    Effect.gen(function* () {
      yield* commitEach(commitOf(appendOf("s", 0, { events: eventsOf("s", 1_500) })))
      const [outcome] = yield* commitEach(commitOf(appendOf("s", 1)))
      const newer = outcome?._tag === "Conflict" ? outcome.newer : []
      expect(newer.map(({ version }) => version)).toEqual(Array.from({ length: 1_499 }, (_, index) => index + 2))
    })
  )

  clause(
    "1.8 an append without events checks the version and keeps it",
    Effect.gen(function* () {
      yield* commitEach(commitOf(appendOf("s", 0)))
      const outcomes = yield* commitEach(
        commitOf(appendOf("s", 1, { events: [] })),
        commitOf(appendOf("s", 0, { events: [] })),
        commitOf(appendOf("never", 0, { events: [] }))
      )
      expect(outcomes).toMatchObject([
        { _tag: "Committed", appends: [{ version: 1, entryPosition: 0 }] },
        { _tag: "Conflict", stream: "s" },
        { _tag: "Committed", appends: [{ version: 0, entryPosition: 0 }] }
      ])
    })
  )

  clause(
    "1.9 an empty batch is no error",
    Effect.gen(function* () {
      const store = yield* EventStore
      expect(yield* store.commit([])).toEqual([])
    })
  )

  clause(
    "6.1 of many writers of one stream each gets its version, and no event is lost",
    Effect.gen(function* () {
      const store = yield* EventStore
      const append = Effect.fnUntraced(function* (name: string) {
        let expected = 0
        while (true) {
          const [outcome]: ReadonlyArray<CommitOutcome | undefined> = yield* store.commit([
            commitOf(appendOf("s", expected, { events: [eventOf(name)] }))
          ])
          if (outcome?._tag !== "Conflict") return outcome?._tag
          expected += outcome.newer.length
        }
      })
      const names = Array.from({ length: 40 }, (_, index) => `writer ${index}`)
      const outcomes = yield* Effect.forEach(names, append, { concurrency: "unbounded" })
      expect(new Set(outcomes)).toEqual(new Set(["Committed"]))
      expect([...(yield* streamData("s"))].sort()).toEqual(names.map((name) => eventOf(name).data).sort())
    })
  )
}
