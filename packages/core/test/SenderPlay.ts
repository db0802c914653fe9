/**
 * Plays a history on the sender, its mailbox and their model side by side, moment by moment, for the laws to judge.
 *
 * The code under test comes as a `Machine`, so that a broken one can be played as well: that is how the laws are shown
 * to catch what they are for.
 */
import { type History, type MailboxTurn, type PlayedStep, playHistory, type SenderTurn } from "@countersign/testkit"
import { Result } from "effect"
import { senderDecider } from "../src/Deciders.ts"
import { StoredSenderId } from "../src/Identity.ts"
import { type MailboxEvent, mailboxDecider } from "../src/Mailbox.ts"
import type { SenderCommand, SenderDecision, SenderState } from "../src/Sender.ts"
import type { SenderEvent } from "../src/SenderEvent.ts"
import type { NewTask } from "../src/SenderTask.ts"
import { blockersOf, type SenderEntry, statusOf } from "../src/SenderView.ts"
import { type Deed, happen, type Model, noSender } from "./SenderModel.ts"

export interface Machine {
  readonly decide: (state: SenderState, command: SenderCommand) => SenderDecision
  readonly evolve: (state: SenderState, event: SenderEvent) => SenderState
  /** What is read back of events that were stored. */
  readonly reread: (events: ReadonlyArray<SenderEvent>) => ReadonlyArray<SenderEvent>
  readonly status: (state: SenderState) => string
  readonly blockers: (state: SenderState) => ReadonlyArray<string>
  readonly entry: (state: SenderState) => SenderEntry | undefined
  readonly tasks: (after: SenderState, event: SenderEvent) => ReadonlyArray<NewTask>
  readonly mailbox: MailboxMachine
}

interface MailboxMachine extends Pick<typeof mailboxDecider, "decide" | "evolve"> {
  readonly reread: (events: ReadonlyArray<MailboxEvent>) => ReadonlyArray<MailboxEvent>
}

const senderId = StoredSenderId.make("sender-1")

export const sender: Machine = {
  decide: senderDecider.decide,
  evolve: senderDecider.evolve,
  reread: (events) =>
    events.map((event) => Result.getOrThrow(senderDecider.codec.decode(senderDecider.codec.encode(event)))),
  status: (state) => (state._tag === "NotAdded" ? "none" : statusOf(state)),
  blockers: (state) => blockersOf(state).map(({ code }) => code),
  entry: (state) => senderDecider.view(senderId, state),
  tasks: (after, event) => senderDecider.react(senderId, after, event),
  mailbox: {
    decide: mailboxDecider.decide,
    evolve: mailboxDecider.evolve,
    reread: (events) =>
      events.map((event) => Result.getOrThrow(mailboxDecider.codec.decode(mailboxDecider.codec.encode(event))))
  }
}

/** One step of a history and what came of it, by the model. */
interface Modelled {
  readonly deed: Deed
  readonly modelBefore: Model
  readonly modelAfter: Model
}

/** One step of the sender: what was done, and what came of it in the sender and in the model. */
export type Moment = Modelled & SenderTurn
/** The same of its mailbox. */
type MailboxMoment = Modelled & MailboxTurn

/** What a history made of the sender and of its mailbox. */
interface Played {
  readonly steps: ReadonlyArray<PlayedStep>
  readonly moments: ReadonlyArray<Moment>
  readonly mailbox: ReadonlyArray<MailboxMoment>
}

/** The sender's moments. */
export const play = (history: History, machine: Machine): ReadonlyArray<Moment> => playBoth(history, machine).moments

/** The moments of both. */
export const playBoth = (history: History, machine: Machine): Played => {
  const moments: Array<Moment> = []
  const mailbox: Array<MailboxMoment> = []
  let modelBefore: Model = noSender
  const rules = { sender: { ...senderDecider, ...machine }, mailbox: { ...mailboxDecider, ...machine.mailbox } }
  const steps = playHistory(history, rules)
  for (const played of steps) {
    const command = played.sender?.command
    const deed: Deed = {
      act: played.act,
      at: played.at,
      kind: history.subject.kind,
      incarnation: command !== undefined && "incarnation" in command ? command.incarnation : 0,
      verificationId: command !== undefined && "verificationId" in command ? command.verificationId : ""
    }
    const modelAfter = happen(modelBefore, deed)
    const modelled = { deed, modelBefore, modelAfter }
    if (played.sender !== undefined) moments.push({ ...modelled, ...played.sender })
    if (played.mailbox !== undefined) mailbox.push({ ...modelled, ...played.mailbox })
    modelBefore = modelAfter
  }
  return { steps, moments, mailbox }
}
