/**
 * A worker of its own for tests of the task runner: any handler, over a queue in memory that can fail.
 */
import type { NewTask } from "@countersign/core"
import { TaskQueue } from "@countersign/engine"
import { MemoryStorage } from "@countersign/memory"
import { StorageFaults } from "@countersign/testkit"
import { Clock, Effect, Scope } from "effect"
import { type Handler, type Next, runTasks } from "../src/workers/TaskRunner.ts"
import { senderId } from "./Ids.ts"

export const storage = StorageFaults.layer(MemoryStorage.layer)
export const second = 1_000
export const done: Next = { _tag: "Complete" }

export const task = (change: Partial<NewTask & { readonly kind: "account-notice" }> = {}): NewTask => ({
  kind: "account-notice",
  key: undefined,
  due: 0,
  spacing: 0,
  payload: { sender: senderId("s"), incarnation: 1 },
  ...change
})

/** Runs the handler as the only worker, until its scope is closed. */
export const start = Effect.fnUntraced(function* (
  run: Handler<"account-notice">["run"],
  change: Partial<Handler<"account-notice">> = {}
) {
  const scope = yield* Scope.make()
  yield* runTasks({ kind: "account-notice", concurrency: 2, attempts: 5, run, ...change }).pipe(Scope.provide(scope))
  return scope
})

/** The times of a handler's runs, which answers the same each time. */
export const timed = (answer: Effect.Effect<Next, { readonly message: string }>) => {
  const times: Array<number> = []
  const run = () =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.andThen(
        Effect.sync(() => times.push(now)),
        answer
      )
    )
  return { times, run }
}

export const states = Effect.map(
  Effect.flatMap(TaskQueue, ({ list }) => list({ limit: 1_000 })),
  (tasks) => tasks.map(({ state }) => state)
)
