/**
 * Histories of senders committed to a store as the engine commits them: the events, the row and the tasks that follow.
 */
import {
  decide,
  encodeEvent,
  evolve,
  type NewTask,
  notAdded,
  react,
  type SenderEvent,
  type SenderId,
  type SenderState,
  StoredSenderId,
  view
} from "@countersign/core"
import { AccountAdmin, type Append, EventStore, MailBudget } from "@countersign/engine"
import { Effect } from "effect"
import fc from "fast-check"
import {
  advance,
  arbitraryHistory,
  type History,
  type HistoryContext,
  historyCommand,
  historyStart,
  observe
} from "../arbitraries/Histories.ts"

/** Histories of several senders: what a store holds. */
export const histories: fc.Arbitrary<ReadonlyArray<History>> = fc.array(arbitraryHistory({ length: 12 }), {
  minLength: 1,
  maxLength: 4
})

/** One sender as it is played. */
interface Played {
  readonly history: History
  readonly sender: SenderId
  context: HistoryContext
  state: SenderState
  version: number
}

/** Commits the histories, a step of each in turn. `name` keeps senders and commands apart when it is done again. */
export const playAll = Effect.fnUntraced(function* (all: ReadonlyArray<History>, name = "sender") {
  const players = all.map(
    (history, index): Played => ({
      history,
      sender: StoredSenderId.make(`${name}-${index}`),
      context: historyStart,
      state: notAdded,
      version: 0
    })
  )
  const longest = Math.max(0, ...all.map(({ steps }) => steps.length))
  for (let at = 0; at < longest; at++) for (const player of players) yield* playStep(player, at)
})

const playStep = Effect.fnUntraced(function* (player: Played, at: number) {
  const step = player.history.steps[at]
  if (step === undefined) return
  const { subject } = player.history
  player.context = advance(player.context, step)
  const decision = decide(player.state, historyCommand(subject, step, player.context))
  if (decision._tag !== "Happened") return
  const append = appendOf(player, decision.events)
  yield* Effect.yieldNow
  const store = yield* EventStore
  const id = `${player.sender} ${at}`
  yield* store.commit([{ account: subject.account, command: { id, fingerprint: "", result: id }, appends: [append] }])
  player.context = observe(player.context, decision.events)
  player.state = decision.events.reduce(evolve, player.state)
  player.version += decision.events.length
})

const appendOf = ({ sender, state, version }: Played, events: ReadonlyArray<SenderEvent>): Append => {
  const tasks: Array<NewTask> = []
  let after = state
  for (const event of events) {
    after = evolve(after, event)
    if (after._tag === "Sender") tasks.push(...react(sender, after, event))
  }
  return {
    stream: sender,
    expected: version,
    events: events.map((event) => ({ ...encodeEvent(event), meta: JSON.stringify({ actor: "test" }) })),
    entry: view(sender, after),
    tasks
  }
}

/** What else a store holds. */
export const furnishAround = Effect.gen(function* () {
  const admin = yield* AccountAdmin
  const budget = yield* MailBudget
  const { id } = yield* admin.createAccount({ email: "ops@acme.example", name: "Äcme ☕" })
  yield* admin.createOrganization(id, "One")
  yield* admin.createKey(id)
  yield* budget.take({ mail: "m", addressHash: "h", account: id })
})
