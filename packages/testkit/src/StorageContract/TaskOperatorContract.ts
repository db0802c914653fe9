/**
 * Clauses T.3: how tasks are found, and what operators see and do.
 */
import { TaskQueue } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { beginning, hour, makeClause, minute, type StorageLayer, second } from "./Clause.ts"
import { domainTask, mailTask } from "./Fixtures.ts"

const lease = 15 * second

export const taskOperatorContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)

  clause(
    "T.3.1 a buried task is kept with its error, and never claimed",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const id = yield* buryOne
      yield* TestClock.adjust(hour)
      expect(yield* queue.claim(["verification-mail"], 10, lease)).toMatchObject({ tasks: [], nextDue: undefined })
      expect(yield* queue.list({ limit: 10 })).toEqual([
        {
          id,
          kind: "verification-mail",
          key: undefined,
          state: "buried",
          due: beginning,
          attempts: 5,
          payload: { sender: "s-1", incarnation: 1, verificationId: "v-1" },
          error: "given up"
        }
      ])
    })
  )

  clause(
    "T.3.2 a revived task is due now, with no failed attempts and no error",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const id = yield* buryOne
      yield* TestClock.adjust(minute)
      expect(yield* queue.revive(id)).toBe(true)
      expect(yield* queue.list({ limit: 10 })).toMatchObject([
        { id, state: "waiting", due: beginning + minute, attempts: 0, error: undefined }
      ])
      const { tasks } = yield* queue.claim(["verification-mail"], 10, lease)
      expect(tasks).toMatchObject([{ task: id, attempts: 0, lastRunAt: beginning }])
    })
  )

  clause(
    "T.3.3 only a buried task is revived",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      yield* queue.put(mailTask(beginning))
      const [waiting] = yield* queue.list({ limit: 10 })
      expect(yield* queue.revive(waiting?.id ?? "")).toBe(false)
      yield* queue.claim(["verification-mail"], 1, lease)
      expect(yield* queue.revive(waiting?.id ?? "")).toBe(false)
      expect(yield* queue.revive("no such task")).toBe(false)
    })
  )

  clause(
    "T.3.4 any task is dropped, whatever its state; who holds it is told LeaseLost",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const buried = yield* buryOne
      yield* queue.put(mailTask(beginning))
      const [running] = (yield* queue.claim(["verification-mail"], 1, lease)).tasks
      yield* queue.put(domainTask(beginning))
      const ids = (yield* queue.list({ limit: 10 })).map(({ id }) => id)
      expect(ids.length).toBe(3)
      expect(ids).toContain(buried)
      for (const id of ids) expect(yield* queue.drop(id)).toBe(true)
      for (const id of ids) expect(yield* queue.drop(id)).toBe(false)
      expect((yield* Effect.flip(queue.complete(running ?? { task: "none", fence: 0 })))._tag).toBe("LeaseLost")
      expect(yield* queue.list({ limit: 10 })).toEqual([])
    })
  )

  clause(
    "T.3.5 tasks are listed by state and kind, in the order of their ids, page by page",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      for (let index = 0; index < 25; index++) {
        yield* queue.put(index % 2 === 0 ? mailTask(beginning) : domainTask(beginning, `d${index}.example.com`))
      }
      yield* queue.claim(["probe"], 5, lease)
      const paged: Array<string> = []
      while (true) {
        const page = yield* queue.list({ limit: 7, ...(paged.length > 0 ? { after: paged.at(-1) ?? "" } : {}) })
        if (page.length === 0) break
        paged.push(...page.map(({ id }) => id))
      }
      expect(paged.length).toBe(25)
      expect(new Set(paged).size).toBe(25)
      expect(paged).toEqual([...paged].sort())
      const count = (query: Omit<Parameters<typeof queue.list>[0], "limit">) =>
        Effect.map(queue.list({ ...query, limit: 100 }), ({ length }) => length)
      expect(yield* count({ kind: "verification-mail" })).toBe(13)
      expect(yield* count({ kind: "probe", state: "running" })).toBe(5)
      expect(yield* count({ kind: "probe", state: "waiting" })).toBe(7)
      expect(yield* count({ state: "buried" })).toBe(0)
    })
  )

  clause(
    "T.3.6 a task is found by exactly its key while it waits, runs or is buried, and not when it is gone",
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const { key = "" } = domainTask(beginning, "a.example.com")
      const find = Effect.map(queue.find(key), Option.getOrUndefined)
      const claim = Effect.map(queue.claim(["probe"], 1, lease), ({ tasks: [task] }) => task ?? { task: "", fence: 0 })
      yield* queue.put(mailTask(beginning))
      yield* queue.put(domainTask(beginning + hour, "b.example.com"))
      expect(yield* find).toBeUndefined()
      yield* queue.put(domainTask(beginning - second, "a.example.com"))
      const waiting = yield* find
      expect(waiting).toEqual({
        id: (yield* queue.list({ kind: "probe", limit: 10 }))[1]?.id,
        kind: "probe",
        key,
        state: "waiting",
        due: beginning - second,
        attempts: 0,
        payload: { account: "acc-1", domain: "a.example.com" },
        error: undefined
      })
      const first = yield* claim
      expect(yield* find).toEqual({ ...waiting, state: "running" })
      const next = { due: beginning - 1, attempts: 2, payload: { last: "seen ☕" }, error: "no answer" }
      yield* queue.retryAt(first, next)
      expect(yield* find).toEqual({ ...waiting, ...next })
      yield* queue.bury(yield* claim, "given up")
      expect(yield* find).toEqual({ ...waiting, ...next, state: "buried", error: "given up" })
      for (const other of [key.toUpperCase(), key.slice(1), `${key} `, "", "%"]) {
        expect(yield* queue.find(other)).toEqual(Option.none())
      }
      yield* queue.put(domainTask(beginning - second, "a.example.com"))
      yield* queue.complete(yield* claim)
      expect(yield* find).toBeUndefined()
    })
  )
}

/** A task that was given up after five failed attempts; its id. */
const buryOne = Effect.gen(function* () {
  const queue = yield* TaskQueue
  yield* queue.put(mailTask(beginning))
  const claim = Effect.flatMap(queue.claim(["verification-mail"], 1, lease), ({ tasks: [task] }) =>
    task === undefined ? Effect.die("the task that was put is not claimed") : Effect.succeed(task)
  )
  yield* queue.retryAt(yield* claim, { due: beginning, attempts: 5, error: "no answer" })
  const last = yield* claim
  yield* queue.bury(last, "given up")
  return last.task
})
