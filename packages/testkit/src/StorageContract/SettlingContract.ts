/**
 * Clauses S: a worker's outcome and the end of its task are one commit.
 */
import { EventStore, TaskQueue } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { beginning, makeClause, minute, type StorageLayer, second } from "./Clause.ts"
import { appendOf, commitEach, commitOf, domainTask, mailTask, streamData, tags } from "./Fixtures.ts"

const lease = 15 * second

export const settlingContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)

  clause(
    "S.1 a commit that settles a task deletes it together with what it writes",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const settles = yield* claimOf(mailTask(beginning))
      const outcomes = yield* commitEach(commitOf(appendOf("s", 0, { tasks: [domainTask(beginning)] }), { settles }))
      expect(tags(outcomes)).toEqual(["Committed"])
      expect((yield* streamData("s")).length).toBe(1)
      expect((yield* queue.list({ limit: 10 })).map(({ kind }) => kind)).toEqual(["probe"])
    })
  )

  clause(
    "S.2 a stale fence answers LeaseLost and nothing is written",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const stale = yield* claimOf(mailTask(beginning))
      yield* TestClock.adjust(lease)
      const { tasks } = yield* queue.claim(["verification-mail"], 1, lease)
      expect(tasks.length).toBe(1)
      const command = { id: "c", fingerprint: "f" }
      const append = appendOf("s", 0, { tasks: [domainTask(beginning)] })
      expect(yield* commitEach(commitOf(append, { command, settles: stale }))).toEqual([{ _tag: "LeaseLost" }])
      expect(yield* streamData("s")).toEqual([])
      expect((yield* queue.list({ limit: 10 })).map(({ state }) => state)).toEqual(["running"])
      expect(tags(yield* commitEach(commitOf(append, { command, settles: tasks[0] ?? stale })))).toEqual(["Committed"])
    })
  )

  clause(
    "S.3 a task that is gone, buried, waiting or unknown is not settled",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const completed = yield* claimOf(mailTask(beginning))
      yield* queue.complete(completed)
      const buried = yield* claimOf(mailTask(beginning))
      yield* queue.bury(buried, "given up")
      const waiting = yield* claimOf(mailTask(beginning))
      yield* queue.retryAt(waiting, { due: beginning, attempts: 0 })
      const unknown = { task: "no such task", fence: 1 }
      for (const settles of [completed, buried, waiting, unknown]) {
        expect(yield* commitEach(commitOf(appendOf("s", 0), { settles }))).toEqual([{ _tag: "LeaseLost" }])
      }
      expect(yield* streamData("s")).toEqual([])
    })
  )

  clause(
    "S.4 a lease that ran out, with nobody having taken the task, still settles",
    Effect.gen(function* () {
      const settles = yield* claimOf(mailTask(beginning))
      yield* TestClock.adjust(minute)
      expect(tags(yield* commitEach(commitOf(appendOf("s", 0), { settles })))).toEqual(["Committed"])
    })
  )

  clause(
    "S.5 a commit in conflict leaves its task in the hands of the worker",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const settles = yield* claimOf(mailTask(beginning))
      expect(tags(yield* commitEach(commitOf(appendOf("s", 1), { settles })))).toEqual(["Conflict"])
      expect(yield* queue.list({ limit: 10 })).toMatchObject([{ id: settles.task, state: "running" }])
      yield* queue.renew(settles, lease)
      expect(tags(yield* commitEach(commitOf(appendOf("s", 0), { settles })))).toEqual(["Committed"])
    })
  )

  clause(
    "S.6 a lost lease is told before a conflict, and a receipt before both",
    Effect.gen(function* () {
      const settles = yield* claimOf(mailTask(beginning))
      const commit = commitOf(appendOf("s", 0), { settles })
      const outcomes = yield* commitEach(commit, commit, commitOf(appendOf("s", 0), { settles }))
      expect(tags(outcomes)).toEqual(["Committed", "Duplicate", "LeaseLost"])
    })
  )

  clause(
    "S.7 of two commits of a batch that settle the same claim, one does",
    Effect.gen(function* () {
      const store = yield* EventStore
      const settles = yield* claimOf(mailTask(beginning))
      const outcomes = yield* store.commit([
        commitOf(appendOf("a", 0), { settles }),
        commitOf(appendOf("b", 0), { settles })
      ])
      expect(tags(outcomes)).toEqual(["Committed", "LeaseLost"])
    })
  )

  clause(
    "S.8 a task whose key was put during the run is not deleted but due again",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const settles = yield* claimOf(domainTask(beginning))
      yield* commitEach(commitOf(appendOf("a", 0, { tasks: [domainTask(beginning + minute)] })))
      expect(tags(yield* commitEach(commitOf(appendOf("s", 0), { settles })))).toEqual(["Committed"])
      expect(yield* queue.list({ limit: 10 })).toMatchObject([
        { id: settles.task, state: "waiting", due: beginning + minute, attempts: 0 }
      ])
    })
  )

  clause(
    "S.9 what a commit puts is put after the run that it settles: the same key is a new task",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const settles = yield* claimOf(domainTask(beginning))
      const payload = { ...domainTask(beginning).payload, scheduledFor: 42 }
      yield* commitEach(
        commitOf(appendOf("s", 0, { tasks: [{ ...domainTask(beginning + minute), key: settles.key, payload }] }), {
          settles
        })
      )
      expect(yield* queue.list({ limit: 10 })).toMatchObject([{ state: "waiting", due: beginning + minute, payload }])
    })
  )
}

const claimOf = Effect.fnUntraced(function* (task: Parameters<TaskQueue["Service"]["put"]>[0]) {
  const queue = yield* TaskQueue
  yield* queue.put(task)
  const [claimed] = (yield* queue.claim([task.kind], 1, lease)).tasks
  return claimed ?? (yield* Effect.die("the task that was put is not claimed"))
})
