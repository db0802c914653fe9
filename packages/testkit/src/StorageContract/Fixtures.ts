/**
 * Commits, entries and tasks for the storage contract: complete, valid, and dull, so that a clause says only what it is
 * about.
 */
import { makeDnsPlan, type NewTask, probeKey, type SenderEntry } from "@countersign/core"
import { type Append, type Commit, type CommitOutcome, EventStore, type NewEvent } from "@countersign/engine"
import { Effect } from "effect"
import { beginning } from "./Clause.ts"

export const account = "acc-1"

/** An event that is told from others by its text. */
export const eventOf = (text: string): NewEvent => ({
  type: "SenderRemoved",
  schemaVersion: 1,
  data: JSON.stringify({ at: beginning, reason: text }),
  meta: JSON.stringify({ actor: "contract", command: text })
})

/** So many events. */
export const eventsOf = (stream: string, count: number): ReadonlyArray<NewEvent> =>
  Array.from({ length: count }, (_, index) => eventOf(`${stream} ${index}`))

/** One event onto a stream, without entry and tasks, unless told otherwise. */
export const appendOf = (stream: string, expected: number, more: Partial<Append> = {}): Append => ({
  stream,
  expected,
  events: eventsOf(stream, 1),
  entry: undefined,
  tasks: [],
  ...more
})

let commands = 0

/** A command of its own, unless told otherwise. */
export const commitOf = (
  appends: Append | ReadonlyArray<Append>,
  more: Partial<Omit<Commit, "command">> & { readonly command?: Partial<Commit["command"]> } = {}
): Commit => {
  commands += 1
  const id = more.command?.id ?? `command-${commands}`
  return {
    account,
    appends: "stream" in appends ? [appends] : appends,
    ...more,
    command: { id, fingerprint: `print of ${id}`, result: JSON.stringify({ of: id }), ...more.command }
  }
}

export const entryOf = (sender: string, more: Partial<SenderEntry> = {}): SenderEntry => {
  const canonical = more.canonical ?? `${sender}@example.com`
  const domain = more.domain ?? "example.com"
  return {
    id: sender,
    account,
    owner: { _tag: "Account" },
    kind: "email",
    address: canonical,
    canonical,
    domain,
    status: "pending",
    mailbox: "pending",
    domainState: "pending",
    domainSince: beginning,
    verdicts: [{ name: `t1._domainkey.${domain}`, verdict: "mismatch", found: ["elsewhere.example.net"] }],
    plan: makeDnsPlan(domain, ["t1", "t2", "t3"], "dkim.example.net"),
    metadata: {},
    incarnation: 1,
    addedAt: beginning,
    updatedAt: beginning,
    ...more
  }
}

/** A task without a key. */
export const mailTask = (due: number, verificationId = "v-1"): NewTask => ({
  kind: "verification-mail",
  key: undefined,
  due,
  spacing: 0,
  payload: { sender: "s-1", incarnation: 1, verificationId }
})

/** A task with a key. */
export const domainTask = (
  due: number,
  domain = "example.com",
  spacing = 0
): Extract<NewTask, { readonly kind: "probe" }> => ({
  kind: "probe",
  key: probeKey(account, domain),
  due,
  spacing,
  payload: { account, domain }
})

/** Commits one by one what is given as a batch of its own each. */
export const commitEach = Effect.fnUntraced(function* (...commits: ReadonlyArray<Commit>) {
  const store = yield* EventStore
  const outcomes: Array<CommitOutcome> = []
  for (const commit of commits) outcomes.push(...(yield* store.commit([commit])))
  return outcomes
})

export const tags = (outcomes: ReadonlyArray<CommitOutcome>): ReadonlyArray<string> => outcomes.map(({ _tag }) => _tag)

/** The texts of a stream's events, in order. */
export const streamData = (stream: string) =>
  EventStore.use((store) =>
    Effect.map(store.readStream(stream, 0, 10_000), ({ events }) => events.map(({ data }) => data))
  )
