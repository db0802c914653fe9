/**
 * Clauses T.1: a task from its put to the end of its run, leases and fences.
 */
import { type ClaimedTask, EventStore, TaskQueue } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { beginning, hour, makeClause, minute, type StorageLayer, second } from "./Clause.ts"
import { appendOf, commitEach, commitOf, domainTask, mailTask } from "./Fixtures.ts"

const lease = 15 * second

export const taskQueueContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)

  clause(
    "T.1.1 a task that was put by a commit is claimed with all that it carries",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* commitEach(
        commitOf(appendOf("s", 0, { tasks: [mailTask(beginning, "v-9"), domainTask(beginning + 1, "a.example.com")] }))
      )
      yield* TestClock.adjust(second)
      const claim = yield* queue.claim(["verification-mail", "probe"], 10, lease)
      expect(claim).toMatchObject({ now: beginning + second, nextDue: beginning + second + lease })
      expect(claim.tasks.map(({ task: _, fence: __, ...rest }) => rest)).toEqual([
        {
          kind: "verification-mail",
          key: undefined,
          due: beginning,
          attempts: 0,
          payload: { sender: "s-1", incarnation: 1, verificationId: "v-9" },
          lastRunAt: undefined
        },
        {
          kind: "probe",
          key: "probe:a.example.com:acc-1",
          due: beginning + 1,
          attempts: 0,
          payload: { account: "acc-1", domain: "a.example.com" },
          lastRunAt: undefined
        }
      ])
    })
  )

  clause(
    "T.1.2 nothing is claimed before it is due, and at that very moment it is",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* queue.put(mailTask(beginning + minute))
      yield* TestClock.adjust(minute - 1)
      expect(yield* queue.claim(["verification-mail"], 10, lease)).toEqual({
        tasks: [],
        nextDue: beginning + minute,
        now: beginning + minute - 1
      })
      yield* TestClock.adjust(1)
      expect((yield* queue.claim(["verification-mail"], 10, lease)).tasks.length).toBe(1)
    })
  )

  clause(
    "T.1.3 tasks come in the order of their due times, up to the limit; what remains is due at once",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      for (const delay of [3, 1, 2]) yield* queue.put(mailTask(beginning + delay, `v-${delay}`))
      yield* TestClock.adjust(second)
      const first = yield* queue.claim(["verification-mail"], 2, lease)
      expect(first.tasks.map(({ due }) => due - beginning)).toEqual([1, 2])
      expect(first.nextDue).toBe(beginning + 3)
      expect((yield* queue.claim(["verification-mail"], 0, lease)).tasks).toEqual([])
      const second_ = yield* queue.claim(["verification-mail"], 2, lease)
      expect(second_.tasks.map(({ due }) => due - beginning)).toEqual([3])
    })
  )

  clause(
    "T.1.4 only the kinds that are asked for are claimed, and counted for the next due time",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* queue.put(mailTask(beginning))
      yield* queue.put(domainTask(beginning + hour))
      expect((yield* queue.claim(["account-notice"], 10, lease)).nextDue).toBeUndefined()
      const probes = yield* queue.claim(["probe", "account-notice"], 10, lease)
      expect(probes).toMatchObject({ tasks: [], nextDue: beginning + hour })
      expect(yield* queue.claim([], 10, lease)).toEqual({ tasks: [], nextDue: undefined, now: beginning })
      expect((yield* queue.claim(["probe", "verification-mail"], 10, lease)).tasks.length).toBe(1)
    })
  )

  clause(
    "T.1.5 a task is claimed by one, of many that ask at the same time",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const tasks = Array.from({ length: 50 }, (_, index) => mailTask(beginning, `v-${index}`))
      yield* commitEach(commitOf(appendOf("s", 0, { tasks })))
      const claims = yield* Effect.all(
        Array.from({ length: 20 }, () => queue.claim(["verification-mail"], 4, lease)),
        { concurrency: "unbounded" }
      )
      const claimed = claims.flatMap((claim) => claim.tasks.map(({ task }) => task))
      expect(claimed.length).toBe(50)
      expect(new Set(claimed).size).toBe(50)
    })
  )

  clause(
    "T.1.6 a completed task is gone",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const claimed = yield* putAndClaim
      yield* queue.complete(claimed)
      expect(yield* queue.list({ limit: 10 })).toEqual([])
      expect(yield* queue.claim(["verification-mail"], 10, lease)).toEqual({
        tasks: [],
        nextDue: undefined,
        now: beginning
      })
    })
  )

  clause(
    "T.1.7 a task to be retried comes back when it says, with the attempts, payload and error that it says",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const first = yield* putAndClaim
      yield* TestClock.adjust(second)
      yield* queue.retryAt(first, { due: beginning + minute, attempts: 3, payload: { n: 1 }, error: "no answer" })
      expect(yield* queue.list({ limit: 10 })).toMatchObject([
        { state: "waiting", due: beginning + minute, attempts: 3, payload: { n: 1 }, error: "no answer" }
      ])
      expect((yield* queue.claim(["verification-mail"], 10, lease)).nextDue).toBe(beginning + minute)
      yield* TestClock.setTime(beginning + minute)
      const [again] = (yield* queue.claim(["verification-mail"], 10, lease)).tasks
      expect(again).toMatchObject({
        task: first.task,
        due: beginning + minute,
        attempts: 3,
        payload: { n: 1 },
        lastRunAt: beginning
      })
      expect(again?.fence).toBeGreaterThan(first.fence)
    })
  )

  clause(
    "T.1.8 without a new payload the task keeps its own; the error is always that of its last run",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const first = yield* putAndClaim
      yield* queue.retryAt(first, { due: beginning, attempts: 1, error: "no answer" })
      const [second_] = (yield* queue.claim(["verification-mail"], 10, lease)).tasks
      expect(second_?.payload).toEqual(first.payload)
      yield* queue.retryAt(second_ ?? first, { due: beginning, attempts: 0 })
      expect(yield* queue.list({ limit: 10 })).toMatchObject([
        { attempts: 0, payload: first.payload, error: undefined }
      ])
    })
  )

  clause(
    "T.1.9 while the lease runs nobody else gets the task; from its end on another may",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const first = yield* putAndClaim
      yield* TestClock.adjust(lease - 1)
      const early = yield* queue.claim(["verification-mail"], 10, lease)
      expect(early).toEqual({ tasks: [], nextDue: beginning + lease, now: beginning + lease - 1 })
      yield* TestClock.adjust(1)
      const late = yield* queue.claim(["verification-mail"], 10, lease)
      expect(late.tasks).toMatchObject([{ task: first.task, lastRunAt: beginning }])
      expect(late.tasks[0]?.fence).toBeGreaterThan(first.fence)
      expect(late.nextDue).toBe(beginning + 2 * lease)
    })
  )

  clause(
    "T.1.10 a run whose lease ran out counts as a failed one",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* putAndClaim
      for (const attempts of [1, 2, 3]) {
        yield* TestClock.adjust(lease)
        expect((yield* queue.claim(["verification-mail"], 10, lease)).tasks).toMatchObject([{ attempts }])
      }
    })
  )

  clause(
    "T.1.11 a renewed lease runs on from the renewal",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const claimed = yield* putAndClaim
      yield* TestClock.adjust(10 * second)
      yield* queue.renew(claimed, lease)
      yield* TestClock.adjust(lease - 1)
      expect((yield* queue.claim(["verification-mail"], 10, lease)).tasks).toEqual([])
      yield* TestClock.adjust(1)
      expect((yield* queue.claim(["verification-mail"], 10, lease)).tasks.length).toBe(1)
    })
  )

  clause(
    "T.1.12 after a take-over every verb of the old holder answers LeaseLost and changes nothing",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const store = yield* EventStore
      const old = yield* putAndClaim
      yield* TestClock.adjust(lease)
      const [taken] = (yield* queue.claim(["verification-mail"], 10, lease)).tasks
      const before = yield* queue.list({ limit: 10 })
      for (const verb of verbs(queue, old)) expect((yield* Effect.flip(verb))._tag).toBe("LeaseLost")
      const [outcome] = yield* store.commit([commitOf(appendOf("s", 0), { settles: old })])
      expect(outcome).toEqual({ _tag: "LeaseLost" })
      expect(yield* queue.list({ limit: 10 })).toEqual(before)
      yield* TestClock.adjust(lease - 1)
      expect((yield* queue.claim(["verification-mail"], 10, lease)).tasks).toEqual([])
      yield* queue.complete(taken ?? old)
      expect(yield* queue.list({ limit: 10 })).toEqual([])
    })
  )

  for (const [index, verb] of ["renew", "complete", "retryAt", "bury"].entries()) {
    clause(
      `T.1.13 a lease that ran out, with nobody having taken the task, is still held: ${verb}`,
      Effect.gen(function* () {
        const queue = yield* TaskQueue
        const claimed = yield* putAndClaim
        yield* TestClock.adjust(hour)
        expect(yield* queue.list({ state: "running", limit: 10 })).toMatchObject([{ id: claimed.task }])
        yield* verbs(queue, claimed)[index] ?? Effect.die("no such verb")
      })
    )
  }

  clause(
    "T.1.14 a run ends once: after it ended, the claim is no longer held",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      for (const end of ["complete", "retryAt", "bury"] as const) {
        yield* queue.put(mailTask(beginning, end))
        const [claimed] = (yield* queue.claim(["verification-mail"], 10, lease)).tasks
        const [renew, complete, retryAt, bury] = verbs(queue, claimed ?? { task: "none", fence: 0 })
        yield* { complete, retryAt, bury }[end] ?? Effect.die("no such verb")
        for (const verb of [renew, complete, retryAt, bury]) {
          if (verb !== undefined) expect((yield* Effect.flip(verb))._tag).toBe("LeaseLost")
        }
      }
      expect((yield* queue.list({ limit: 10 })).map(({ state }) => state).sort()).toEqual(["buried", "waiting"])
    })
  )

  clause(
    "T.1.15 a task that nobody claimed cannot be ended",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* queue.put(mailTask(beginning))
      const [waiting] = yield* queue.list({ limit: 10 })
      for (const fence of [0, 1]) {
        for (const verb of verbs(queue, { task: waiting?.id ?? "", fence })) {
          expect((yield* Effect.flip(verb))._tag).toBe("LeaseLost")
        }
      }
      expect(yield* queue.list({ limit: 10 })).toEqual([waiting])
    })
  )

  clause(
    "T.1.16 tasks without a key are never one and the same",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* queue.put(mailTask(beginning))
      yield* queue.put(mailTask(beginning))
      const { tasks } = yield* queue.claim(["verification-mail"], 10, lease)
      expect(new Set(tasks.map(({ task }) => task)).size).toBe(2)
    })
  )
}

/** The four verbs of a holder, each as an effect. */
const verbs = (queue: TaskQueue["Service"], claim: { readonly task: string; readonly fence: number }) => [
  queue.renew(claim, lease),
  queue.complete(claim),
  queue.retryAt(claim, { due: beginning + hour, attempts: 0 }),
  queue.bury(claim, "given up")
]

const putAndClaim: Effect.Effect<ClaimedTask, unknown, TaskQueue> = Effect.gen(function* () {
  const queue = yield* TaskQueue
  yield* queue.put(mailTask(beginning))
  const [claimed] = (yield* queue.claim(["verification-mail"], 1, lease)).tasks
  return claimed ?? (yield* Effect.die("the task that was put is not claimed"))
})
