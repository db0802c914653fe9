/**
 * The life of a task as plain steps on the shared state: put, claim, and the four ends of a run. The task queue takes
 * them, and so does a commit, which puts tasks and may settle one.
 *
 * A claim is held as long as nobody else claimed the task and its run was not ended: a lease that ran out still counts
 * while nobody took it over. The fence alone decides, in every verb.
 */
import type { NewTask, TaskKind } from "@countersign/core"
import type { Claim, ClaimedTask, TaskFence } from "@countersign/engine"
import { taskId } from "@countersign/engine/storage"
import type { MemoryState, Task } from "./MemoryState.ts"

/** The task of a claim that is still held. */
export const heldTask = (state: MemoryState, { task: id, fence }: TaskFence): Task | undefined => {
  const task = state.tasks.get(id)
  return task?.state === "running" && task.fence === fence ? task : undefined
}

export const putTask = (state: MemoryState, task: NewTask): void => {
  const existing = task.key === undefined ? undefined : state.tasksByKey.get(task.key)
  if (existing === undefined) putNew(state, task)
  else putAgain(existing, task)
}

const putNew = (state: MemoryState, task: NewTask): void => {
  state.tasksPut += 1
  const created: Task = {
    id: taskId(state.tasksPut),
    kind: task.kind,
    key: task.key,
    state: "waiting",
    due: task.due,
    attempts: 0,
    payload: task.payload,
    error: undefined,
    fence: 0,
    leasedUntil: 0,
    lastRunAt: undefined,
    rerunAt: undefined
  }
  state.tasks.set(created.id, created)
  if (created.key !== undefined) state.tasksByKey.set(created.key, created)
}

const putAgain = (task: Task, { due, spacing }: NewTask): void => {
  const from = task.lastRunAt === undefined ? due : Math.max(due, task.lastRunAt + spacing)
  switch (task.state) {
    case "waiting":
      task.due = Math.min(task.due, from)
      return
    case "running":
      // Outlives a take-over: one run too many is harmless, one too few is lost work.
      task.rerunAt = Math.min(task.rerunAt ?? from, from)
      return
    case "buried":
      startAfresh(task, from)
      return
  }
}

const startAfresh = (task: Task, due: number): void => {
  task.state = "waiting"
  task.due = due
  task.attempts = 0
  task.error = undefined
  task.rerunAt = undefined
}

export const dropTask = (state: MemoryState, task: Task): void => {
  state.tasks.delete(task.id)
  if (task.key !== undefined) state.tasksByKey.delete(task.key)
}

export const completeTask = (state: MemoryState, task: Task): void =>
  task.rerunAt === undefined ? dropTask(state, task) : startAfresh(task, task.rerunAt)

export const retryTask = (
  task: Task,
  next: { readonly due: number; readonly attempts: number; readonly payload?: unknown; readonly error?: string }
): void => {
  task.state = "waiting"
  task.due = Math.min(next.due, task.rerunAt ?? next.due)
  task.attempts = next.attempts
  if (next.payload !== undefined) task.payload = next.payload
  task.error = next.error
  task.rerunAt = undefined
}

export const buryTask = (task: Task, error: string): void => {
  // A put during the run came after whatever made the worker give up: it revives the task like one a moment later.
  if (task.rerunAt !== undefined) startAfresh(task, task.rerunAt)
  else {
    task.state = "buried"
    task.error = error
  }
}

export const reviveTask = (task: Task, now: number): void => startAfresh(task, now)

export const claimTasks = (
  state: MemoryState,
  kinds: ReadonlyArray<TaskKind>,
  limit: number,
  lease: number,
  now: number
): Claim => {
  const ofKinds = [...state.tasks.values()].filter((task) => task.state !== "buried" && kinds.includes(task.kind))
  // The sort is stable and the map keeps the order of puts, which so decides between equal due times.
  const tasks = ofKinds
    .filter((task) => readyAt(task) <= now)
    .sort((a, b) => a.due - b.due)
    .slice(0, limit)
    .map((task) => claimTask(task, now, lease))
  const nextDue = ofKinds.reduce((next, task) => Math.min(next, readyAt(task)), Number.POSITIVE_INFINITY)
  return { tasks, nextDue: nextDue === Number.POSITIVE_INFINITY ? undefined : nextDue, now }
}

const readyAt = (task: Task): number => (task.state === "running" ? task.leasedUntil : task.due)

const claimTask = (task: Task, now: number, lease: number): ClaimedTask => {
  // Its worker died or hangs. That counts as a failed run, so that a task which kills its workers is buried in the end.
  if (task.state === "running") task.attempts += 1
  task.state = "running"
  task.fence += 1
  task.leasedUntil = now + lease
  const lastRunAt = task.lastRunAt
  task.lastRunAt = now
  return {
    task: task.id,
    fence: task.fence,
    kind: task.kind,
    key: task.key,
    due: task.due,
    attempts: task.attempts,
    payload: task.payload,
    lastRunAt
  }
}
