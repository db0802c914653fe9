/**
 * Verifies all tasks: each carries what its kind needs, and every domain of a live sender has a probe.
 */
import { taskPayloads } from "@countersign/core"
import { Effect, Result, Schema } from "effect"
import { type ListedSender, SenderDirectory } from "../ports/SenderDirectory.ts"
import { TaskQueue, type TaskRecord } from "../ports/TaskQueue.ts"

const pageSize = 500

/** `probed`: a live sender for each key of a probe that there should be. Answers how many tasks there are. */
export const checkTasks = Effect.fnUntraced(function* <E, R>(
  probed: ReadonlyMap<string, ListedSender>,
  say: (problem: string) => Effect.Effect<void, E, R>
) {
  const queue = yield* TaskQueue
  const directory = yield* SenderDirectory
  const unseen = new Map(probed)
  let after: string | undefined
  let tasks = 0

  const listOn = Effect.fnUntraced(function* () {
    while (true) {
      const page = yield* queue.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
      for (const task of page) {
        after = task.id
        tasks += 1
        if (task.key !== undefined) unseen.delete(task.key)
        const problem = problemOf(task)
        if (problem !== undefined) yield* say(`task ${task.id}: ${problem}`)
      }
      if (page.length < pageSize) return
    }
  })

  yield* listOn()
  // Since the directory was read a domain's last sender may be gone, and its probe with it. One that came back has a
  // new probe.
  for (const [key, { account, domain }] of unseen) {
    if ((yield* directory.onDomain(account, domain, 0, 1)).length === 0) unseen.delete(key)
  }
  if (unseen.size > 0) yield* listOn()
  for (const { account, domain } of unseen.values()) {
    yield* say(`no task probes ${domain} for account ${account}, which has a live sender there`)
  }
  return tasks
})

const problemOf = ({ kind, payload }: TaskRecord): string | undefined => {
  if (!Object.hasOwn(taskPayloads, kind)) return `its kind, ${kind}, is unknown`
  const decoded = Schema.decodeUnknownResult(taskPayloads[kind])(payload)
  return Result.isFailure(decoded) ? `what it carries is not of its kind: ${decoded.failure.message}` : undefined
}
