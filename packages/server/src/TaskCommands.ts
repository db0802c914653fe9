/**
 * `tasks`: the work that waits, runs or was given up, for an operator to look at, try again or delete.
 */
import { taskPayloads } from "@countersign/core"
import { TaskQueue, type TaskRecord } from "@countersign/engine"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { json, lines, say } from "./CommandAnswers.ts"
import { StartProblem } from "./StartProblem.ts"
import { existingStore } from "./Store.ts"

const id = Argument.String("id").pipe(Argument.withDescription("The task's id"))

const taskKinds = Object.keys(taskPayloads).filter((kind): kind is keyof typeof taskPayloads => kind in taskPayloads)

const taskView = (task: TaskRecord) => ({
  id: task.id,
  kind: task.kind,
  state: task.state,
  due: new Date(task.due).toISOString(),
  attempts: task.attempts,
  error: task.error ?? null,
  payload: task.payload
})

const tasksList = Command.make(
  "list",
  {
    state: Flag.Literals("state", ["buried", "waiting", "running", "all"]).pipe(
      Flag.withDescription("Which tasks; buried unless given"),
      Flag.withDefault("buried")
    ),
    kind: Flag.Literals("kind", taskKinds).pipe(Flag.withDescription("Only tasks of this kind"), Flag.optional),
    after: Flag.String("after").pipe(Flag.withDescription("Go on after the task with this id"), Flag.optional),
    limit: Flag.Int("limit").pipe(Flag.withDescription("How many at most; 100 unless given"), Flag.withDefault(100)),
    json
  },
  Effect.fn(function* (input) {
    const queue = yield* TaskQueue
    const records = yield* queue.list({
      limit: Math.max(1, Math.min(input.limit, 1_000)),
      ...(input.state === "all" ? {} : { state: input.state }),
      ...(Option.isSome(input.kind) ? { kind: input.kind.value } : {}),
      ...(Option.isSome(input.after) ? { after: input.after.value } : {})
    })
    const tasks = records.map(taskView)
    const rows = tasks.map((task) => {
      return `${task.id}  ${task.kind}  ${task.state}  due ${task.due}  attempts ${task.attempts}  ${task.error ?? ""}`.trimEnd()
    })
    yield* say(input.json, { tasks }, lines(rows, "There are no such tasks."))
  })
).pipe(
  Command.withDescription("List tasks, those that were given up unless told otherwise"),
  Command.provide(existingStore)
)

const tasksRevive = Command.make(
  "revive",
  { id, json },
  Effect.fn(function* (input) {
    const revived = yield* (yield* TaskQueue).revive(input.id)
    if (!revived) return yield* new StartProblem({ message: `There is no buried task ${input.id}.` })
    yield* say(input.json, { id: input.id, revived }, `Task ${input.id} is due now.`)
  })
).pipe(Command.withDescription("Try a buried task again"), Command.provide(existingStore))

const tasksDrop = Command.make(
  "drop",
  { id, json },
  Effect.fn(function* (input) {
    const dropped = yield* (yield* TaskQueue).drop(input.id)
    if (!dropped) return yield* new StartProblem({ message: `There is no task ${input.id}.` })
    yield* say(input.json, { id: input.id, dropped }, `Task ${input.id} is gone.`)
  })
).pipe(Command.withDescription("Delete a task for good"), Command.provide(existingStore))

/** `tasks`. */
export const tasksCommand = Command.make("tasks").pipe(
  Command.withDescription("Work that waits, and work that was given up"),
  Command.withSubcommands([tasksList, tasksRevive, tasksDrop])
)
