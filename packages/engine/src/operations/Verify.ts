/**
 * Verifies a whole store while servers commit to it, without a false alarm, and reports every problem.
 *
 * The log: positions without a hole, times that do not go back, every event readable, every stream without a hole, and
 * every transition by verdict one that follows from the evidence in its event. What follows from it: the directory,
 * row by row, and what the adapter keeps beside the rows. The work: every task readable, and a probe for every domain
 * with a live sender. It cannot see an event that was replaced by another one that is as plausible: nothing here is
 * signed.
 */
import { probeKey } from "@countersign/core"
import { Effect } from "effect"
import { EventStore, type StorageUnavailable } from "../ports/EventStore.ts"
import { type MaintainedStore, Maintenance } from "../ports/Maintenance.ts"
import type { ListedSender } from "../ports/SenderDirectory.ts"
import { type CheckedDirectory, checkDirectory } from "./CheckDirectory.ts"
import { checkTasks } from "./CheckTasks.ts"
import { unreadable } from "./Refold.ts"

/** What was verified. */
export interface Verified extends CheckedDirectory {
  readonly events: number
  readonly tasks: number
  readonly problems: number
}

type Say<E, R> = (problem: string) => Effect.Effect<void, E, R>

const pageSize = 500

/** Says every problem, a sentence each, as it is found. */
export const verifyStore = Effect.fnUntraced(function* <E, R>(
  store: MaintainedStore,
  say: Say<E, R>,
  onLive?: (entry: ListedSender) => void
): Effect.fn.Return<CheckedDirectory & { readonly events: number }, StorageUnavailable | E, R> {
  const events = yield* checkLog(store, say)
  const checked = yield* checkDirectory(store, say, onLive)
  yield* checkIndexes(store, say)
  return { ...checked, events }
})

/** Verifies the store. */
export const verify = Effect.fn("Verify")(function* <E, R>(say: Say<E, R>) {
  let problems = 0
  const count: Say<E, R> = (problem) => {
    problems += 1
    return say(problem)
  }
  const probed = new Map<string, ListedSender>()
  const checked = yield* verifyStore({ ...(yield* Maintenance), ...(yield* EventStore) }, count, (entry) => {
    probed.set(probeKey(entry.account, entry.domain), entry)
  })
  const tasks = yield* checkTasks(probed, count)
  return { ...checked, tasks, problems } satisfies Verified
})

/** Answers how many events there are. The first page that is not full is the end, whatever is committed after it. */
const checkLog = Effect.fnUntraced(function* <E, R>(store: MaintainedStore, say: Say<E, R>) {
  let [position, recordedAt, count] = [0, Number.NEGATIVE_INFINITY, 0]
  while (true) {
    const { events } = yield* store.readLog(position, pageSize)
    for (const event of events) {
      if (event.position !== position + 1) yield* say(missing(position + 1, event.position - 1))
      if (event.recordedAt < recordedAt) {
        yield* say(`position ${event.position} (stream ${event.stream}) was recorded before the event in front of it`)
      }
      // Whether it can be read as an event is seen when its stream is.
      if (!isJson(event.meta)) yield* say(unreadable(event, "its metadata is not JSON"))
      position = event.position
      recordedAt = event.recordedAt
      count += 1
    }
    if (events.length < pageSize) return count
  }
})

const missing = (from: number, to: number): string =>
  from === to ? `position ${from} is missing in the log` : `positions ${from} to ${to} are missing in the log`

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const checkIndexes = Effect.fnUntraced(function* <E, R>(store: MaintainedStore, say: Say<E, R>) {
  let slice: string | undefined
  do {
    const audited = yield* store.audit(slice, { repair: false })
    for (const fault of audited.faults) yield* say(fault)
    slice = audited.next
  } while (slice !== undefined)
})
