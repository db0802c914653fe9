/**
 * A worker's result as a command that settles its task in the same transaction.
 */
import { type AccountId, type SenderCommand, type SenderId, senderDecider } from "@countersign/core"
import { Effect } from "effect"
import type { Executor } from "../Executor.ts"
import type { TaskFence } from "../ports/EventStore.ts"
import { neverRefused, neverRepeated } from "../Refusals.ts"
import type { Next } from "./TaskRunner.ts"

/** The command's id is the task and its fence, so a result that was written but not answered is not written twice. */
export const settleBy = Effect.fnUntraced(function* (
  executor: Executor["Service"],
  task: TaskFence,
  id: SenderId,
  account: AccountId,
  command: (at: number) => SenderCommand
) {
  const request = {
    account,
    actor: "worker",
    correlation: task.task,
    command: `task:${task.task}:${task.fence}`,
    settles: { task: task.task, fence: task.fence }
  }
  const executed = yield* executor
    .execute(request, (tx) =>
      Effect.flatMap(tx.read(senderDecider, id), ({ at }) => tx.decide(senderDecider, id, command(at)))
    )
    .pipe(Effect.catchTags({ ...neverRefused, ...neverRepeated }))
  const settled = executed._tag === "Replayed" || executed.committed
  return { _tag: settled ? "Settled" : "Complete" } satisfies Next
})
