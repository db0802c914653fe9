/**
 * Random programs over the storage ports. A step names things by small numbers, which the interpreter turns into the
 * streams, tasks and claims of its storage; so programs make sense on any storage, and shrink well.
 */
import type { SenderEntry, TaskKind } from "@countersign/core"
import type { SenderQuery } from "@countersign/engine"
import fc from "fast-check"
import { day, hour, second } from "../StorageContract/Clause.ts"
import { senderEntry, senderQuery } from "../StorageContract/DirectoryModel.ts"

export interface TaskStep {
  /** Of the keyed tasks; without one it is a task without a key. */
  readonly key: number | undefined
  /** Milliseconds from now. */
  readonly delay: number
  readonly spacing: number
}

export interface AppendStep {
  readonly stream: number
  /** How far the expected version is off. */
  readonly off: number
  readonly events: number
  readonly entry: SenderEntry | undefined
  readonly tasks: ReadonlyArray<TaskStep>
}

export interface CommitStep {
  readonly account: number
  /** Of the commands that come again; without one it is a new command. */
  readonly command: number | undefined
  readonly fingerprint: string
  readonly appends: ReadonlyArray<AppendStep>
  /** Of the claims made so far. */
  readonly settles: number | undefined
  /** What is put under a private key; without it the key is dropped. */
  readonly keys: ReadonlyArray<{ readonly key: number; readonly wrapped: string | undefined }>
}

interface MailStep {
  readonly mail: number
  readonly address: number
  readonly account: number
}

export type Step =
  | { readonly do: "wait"; readonly time: number }
  | { readonly do: "commit"; readonly batch: ReadonlyArray<CommitStep> }
  | { readonly do: "put"; readonly task: TaskStep }
  | { readonly do: "claim"; readonly kinds: ReadonlyArray<TaskKind>; readonly lease: number }
  | { readonly do: "renew" | "complete" | "bury"; readonly claim: number }
  | {
      readonly do: "retry"
      readonly claim: number
      readonly delay: number
      readonly attempts: number
      readonly payload: number | undefined
      readonly error: string | undefined
    }
  | { readonly do: "find"; readonly key: number }
  | { readonly do: "revive" | "drop"; readonly task: number }
  | { readonly do: "take"; readonly mails: ReadonlyArray<MailStep> }
  | { readonly do: "query"; readonly account: number; readonly queries: ReadonlyArray<SenderQuery> }
  | { readonly do: "snapshot" }
  | { readonly do: "receipt"; readonly account: number; readonly command: number }
  | { readonly do: "read"; readonly stream: number; readonly after: number; readonly limit: number }

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const delay = fc.constantFrom(-hour, 0, 0, second, 10 * second, hour)

const task: fc.Arbitrary<TaskStep> = fc.record({
  key: maybe(fc.nat(2)),
  delay,
  spacing: fc.constantFrom(0, 0, 5 * second, hour)
})

const append: fc.Arbitrary<AppendStep> = fc.record({
  stream: fc.nat(2),
  off: fc.constantFrom(0, 0, 0, 0, 0, 0, -1, 1),
  events: fc.constantFrom(1, 1, 2, 3, 0),
  entry: maybe(fc.tuple(senderEntry, fc.integer({ min: 1, max: 3 })).map(withIncarnation)),
  tasks: fc.array(task, { maxLength: 2 })
})

function withIncarnation([entry, incarnation]: readonly [SenderEntry, number]): SenderEntry {
  return { ...entry, incarnation }
}

const commit: fc.Arbitrary<CommitStep> = fc.record({
  account: fc.nat(1),
  command: maybe(fc.nat(3)),
  fingerprint: fc.constantFrom("f", "f", "f", "g"),
  appends: fc.uniqueArray(append, { selector: ({ stream }) => stream, maxLength: 2 }),
  settles: fc.option(fc.nat(5), { nil: undefined, freq: 3 }),
  keys: fc.array(fc.record({ key: fc.nat(2), wrapped: maybe(fc.constantFrom("v", "w")) }), { maxLength: 2 })
})

const claim = fc.nat(9)

/** Few addresses and accounts, so that limits are met; mails that are asked for again now and then. */
const mail: fc.Arbitrary<MailStep> = fc.record({ mail: fc.nat(200), address: fc.nat(1), account: fc.nat(3) })

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("wait" as const), time: fc.constantFrom(second, 15 * second, hour, day) })
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("commit" as const),
      batch: fc.array(commit, { minLength: 1, maxLength: 4 })
    })
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("put" as const), task }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("claim" as const),
      kinds: fc.constantFrom<ReadonlyArray<TaskKind>>(["probe", "verification-mail"], ["probe"], ["verification-mail"]),
      lease: fc.constantFrom(15 * second, hour)
    })
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom("renew" as const, "complete" as const, "bury" as const), claim })
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("retry" as const),
      claim,
      delay,
      attempts: fc.nat(3),
      payload: maybe(fc.nat(3)),
      error: maybe(fc.constantFrom("no answer", ""))
    })
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("find" as const), key: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("revive" as const, "drop" as const), task: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("take" as const), mails: fc.array(mail, { minLength: 1, maxLength: 12 }) })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("query" as const),
      account: fc.nat(1),
      queries: fc.array(senderQuery, { minLength: 1, maxLength: 6 })
    })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("snapshot" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("receipt" as const), account: fc.nat(1), command: fc.nat(3) })
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("read" as const), stream: fc.nat(2), after: fc.nat(6), limit: fc.nat(4) })
  }
)

export const storageProgram: fc.Arbitrary<ReadonlyArray<Step>> = fc.array(step, { maxLength: 60, size: "max" })
