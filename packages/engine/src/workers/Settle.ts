/**
 * A worker's result as a command that settles its task in the same transaction.
 */
import type { SenderCommand } from "@countersign/core"
import { Effect } from "effect"
import type { Executor } from "../Executor.ts"
import type { TaskFence } from "../ports/EventStore.ts"
import type { Next } from "./TaskRunner.ts"

/** The command's id is the task and its fence, so a result that was written but not answered is not written twice. */
export const settleBy = Effect.fnUntraced(function* (
  executor: Executor["Service"],
  task: TaskFence,
  sender: string,
  account: string,
  command: (at: number) => SenderCommand
) {
  const executed = yield* executor.execute({
    account,
    actor: "worker",
    correlation: task.task,
    command: { id: `task:${task.task}:${task.fence}`, fingerprint: "" },
    steps: [{ sender, command: ({ at }) => Effect.succeed(command(at)) }],
    result: () => "",
    alwaysReceipt: false,
    settles: { task: task.task, fence: task.fence }
  })
  const settled = executed._tag === "Replayed" || executed.committed
  return { _tag: settled ? "Settled" : "Complete" } satisfies Next
})
