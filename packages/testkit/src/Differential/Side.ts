/**
 * One of the two storages of a differential run: takes the steps of a program and answers in words that do not depend
 * on the storage.
 */
import { AccountId, type NewTask, type SenderEntry, StoredDomainName, StoredSenderId } from "@countersign/core"
import {
  type Append,
  type ClaimedTask,
  type Commit,
  EventStore,
  type ListedSender,
  MailBudget,
  Maintenance,
  SenderDirectory,
  type SenderQuery,
  SigningKeys,
  type StoredRow,
  type TaskFence,
  TaskQueue,
  type TaskRecord
} from "@countersign/engine"
import { Clock, Context, Effect, Option, Stream } from "effect"
import { minute, type StoragePorts } from "../StorageContract/Clause.ts"
import { domainTask, eventsOf, mailTask } from "../StorageContract/Fixtures.ts"
import { dropKey, putKey } from "../StorageContract/SigningKeysContract.ts"
import type { AppendStep, CommitStep, Step, TaskStep } from "./StorageProgram.ts"

const accountOf = (index: number) => AccountId.make(`acc-${index}`)
const accounts = [accountOf(0), accountOf(1)]
const streamOf = (account: number, stream: number) => StoredSenderId.make(`stream-${account}-${stream}`)
const domain = StoredDomainName.make("d")
const keyedTask = (key: number, due: number, spacing?: number) => domainTask(due, `d-${key}.example.com`, spacing)

export const makeSide = (storage: Context.Context<StoragePorts>) => {
  const store = Context.get(storage, EventStore)
  const directory = Context.get(storage, SenderDirectory)
  const queue = Context.get(storage, TaskQueue)
  const budget = Context.get(storage, MailBudget)
  const maintenance = Context.get(storage, Maintenance)
  /** Every claim ever made, in an order that does not depend on the storage. */
  const claims: Array<TaskFence> = []

  const claimAt = (index: number) => claims[index % Math.max(1, claims.length)] ?? nobodysClaim

  const versionOf = (stream: string) => Effect.map(store.readStream(stream, 0, 10_000), ({ events }) => events.length)

  const tasksOf = (steps: ReadonlyArray<TaskStep>, name: string) =>
    Effect.map(Clock.currentTimeMillis, (now) =>
      steps.map((task, index): NewTask => {
        const due = now + task.delay
        return task.key === undefined
          ? mailTask(due, `${name}-${index}`)
          : {
              ...keyedTask(task.key, due, task.spacing),
              payload: { account: AccountId.make(name), domain }
            }
      })
    )

  const appendOf = Effect.fnUntraced(function* (account: number, append: AppendStep, name: string) {
    const stream = streamOf(account, append.stream)
    const version = yield* versionOf(stream)
    const entry = { id: stream, account: accountOf(account) }
    // Without an event there is nothing to stamp a new entry with: then the sender stays as it is.
    const before = Option.getOrUndefined(yield* directory.find(entry.account, stream))
    return {
      stream,
      expected: Math.max(0, version + append.off),
      events: eventsOf(`${name} of ${stream}`, append.events),
      entry: append.events === 0 ? before && unplaced(before) : append.entry && { ...append.entry, ...entry },
      tasks: yield* tasksOf(append.tasks, `${name}-${append.stream}`)
    } satisfies Append
  })

  const commitOf = Effect.fnUntraced(function* (step: CommitStep, name: string) {
    const { account, command, fingerprint, keys, settles } = step
    return {
      account: accountOf(account),
      command: {
        id: command === undefined ? name : `command-${command}`,
        fingerprint,
        result: JSON.stringify({ of: name })
      },
      appends: yield* Effect.forEach(step.appends, (append) => appendOf(account, append, name)),
      ...(settles === undefined ? {} : { settles: claimAt(settles) }),
      keys: keys.map(({ key, wrapped }) =>
        wrapped === undefined ? dropKey(`key-${key}`) : putKey(`key-${key}`, wrapped)
      )
    } satisfies Commit
  })

  const ask = Effect.fnUntraced(function* (query: SenderQuery) {
    const { order: _, offset: __, limit: ___, ...filter } = query
    return {
      page: yield* directory.page(query),
      count: yield* directory.count(filter),
      current: Option.getOrUndefined(yield* directory.current(query.account, query.owner ?? { _tag: "Account" })),
      onDomain: yield* directory.onDomain(query.account, "a.example.com", query.offset, query.limit)
    }
  })

  const answer = Effect.fnUntraced(function* (step: Step, index: number) {
    const now = yield* Clock.currentTimeMillis
    switch (step.do) {
      case "wait":
        return now
      case "commit":
        return yield* store.commit(
          yield* Effect.forEach(step.batch, (commit, at) => commitOf(commit, `commit-${index}-${at}`))
        )
      case "put":
        return yield* Effect.forEach(yield* tasksOf([step.task], `put-${index}`), queue.put, { discard: true })
      case "claim": {
        const claim = yield* queue.claim(step.kinds, 100, step.lease)
        const tasks = [...claim.tasks].sort(byContent)
        claims.push(...tasks)
        const inOrder = claim.tasks.every((task, at) => task.due >= (claim.tasks[at - 1]?.due ?? task.due))
        return { ...claim, inOrder, tasks: tasks.map(({ task: _, fence: __, ...rest }) => rest) }
      }
      case "renew":
        return yield* verdict(queue.renew(claimAt(step.claim), minute))
      case "complete":
        return yield* verdict(queue.complete(claimAt(step.claim)))
      case "bury":
        return yield* verdict(queue.bury(claimAt(step.claim), `buried by ${index}`))
      case "retry":
        return yield* verdict(
          queue.retryAt(claimAt(step.claim), {
            due: now + step.delay,
            attempts: step.attempts,
            ...(step.payload === undefined ? {} : { payload: { account: "retried", domain: `${step.payload}` } }),
            ...(step.error === undefined ? {} : { error: step.error })
          })
        )
      case "find": {
        const task = yield* queue.find(keyedTask(step.key, now).key ?? "")
        return Option.getOrUndefined(Option.map(task, ({ id: _, ...rest }) => rest))
      }
      case "revive":
      case "drop": {
        const tasks = yield* allTasks
        const id = tasks[step.task % Math.max(1, tasks.length)]?.id ?? "none"
        return yield* step.do === "revive" ? queue.revive(id) : queue.drop(id)
      }
      case "take":
        return yield* Effect.forEach(step.mails, ({ mail, address, account }) =>
          budget.take({ mail: `mail-${mail}`, addressHash: `address-${address}`, account: `account-${account}` })
        )
      case "query":
        return yield* Effect.forEach(step.queries, (query) => ask({ ...query, account: accountOf(step.account) }))
      case "snapshot":
        return (yield* Stream.runCollect(maintenance.snapshot)).flatMap(comparable).sort()
      case "read": {
        const stream = streamOf(0, step.stream)
        return [yield* store.readStream(stream, step.after, step.limit), yield* store.readLog(step.after, step.limit)]
      }
      case "receipt": {
        const receipt = yield* store.receipt(accounts[step.account] ?? "", `command-${step.command}`)
        return [Option.getOrUndefined(receipt), yield* store.head]
      }
    }
  })

  const allTasks = Effect.map(queue.list({ limit: 10_000 }), (tasks) => [...tasks].sort(byContent))

  const faults = (slice: string | undefined): Effect.Effect<ReadonlyArray<string>, unknown> =>
    Effect.flatMap(maintenance.audit(slice, { repair: false }), (found) =>
      found.next === undefined ? Effect.succeed(found.faults) : faults(found.next)
    )

  const everything = Effect.gen(function* () {
    const tasks = yield* allTasks
    const page = { order: "oldest-first", offset: 0, limit: 1_000 } as const
    return {
      log: yield* store.readLog(0, 10_000),
      keys: yield* Context.get(storage, SigningKeys).list,
      tasks: tasks.map(({ id: _, ...rest }) => rest),
      senders: yield* Effect.forEach(accounts, (account) => directory.page({ account, ...page })),
      streams: yield* maintenance.streams("", 1_000),
      faults: yield* faults(undefined)
    }
  })

  return { answer, everything }
}

/** What a verb of a holder answers. */
const verdict = <E extends { readonly _tag: string }>(verb: Effect.Effect<void, E>): Effect.Effect<string> =>
  Effect.match(verb, { onSuccess: () => "done", onFailure: ({ _tag }) => _tag })

/**
 * An order that does not depend on ids. Tasks without a key differ in their payloads, and those with one in their keys.
 */
const byContent = <T extends ClaimedTask | TaskRecord>(a: T, b: T): number => {
  const rank = ({ key, payload }: T) => key ?? JSON.stringify(payload)
  return rank(a) < rank(b) ? -1 : 1
}

/** A row without the names that a storage gives by itself. */
const comparable = (row: StoredRow): ReadonlyArray<string> => {
  if (row._tag === "Installation") return []
  if (row._tag !== "Task") return [JSON.stringify(row, Object.keys(row).sort())]
  const { number: _, fence: __, ...task } = row
  return [JSON.stringify(task, Object.keys(task).sort())]
}

const nobodysClaim: TaskFence = { task: "none", fence: 0 }

const unplaced = ({ position: _, ...entry }: ListedSender): SenderEntry => entry
