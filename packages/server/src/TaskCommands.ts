/**
 * `tasks`: the work that waits, runs or was given up, for an operator to see, try again or delete.
 */
import { taskPayloads } from "@countersign/core"
import { type StorageUnavailable, TaskQueue, type TaskRecord } from "@countersign/engine"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { json, lines, optionalText, say, timeOf } from "./CommandAnswers.ts"
import { OperatorError } from "./OperatorError.ts"
import { firstAdd } from "./SenderLookup.ts"
import { existingStore } from "./Store.ts"

const ids = Argument.String("id").pipe(Argument.withDescription("The tasks' ids"), Argument.variadic({ min: 1 }))

const taskKinds = Object.keys(taskPayloads).filter((kind): kind is keyof typeof taskPayloads => kind in taskPayloads)

/** Who the sender of a task is. */
const senderOf = Effect.fnUntraced(function* ({ payload }: TaskRecord) {
  if (typeof payload !== "object" || payload === null || !("sender" in payload)) return null
  const added = yield* firstAdd(String(payload.sender))
  return added === undefined ? null : { account: added.account, address: added.address }
})

const taskView = Effect.fnUntraced(function* (task: TaskRecord) {
  return {
    id: task.id,
    kind: task.kind,
    key: task.key ?? null,
    state: task.state,
    due: timeOf(task.due),
    attempts: task.attempts,
    error: task.error ?? null,
    payload: task.payload,
    sender: yield* senderOf(task)
  }
})

type TaskView = Effect.Success<ReturnType<typeof taskView>>

const taskLine = ({ id, kind, key, state, due, attempts, error, payload, sender }: TaskView): string => {
  const whose = sender === null ? "" : `${sender.address} of account ${sender.account}  `
  const about = `${whose}${key ?? JSON.stringify(payload)}`
  return `${id}  ${kind}  ${state}  due ${due}  attempts ${attempts}  ${about}  ${error ?? ""}`.trimEnd()
}

const mostListed = 1_000

const tasksList = Command.make(
  "list",
  {
    state: Flag.Literals("state", ["buried", "waiting", "running", "all"]).pipe(
      Flag.withDescription("Which tasks; default: buried"),
      Flag.withDefault("buried")
    ),
    kind: Flag.Literals("kind", taskKinds).pipe(Flag.withDescription("Only tasks of this kind"), Flag.optional),
    after: optionalText("after", "Start after this task"),
    limit: Flag.Int("limit").pipe(Flag.withDescription("How many at most; default: 100"), Flag.withDefault(100)),
    json
  },
  Effect.fn(function* (input) {
    const queue = yield* TaskQueue
    if (input.limit < 1 || input.limit > mostListed) {
      return yield* new OperatorError({ message: `--limit: Give a number from 1 to ${mostListed}.` })
    }
    const records = yield* queue.list({
      limit: input.limit,
      ...(input.state === "all" ? {} : { state: input.state }),
      ...(Option.isSome(input.kind) ? { kind: input.kind.value } : {}),
      ...(Option.isSome(input.after) ? { after: input.after.value } : {})
    })
    const tasks = yield* Effect.forEach(records, taskView)
    // A full page may be the last one; then the next is empty.
    const next = tasks.length < input.limit ? null : (tasks.at(-1)?.id ?? null)
    const rows = [...tasks.map(taskLine), ...(next === null ? [] : [`There may be more: --after ${next}`])]
    yield* say(input.json, { tasks, next }, lines(rows, "No tasks found."))
  })
).pipe(Command.withDescription("List tasks; buried ones by default"), Command.provide(existingStore))

/** Does it to every task, and says at the end which were not there. */
const forEachTask = Effect.fnUntraced(function* (
  input: { readonly id: ReadonlyArray<string>; readonly json: boolean },
  step: (id: string) => Effect.Effect<boolean, StorageUnavailable>,
  words: { readonly done: string; readonly sentence: (id: string) => string; readonly missing: string }
) {
  const done: Array<string> = []
  const missing: Array<string> = []
  for (const id of input.id) {
    const hit = yield* step(id)
    ;(hit ? done : missing).push(id)
  }
  if (done.length > 0) yield* say(input.json, { [words.done]: done }, lines(done.map(words.sentence), ""))
  if (missing.length > 0) {
    return yield* new OperatorError({ message: `There is no ${words.missing} ${missing.join(", ")}.` })
  }
})

const tasksRevive = Command.make(
  "revive",
  { id: ids, json },
  Effect.fn(function* (input) {
    const { revive } = yield* TaskQueue
    yield* forEachTask(input, revive, {
      done: "revived",
      sentence: (id) => `Task ${id} is due now.`,
      missing: "buried task"
    })
  })
).pipe(Command.withDescription("Try buried tasks again"), Command.provide(existingStore))

const tasksDrop = Command.make(
  "drop",
  { id: ids, json },
  Effect.fn(function* (input) {
    const { drop } = yield* TaskQueue
    yield* forEachTask(input, drop, { done: "dropped", sentence: (id) => `Dropped task ${id}.`, missing: "task" })
  })
).pipe(Command.withDescription("Delete tasks for good"), Command.provide(existingStore))

/** `tasks`. */
export const tasksCommand = Command.make("tasks").pipe(
  Command.withDescription("Tasks that wait, run or are buried"),
  Command.withSubcommands([tasksList, tasksRevive, tasksDrop])
)
