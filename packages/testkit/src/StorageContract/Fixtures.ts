/**
 * Commits, entries and tasks for the storage contract: complete, valid, and dull, so that a clause says only what it is
 * about.
 */
import {
  AccountId,
  CanonicalAddress,
  makeDnsPlan,
  type NewTask,
  OrganizationId,
  type Owner,
  probeKey,
  type SenderEntry,
  StoredDomainName,
  StoredSenderId
} from "@countersign/core"
import { type Append, type Commit, type CommitOutcome, EventStore, type NewEvent } from "@countersign/engine"
import { Effect } from "effect"
import { beginning } from "./Clause.ts"

export const account = AccountId.make("acc-1")

export const organizationOf = (id: string): Owner => ({
  _tag: "Organization",
  organization: OrganizationId.make(id)
})

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

/** What is different in an entry. Ids, addresses and domains are any texts that a clause tells apart. */
interface EntryDetails
  extends Partial<Omit<SenderEntry, "id" | "account" | "canonical" | "domain">>,
    Partial<Record<"account" | "canonical" | "domain", string>> {}

export const entryOf = (sender: string, details: EntryDetails = {}): SenderEntry => {
  const { account: of = account, canonical = `${sender}@example.com`, domain = "example.com", ...more } = details
  return {
    id: StoredSenderId.make(sender),
    account: AccountId.make(of),
    owner: { _tag: "Account" },
    kind: "email",
    address: canonical,
    canonical: CanonicalAddress.make(canonical),
    domain: StoredDomainName.make(domain),
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
  payload: { sender: StoredSenderId.make("s-1"), incarnation: 1, verificationId }
})

/** A task with a key. */
export const domainTask = (
  due: number,
  name = "example.com",
  spacing = 0
): Extract<NewTask, { readonly kind: "probe" }> => {
  const domain = StoredDomainName.make(name)
  return { kind: "probe", key: probeKey(account, domain), due, spacing, payload: { account, domain } }
}

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
