/**
 * Histories of senders and their mailboxes committed to a store as the engine commits them: the events, the row and the
 * tasks that follow.
 */
import {
  type Decider,
  type MailboxId,
  mailboxDecider,
  type SenderId,
  StoredSenderId,
  senderDecider
} from "@countersign/core"
import { AccountAdmin, type Append, EventStore, MailBudget } from "@countersign/engine"
import { Brand, Effect } from "effect"
import fc from "fast-check"
import { arbitraryHistory, type History } from "../arbitraries/Histories.ts"
import { type PlayedStep, playHistory } from "../arbitraries/HistoryPlay.ts"
import { ringCommit } from "../SampleCommit.ts"

/** Histories of several senders: what a store holds. */
export const histories: fc.Arbitrary<ReadonlyArray<History>> = fc.array(arbitraryHistory({ length: 12 }), {
  minLength: 1,
  maxLength: 4
})

const mailboxName = Brand.nominal<MailboxId>()

/** Commits the histories, a step of each in turn. `name` keeps senders and commands apart when it is done again. */
export const playAll = Effect.fnUntraced(function* (all: ReadonlyArray<History>, name = "sender") {
  const played = all.map((history, index) => ({
    account: history.subject.account,
    sender: StoredSenderId.make(`${name}-${index}`),
    mailbox: mailboxName(`${name}-mailbox-${index}`),
    steps: playHistory(history),
    versions: new Map<string, number>()
  }))
  const longest = Math.max(0, ...all.map(({ steps }) => steps.length))
  for (let at = 0; at < longest; at++) {
    for (const { account, sender, mailbox, steps, versions } of played) {
      const appends = appendsOf(sender, mailbox, steps[at], versions)
      if (appends.length === 0) continue
      yield* Effect.yieldNow
      const store = yield* EventStore
      const id = `${sender} ${at}`
      yield* store.commit([{ account, command: { id, fingerprint: "", result: id }, appends }])
    }
  }
})

/** What a step writes. `versions` holds the version of each stream, and is moved on. */
const appendsOf = (
  sender: SenderId,
  mailbox: MailboxId,
  step: PlayedStep | undefined,
  versions: Map<string, number>
): ReadonlyArray<Append> => {
  const append = <Id extends string, State, Event>(
    decider: Pick<Decider<Id, State, never, Event, unknown, never>, "evolve" | "react" | "view" | "codec">,
    stream: Id,
    turn: { readonly before: State; readonly events: ReadonlyArray<Event> } | undefined
  ): ReadonlyArray<Append> => {
    if (turn === undefined || turn.events.length === 0) return []
    const expected = versions.get(stream) ?? 0
    versions.set(stream, expected + turn.events.length)
    let state = turn.before
    const tasks = turn.events.flatMap((event) => {
      state = decider.evolve(state, event)
      return decider.react(stream, state, event)
    })
    const meta = JSON.stringify({ actor: "test" })
    const events = turn.events.map((event) => ({ ...decider.codec.encode(event), meta }))
    return [{ stream, expected, events, entry: decider.view(stream, state), tasks }]
  }
  return [...append(senderDecider, sender, step?.sender), ...append(mailboxDecider, mailbox, step?.mailbox)]
}

/** What else a store holds. */
export const furnishAround = Effect.gen(function* () {
  const admin = yield* AccountAdmin
  const budget = yield* MailBudget
  const { id } = yield* admin.createAccount({ email: "ops@acme.example", name: "Äcme ☕" })
  yield* admin.createOrganization(id, "One")
  yield* admin.createKey(id)
  yield* budget.take({ mail: "m", addressHash: "h", account: id })
  yield* EventStore.use((store) => store.commit([ringCommit("key-1", "wrapped")]))
})
