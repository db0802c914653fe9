/**
 * Clauses 2, 8 and C: the order of the log, its times, and the hint that it has grown.
 */
import { EventStore, type StoredEvent, TaskQueue } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { beginning, hour, makeClause, type StorageLayer } from "./Clause.ts"
import { account, appendOf, commitEach, commitOf, eventsOf, mailTask } from "./Fixtures.ts"

export const logContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)

  clause(
    "2.1 positions are contiguous, from 1, in the order of commits, whoever commits at the same time",
    Effect.gen(function* () {
      const store = yield* EventStore
      const commits = Array.from({ length: 100 }, (_, index) =>
        store.commit([commitOf(appendOf(`s-${index}`, 0, { events: eventsOf(`s-${index}`, 1 + (index % 3)) }))])
      )
      yield* Effect.all(commits, { concurrency: "unbounded" })
      const { events } = yield* store.readLog(0, 1_000)
      expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index + 1))
      expect(new Set(events.map(({ stream }) => stream)).size).toBe(100)
      // The events of one commit lie side by side.
      for (const [index, event] of events.entries()) {
        if (event.version > 1) expect(events[index - 1]?.stream).toBe(event.stream)
      }
    })
  )

  clause(
    "2.2 what was acknowledged before comes before in the log",
    Effect.gen(function* () {
      const store = yield* EventStore
      yield* commitEach(
        commitOf(appendOf("b", 0)),
        commitOf(appendOf("a", 0)),
        commitOf([appendOf("b", 1), appendOf("c", 0)])
      )
      const { events } = yield* store.readLog(0, 10)
      expect(events.map(({ stream, version }) => [stream, version])).toEqual([
        ["b", 1],
        ["a", 1],
        ["b", 2],
        ["c", 1]
      ])
    })
  )

  clause(
    "2.3 a refused commit uses up no position",
    Effect.gen(function* () {
      const store = yield* EventStore
      yield* commitEach(commitOf(appendOf("a", 0)), commitOf([appendOf("b", 0), appendOf("a", 0)]))
      yield* commitEach(commitOf(appendOf("c", 0)))
      expect((yield* store.readLog(0, 10)).events.map(({ position }) => position)).toEqual([1, 2])
    })
  )

  clause(
    "2.4 a page has the events after the given place, up to the limit; after the last there are none",
    Effect.gen(function* () {
      const store = yield* EventStore
      yield* commitEach(
        commitOf(appendOf("a", 0, { events: eventsOf("a", 3) })),
        commitOf(appendOf("b", 0, { events: eventsOf("b", 2) })),
        commitOf(appendOf("a", 3, { events: eventsOf("a", 1) }))
      )
      const places = (events: ReadonlyArray<StoredEvent>) => events.map(({ position, version }) => [position, version])
      expect(places((yield* store.readLog(2, 2)).events)).toEqual([
        [3, 3],
        [4, 1]
      ])
      expect(places((yield* store.readStream("a", 2, 10)).events)).toEqual([
        [3, 3],
        [6, 4]
      ])
      expect(places((yield* store.readStream("a", 1, 1)).events)).toEqual([[2, 2]])
      expect((yield* store.readLog(6, 10)).events).toEqual([])
      expect((yield* store.readStream("a", 4, 10)).events).toEqual([])
      expect((yield* store.readLog(0, 0)).events).toEqual([])
    })
  )

  clause(
    "2.5 an event is read as it was written",
    Effect.gen(function* () {
      const store = yield* EventStore
      const text = '\u0001\t\n"\\/ é 漢 \u{1F600} \uFFFD \u2028 { } $1 %s'
      const event = {
        type: "DomainProblemFound",
        schemaVersion: 3,
        data: JSON.stringify({ text, number: 1.5e300, nested: [null, { deep: true }] }),
        meta: JSON.stringify({ actor: text })
      }
      yield* commitEach(commitOf(appendOf("s", 0, { events: [event] })))
      const expected = { ...event, position: 1, stream: "s", version: 1, recordedAt: beginning }
      expect((yield* store.readStream("s", 0, 10)).events).toEqual([expected])
      expect((yield* store.readLog(0, 10)).events).toEqual([expected])
    })
  )

  clause(
    "2.6 the head is the position of the newest event, and 0 while the log is empty",
    Effect.gen(function* () {
      const store = yield* EventStore
      expect(yield* store.head).toBe(0)
      yield* commitEach(
        commitOf(appendOf("a", 0, { events: eventsOf("a", 3) })),
        commitOf([]),
        commitOf(appendOf("a", 0))
      )
      expect(yield* store.head).toBe(3)
      yield* commitEach(commitOf(appendOf("b", 0)))
      expect(yield* store.head).toBe(4)
    })
  )

  clause(
    "8.1 events carry the storage's time, and every page answers it",
    Effect.gen(function* () {
      const store = yield* EventStore
      yield* TestClock.adjust(90_500)
      yield* commitEach(commitOf(appendOf("s", 0)))
      yield* TestClock.adjust(hour)
      const page = yield* store.readStream("s", 0, 10)
      expect(page.events.map(({ recordedAt }) => recordedAt)).toEqual([beginning + 90_500])
      expect(page.now).toBe(beginning + 90_500 + hour)
      expect((yield* store.readLog(0, 10)).now).toBe(beginning + 90_500 + hour)
      expect((yield* store.readStream("none", 0, 10)).now).toBe(beginning + 90_500 + hour)
    })
  )

  clause(
    "8.2 the time of recording never goes back along the log, although the clock does",
    Effect.gen(function* () {
      const store = yield* EventStore
      yield* commitEach(commitOf(appendOf("a", 0)))
      yield* TestClock.setTime(beginning - hour)
      yield* commitEach(commitOf(appendOf("b", 0)))
      yield* TestClock.setTime(beginning + 1)
      yield* commitEach(commitOf(appendOf("c", 0)))
      const { events } = yield* store.readLog(0, 10)
      expect(events.map(({ recordedAt }) => recordedAt)).toEqual([beginning, beginning, beginning + 1])
    })
  )

  clause(
    "8.4 the time of a page is never before an event of the log, although the clock goes back",
    Effect.gen(function* () {
      const store = yield* EventStore
      yield* commitEach(commitOf(appendOf("a", 0)), commitOf(appendOf("b", 0)))
      yield* TestClock.setTime(beginning - hour)
      expect((yield* store.readStream("a", 0, 10)).now).toBe(beginning)
      expect((yield* store.readStream("none", 0, 10)).now).toBe(beginning)
      expect((yield* store.readLog(2, 10)).now).toBe(beginning)
      yield* TestClock.setTime(beginning + 1)
      expect((yield* store.readStream("a", 0, 10)).now).toBe(beginning + 1)
    })
  )

  clause(
    "C.1 a commit is hinted at to whoever listens, and so is a put",
    Effect.gen(function* () {
      const store = yield* EventStore
      const queue = yield* TaskQueue
      const heard = Effect.forkChild(Stream.runHead(store.changes), { startImmediately: true })
      // A hint may be lost, so one of many is enough.
      const until = Effect.fnUntraced(function* (
        listener: Fiber.Fiber<unknown, unknown>,
        step: (index: number) => Effect.Effect<unknown, unknown>
      ) {
        for (let index = 0; index < 1_000; index++) {
          yield* step(index)
          yield* Effect.yieldNow
          if (listener.pollUnsafe() !== undefined) return true
        }
        yield* Fiber.interrupt(listener)
        return false
      })
      expect(
        yield* until(yield* heard, (index) => store.commit([commitOf(appendOf(`s-${index}`, 0), { account })]))
      ).toBe(true)
      expect(yield* until(yield* heard, () => queue.put(mailTask(beginning)))).toBe(true)
    })
  )
}
