/**
 * Clauses T.2: keys. A key is unique among tasks, putting it again moves the task earlier, and putting it during a run
 * makes the task run again.
 */
import { type ClaimedTask, type TaskFence, TaskQueue } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { beginning, hour, makeClause, minute, type StorageLayer, second } from "./Clause.ts"
import { appendOf, commitEach, commitOf, domainTask } from "./Fixtures.ts"

const lease = 15 * second

export const taskRerunContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)

  clause(
    "T.2.1 a key that exists is moved earlier, never later, and keeps its payload",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* queue.put(domainTask(beginning + hour))
      const [first] = yield* queue.list({ limit: 10 })
      yield* queue.put({ ...domainTask(beginning + 2 * hour), ...otherPayload })
      expect(yield* queue.list({ limit: 10 })).toEqual([first])
      yield* queue.put({ ...domainTask(beginning + minute), ...otherPayload })
      expect(yield* queue.list({ limit: 10 })).toEqual([{ ...first, due: beginning + minute }])
    })
  )

  clause(
    "T.2.2 within one commit and across commits a key is one task; another key is another",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* commitEach(
        commitOf(appendOf("a", 0, { tasks: [domainTask(beginning + 5), domainTask(beginning + 3)] })),
        commitOf([
          appendOf("b", 0, { tasks: [domainTask(beginning + 4)] }),
          appendOf("c", 0, { tasks: [domainTask(beginning + 9, "other.example.com")] })
        ])
      )
      expect((yield* queue.list({ limit: 10 })).map(({ due }) => due - beginning).sort()).toEqual([3, 9])
    })
  )

  clause(
    "T.2.3 of the same key put at the same time there is one task, due at the earliest",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const puts = Array.from({ length: 20 }, (_, index) => queue.put(domainTask(beginning + 1 + ((index * 7) % 20))))
      yield* Effect.all(puts, { concurrency: "unbounded" })
      expect(yield* queue.list({ limit: 10 })).toMatchObject([{ due: beginning + 1 }])
    })
  )

  clause(
    "T.2.4 a task keeps its attempts when its key is put again",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const run = yield* putAndClaim(0)
      yield* queue.retryAt(run, { due: beginning + hour, attempts: 4, error: "no answer" })
      yield* queue.put(domainTask(beginning + minute))
      expect(yield* queue.list({ limit: 10 })).toMatchObject([
        { due: beginning + minute, attempts: 4, error: "no answer" }
      ])
    })
  )

  clause(
    "T.2.5 spacing keeps a put away from the last run of its key, and never moves the task later",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const run = yield* putAndClaim(0)
      yield* TestClock.adjust(second)
      yield* queue.retryAt(run, { due: beginning + hour, attempts: 0 })
      yield* queue.put(domainTask(beginning + second, "example.com", 10 * second))
      expect(yield* dues).toEqual([10 * second])
      yield* queue.put(domainTask(beginning + second, "example.com", minute))
      expect(yield* dues).toEqual([10 * second])
      yield* queue.put(domainTask(beginning + 8 * second, "example.com", 2 * second))
      expect(yield* dues).toEqual([8 * second])
    })
  )

  clause(
    "T.2.6 the last run is the newest one, however many there were",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const first = yield* putAndClaim(0)
      yield* queue.retryAt(first, { due: beginning + minute, attempts: 0 })
      yield* TestClock.adjust(minute)
      const [again] = (yield* queue.claim(["probe"], 1, lease)).tasks
      expect(again?.lastRunAt).toBe(beginning)
      yield* queue.retryAt(again ?? first, { due: beginning + hour, attempts: 0 })
      yield* queue.put(domainTask(beginning, "example.com", 10 * second))
      expect(yield* dues).toEqual([minute + 10 * second])
      yield* TestClock.adjust(10 * second)
      expect((yield* queue.claim(["probe"], 1, lease)).tasks[0]?.lastRunAt).toBe(beginning + minute)
    })
  )

  clause(
    "T.2.7 spacing does not delay the first run",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* queue.put(domainTask(beginning, "example.com", hour))
      expect(yield* dues).toEqual([0])
      expect((yield* queue.claim(["probe"], 1, lease)).tasks.length).toBe(1)
    })
  )

  clause(
    "T.2.8 a put during a run gives the task to nobody else meanwhile",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* putAndClaim(0)
      yield* queue.put(domainTask(beginning))
      expect((yield* queue.claim(["probe"], 10, lease)).tasks).toEqual([])
      expect((yield* queue.list({ limit: 10 })).length).toBe(1)
    })
  )

  clause(
    "T.2.9 completed after a put during the run, it is due when the put said, as if it had never failed",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const run = yield* putAndClaim(5)
      yield* queue.put({ ...domainTask(beginning + minute), ...otherPayload })
      yield* queue.complete(run)
      expect(yield* queue.list({ limit: 10 })).toMatchObject([
        { id: run.task, state: "waiting", due: beginning + minute, attempts: 0, payload: run.payload, error: undefined }
      ])
      yield* TestClock.adjust(minute)
      const [again] = (yield* queue.claim(["probe"], 10, lease)).tasks
      expect(again).toMatchObject({ task: run.task, attempts: 0, lastRunAt: beginning })
      yield* queue.complete(again ?? run)
      expect(yield* queue.list({ limit: 10 })).toEqual([])
    })
  )

  clause(
    "T.2.10 of several puts during a run the earliest counts, each kept away from the run by its spacing",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const run = yield* putAndClaim(0)
      yield* TestClock.adjust(second)
      yield* queue.put(domainTask(beginning + 30 * second))
      yield* queue.put(domainTask(beginning + second, "example.com", 10 * second))
      yield* queue.put(domainTask(beginning + 20 * second))
      yield* queue.complete(run)
      expect(yield* dues).toEqual([10 * second])
    })
  )

  clause(
    "T.2.11 to be retried after a put during the run, it is due at the sooner of the two",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const run = yield* putAndClaim(0)
      yield* queue.put(domainTask(beginning + minute))
      yield* queue.retryAt(run, { due: beginning + hour, attempts: 2, payload: { n: 1 }, error: "no answer" })
      expect(yield* queue.list({ limit: 10 })).toMatchObject([
        { due: beginning + minute, attempts: 2, payload: { n: 1 }, error: "no answer" }
      ])
      yield* TestClock.adjust(minute)
      const [again] = (yield* queue.claim(["probe"], 10, lease)).tasks
      yield* queue.put(domainTask(beginning + 5 * hour))
      yield* queue.retryAt(again ?? run, { due: beginning + 2 * minute, attempts: 0 })
      expect(yield* dues).toEqual([2 * minute])
      // The put is used up: it does not make the run after this one come back.
      yield* TestClock.adjust(minute)
      const [last] = (yield* queue.claim(["probe"], 10, lease)).tasks
      yield* queue.complete(last ?? run)
      expect(yield* queue.list({ limit: 10 })).toEqual([])
    })
  )

  clause(
    "T.2.12 buried after a put during the run, it is revived by that put",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const run = yield* putAndClaim(5)
      yield* queue.put(domainTask(beginning + minute))
      yield* queue.bury(run, "given up")
      expect(yield* queue.list({ limit: 10 })).toMatchObject([
        { id: run.task, state: "waiting", due: beginning + minute, attempts: 0, error: undefined }
      ])
    })
  )

  clause(
    "T.2.13 a put of a buried task's key revives it, with its payload and no failed attempts, spaced from its last run",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const run = yield* putAndClaim(5)
      yield* queue.bury(run, "given up")
      yield* queue.put({ ...domainTask(beginning + second, "example.com", minute), ...otherPayload })
      expect(yield* queue.list({ limit: 10 })).toMatchObject([
        {
          id: run.task,
          state: "waiting",
          due: beginning + minute,
          attempts: 0,
          payload: run.payload,
          error: undefined
        }
      ])
    })
  )

  clause(
    "T.2.14 a put during a run outlives the worker: it still counts after a take-over",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const run = yield* putAndClaim(0)
      yield* queue.put(domainTask(beginning + hour))
      yield* TestClock.adjust(lease)
      const [taken] = (yield* queue.claim(["probe"], 10, lease)).tasks
      yield* queue.complete(taken ?? run)
      expect(yield* dues).toEqual([hour])
    })
  )

  clause(
    "T.2.15 a key is free again when its task is gone",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const run = yield* putAndClaim(0)
      yield* queue.complete(run)
      yield* queue.put({ ...domainTask(beginning + second, "example.com", hour), ...otherPayload })
      const [fresh] = yield* queue.list({ limit: 10 })
      expect(fresh).toMatchObject({ due: beginning + second, payload: otherPayload.payload })
      expect(fresh?.id).not.toBe(run.task)
      expect(yield* queue.drop(fresh?.id ?? "")).toBe(true)
      yield* queue.put(domainTask(beginning))
      expect(yield* dues).toEqual([0])
    })
  )
}

const otherPayload = { payload: { ...domainTask(beginning, "other").payload, scheduledFor: 7 } }

/** When the tasks are due, in milliseconds after the beginning. */
const dues = TaskQueue.use((queue) =>
  Effect.map(queue.list({ limit: 10 }), (tasks) => tasks.map(({ due }) => due - beginning))
)

/** The one probe, claimed at the beginning, with so many failed attempts. */
const putAndClaim = Effect.fnUntraced(function* (attempts: number) {
  const queue = yield* TaskQueue
  const claim = Effect.flatMap(queue.claim(["probe"], 1, lease), ({ tasks: [task] }) =>
    task === undefined ? Effect.die("the task that was put is not claimed") : Effect.succeed<ClaimedTask>(task)
  )
  yield* queue.put(domainTask(beginning))
  if (attempts > 0) {
    const first: TaskFence = yield* claim
    yield* queue.retryAt(first, { due: beginning, attempts, error: "no answer" })
  }
  return yield* claim
})
