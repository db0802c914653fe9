/**
 * Clause 3: a command is done once, however often it is sent.
 */
import { EventStore, TaskQueue } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { beginning, day, hour, makeClause, type StorageLayer } from "./Clause.ts"
import { appendOf, commitEach, commitOf, mailTask, streamData, tags } from "./Fixtures.ts"

export const commandReceiptContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)

  clause(
    "3.1 the same command answers its first result, before any version is looked at, and writes nothing",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const command = { id: "c", fingerprint: "f", result: '{"first":true}' }
      yield* commitEach(commitOf(appendOf("s", 0, { tasks: [mailTask(beginning)] }), { command }))
      const outcomes = yield* commitEach(
        commitOf(appendOf("s", 0, { tasks: [mailTask(beginning)] }), { command }),
        commitOf(appendOf("s", 1, { tasks: [mailTask(beginning)] }), { command: { ...command, result: "later" } }),
        commitOf(appendOf("s", 99), { command })
      )
      expect(outcomes).toEqual(outcomes.map(() => ({ _tag: "Duplicate", result: command.result })))
      expect((yield* streamData("s")).length).toBe(1)
      expect((yield* queue.list({ limit: 10 })).length).toBe(1)
    })
  )

  clause(
    "3.2 the same command id with another fingerprint is refused, and writes nothing",
    Effect.gen(function* () {
      yield* commitEach(commitOf(appendOf("s", 0), { command: { id: "c", fingerprint: "f" } }))
      const outcomes = yield* commitEach(
        commitOf(appendOf("s", 1), { command: { id: "c", fingerprint: "g" } }),
        commitOf(appendOf("s", 0), { command: { id: "c", fingerprint: "g" } })
      )
      expect(outcomes).toEqual([{ _tag: "CommandIdReused" }, { _tag: "CommandIdReused" }])
      expect((yield* streamData("s")).length).toBe(1)
    })
  )

  clause(
    "3.3 the same command id of another account is another command",
    Effect.gen(function* () {
      const command = { id: "c", fingerprint: "f" }
      const outcomes = yield* commitEach(
        commitOf(appendOf("a", 0), { account: "acc-1", command }),
        commitOf(appendOf("b", 0), { account: "acc-2", command }),
        // No separator lets one account and command pass for another pair.
        commitOf(appendOf("c", 0), { account: "x", command: { id: "y:z" } }),
        commitOf(appendOf("d", 0), { account: "x:y", command: { id: "z" } })
      )
      expect(tags(outcomes)).toEqual(["Committed", "Committed", "Committed", "Committed"])
    })
  )

  clause(
    "3.4 a refused commit leaves no receipt",
    Effect.gen(function* () {
      const command = { id: "c", fingerprint: "f" }
      const outcomes = yield* commitEach(
        commitOf(appendOf("s", 1), { command }),
        commitOf(appendOf("s", 0), { command, settles: { task: "no such task", fence: 1 } }),
        commitOf(appendOf("s", 0), { command: { ...command, fingerprint: "g" } })
      )
      expect(tags(outcomes)).toEqual(["Conflict", "LeaseLost", "Committed"])
    })
  )

  clause(
    "3.5 a commit without any append leaves a receipt too",
    Effect.gen(function* () {
      const command = { id: "c", fingerprint: "f", result: "the answer" }
      expect(yield* commitEach(commitOf([], { command }), commitOf([], { command }))).toEqual([
        { _tag: "Committed", appends: [] },
        { _tag: "Duplicate", result: "the answer" }
      ])
    })
  )

  clause(
    "3.6 of the same command sent at the same time, one is done",
    Effect.gen(function* () {
      const store = yield* EventStore
      const one = commitOf(appendOf("s", 0))
      const racing = yield* Effect.all(
        Array.from({ length: 20 }, () => store.commit([one])),
        { concurrency: "unbounded" }
      )
      expect([...tags(racing.flat())].sort()).toEqual(["Committed", ...Array.from({ length: 19 }, () => "Duplicate")])
      expect((yield* streamData("s")).length).toBe(1)
    })
  )

  clause(
    "3.7 a receipt answers for 24 hours; after that its command id is free",
    Effect.gen(function* () {
      const command = { id: "c", fingerprint: "f", result: "first" }
      yield* commitEach(commitOf(appendOf("s", 0), { command }))
      yield* TestClock.adjust(day - 1)
      expect(tags(yield* commitEach(commitOf(appendOf("other", 0)), commitOf(appendOf("s", 1), { command })))).toEqual([
        "Committed",
        "Duplicate"
      ])
      yield* TestClock.adjust(hour)
      const again = { ...command, fingerprint: "g", result: "second" }
      const outcomes = yield* commitEach(
        commitOf(appendOf("s", 1), { command: again }),
        commitOf(appendOf("s", 2), { command: again })
      )
      expect(outcomes).toEqual([
        { _tag: "Committed", appends: [{ version: 2, entryPosition: 0 }] },
        { _tag: "Duplicate", result: "second" }
      ])
      yield* TestClock.adjust(day - 1)
      expect(tags(yield* commitEach(commitOf(appendOf("s", 2), { command: again })))).toEqual(["Duplicate"])
    })
  )

  clause(
    "3.8 a receipt is read by its account and command, with its fingerprint and result; there is none for what was not written",
    Effect.gen(function* () {
      const store = yield* EventStore
      const read = (account: string, id: string) => Effect.map(store.receipt(account, id), Option.getOrUndefined)
      const long = "c".repeat(5_000)
      expect(yield* read("acc-1", "c")).toBeUndefined()
      yield* commitEach(
        commitOf(appendOf("s", 0), { command: { id: "c", fingerprint: "f", result: "one" } }),
        commitOf([], { account: "acc-2", command: { id: "c", fingerprint: "g", result: "two" } }),
        commitOf([], { command: { id: long, fingerprint: "h", result: "three" } }),
        commitOf(appendOf("s", 0), { command: { id: "refused" } })
      )
      expect([yield* read("acc-1", "c"), yield* read("acc-2", "c"), yield* read("acc-1", long)]).toEqual([
        { fingerprint: "f", result: "one" },
        { fingerprint: "g", result: "two" },
        { fingerprint: "h", result: "three" }
      ])
      for (const [account, id] of [
        ["acc-1", "refused"],
        ["acc-1", "none"],
        ["acc-3", "c"],
        ["acc-1", long.slice(1)]
      ] as const) {
        expect(yield* read(account, id)).toBeUndefined()
      }
    })
  )

  clause(
    "3.9 a receipt is read for as long as it answers, and then the one that followed it",
    Effect.gen(function* () {
      const store = yield* EventStore
      const read = Effect.map(store.receipt("acc-1", "c"), Option.getOrUndefined)
      const command = { id: "c", fingerprint: "f", result: "first" }
      yield* commitEach(commitOf([], { account: "acc-1", command }))
      yield* TestClock.adjust(day - 1)
      expect(yield* read).toEqual({ fingerprint: "f", result: "first" })
      yield* TestClock.adjust(1)
      expect(yield* read).toBeUndefined()
      yield* commitEach(commitOf([], { account: "acc-1", command: { id: "c", fingerprint: "g", result: "second" } }))
      expect(yield* read).toEqual({ fingerprint: "g", result: "second" })
    })
  )

  clause(
    "3.10 whoever reads an event finds its command's receipt afterwards, whoever commits at the same time",
    Effect.gen(function* () {
      const store = yield* EventStore
      const commits = Array.from({ length: 40 }, (_, index) =>
        store.commit([commitOf(appendOf(`s-${index}`, 0), { account: "acc-1", command: { id: `of s-${index}` } })])
      )
      const receiptsOfAll = Effect.gen(function* () {
        const { events } = yield* store.readLog(0, 100)
        const receipts = yield* Effect.forEach(events, ({ stream }) => store.receipt("acc-1", `of ${stream}`))
        expect(receipts.every(Option.isSome)).toBe(true)
      })
      yield* Effect.all([...commits, ...commits.map(() => receiptsOfAll)], { concurrency: "unbounded" })
      yield* receiptsOfAll
    })
  )
}
