/**
 * The task queue in memory: the steps of `MemoryTasks.ts` by Effect's clock.
 */
import { LeaseLost, type TaskFence, TaskQueue, type TaskRecord } from "@countersign/engine"
import { Clock, Effect, Option } from "effect"
import { byCodePoint } from "./CodePointOrder.ts"
import { hint, type MemoryState, type Task } from "./MemoryState.ts"
import {
  buryTask,
  claimTasks,
  completeTask,
  dropTask,
  heldTask,
  putTask,
  retryTask,
  reviveTask
} from "./MemoryTasks.ts"

export const makeTaskQueue = (state: MemoryState): TaskQueue["Service"] => {
  const change = (step: (now: number) => void) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      step(now)
      hint(state)
    })

  const withHeld = (claim: TaskFence, step: (task: Task, now: number) => void) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const task = heldTask(state, claim)
      if (task === undefined) return Effect.fail(new LeaseLost({ task: claim.task }))
      step(task, now)
      hint(state)
      return Effect.void
    })

  return TaskQueue.of({
    put: (task) => change(() => putTask(state, task)),
    claim: (kinds, limit, lease) =>
      Effect.map(Clock.currentTimeMillis, (now) => claimTasks(state, kinds, limit, lease, now)),
    renew: (claim, lease) =>
      withHeld(claim, (task, now) => {
        task.leasedUntil = now + lease
      }),
    complete: (claim) => withHeld(claim, (task) => completeTask(state, task)),
    retryAt: (claim, next) => withHeld(claim, (task) => retryTask(task, next)),
    bury: (claim, error) => withHeld(claim, (task) => buryTask(task, error)),
    find: (key) => Effect.sync(() => Option.map(Option.fromUndefinedOr(state.tasksByKey.get(key)), record)),
    list: ({ state: wanted, kind, after, limit }) =>
      Effect.sync(() =>
        [...state.tasks.values()]
          .filter((task) => wanted === undefined || task.state === wanted)
          .filter((task) => kind === undefined || task.kind === kind)
          .filter((task) => after === undefined || byCodePoint(task.id, after) > 0)
          .sort((a, b) => byCodePoint(a.id, b.id))
          .slice(0, limit)
          .map(record)
      ),
    revive: (id) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const task = state.tasks.get(id)
        if (task?.state !== "buried") return false
        reviveTask(task, now)
        hint(state)
        return true
      }),
    drop: (id) =>
      Effect.sync(() => {
        const task = state.tasks.get(id)
        if (task !== undefined) dropTask(state, task)
        return task !== undefined
      })
  })
}

const record = ({ id, kind, key, state, due, attempts, payload, error }: Task): TaskRecord => ({
  id,
  kind,
  key,
  state,
  due,
  attempts,
  payload,
  error
})
