/**
 * Plays a history on the sender and on its model side by side, moment by moment, for the laws to look at.
 *
 * The code under test comes as a `Machine`, so that a broken one can be played as well: that is how the laws are shown
 * to catch what they are for.
 */
import {
  advance,
  type History,
  type HistoryContext,
  type HistoryStep,
  historyCommand,
  historyStart,
  observe
} from "@countersign/testkit"
import { Result } from "effect"
import { StoredSenderId } from "../src/Identity.ts"
import { type Decision, decide, evolve, notAdded, type SenderCommand, type SenderState } from "../src/Sender.ts"
import type { SenderEvent } from "../src/SenderEvent.ts"
import { decodeEvent, encodeEvent } from "../src/SenderEventCodec.ts"
import { type NewTask, react } from "../src/SenderTask.ts"
import { blockersOf, type SenderEntry, statusOf, view } from "../src/SenderView.ts"
import { type Deed, happen, type Model, noSender } from "./SenderModel.ts"

export interface Machine {
  readonly decide: (state: SenderState, command: SenderCommand) => Decision
  readonly evolve: (state: SenderState, event: SenderEvent) => SenderState
  /** What is read back of events that were stored. */
  readonly reread: (events: ReadonlyArray<SenderEvent>) => ReadonlyArray<SenderEvent>
  readonly status: (state: SenderState) => string
  readonly blockers: (state: SenderState) => ReadonlyArray<string>
  readonly entry: (state: SenderState) => SenderEntry | undefined
  readonly tasks: (after: SenderState, event: SenderEvent) => ReadonlyArray<NewTask>
}

const senderId = StoredSenderId.make("sender-1")

export const sender: Machine = {
  decide,
  evolve,
  reread: (events) => events.map((event) => Result.getOrThrow(decodeEvent(encodeEvent(event)))),
  status: (state) => (state._tag === "NotAdded" ? "none" : statusOf(state)),
  blockers: (state) => blockersOf(state).map(({ code }) => code),
  entry: (state) => view(senderId, state),
  tasks: (after, event) => (after._tag === "NotAdded" ? [] : react(senderId, after, event))
}

/** One step of a history: what was done, and what came of it in the sender and in the model. */
export interface Moment {
  readonly step: HistoryStep
  readonly deed: Deed
  readonly command: SenderCommand
  readonly before: SenderState
  readonly decision: Decision
  readonly events: ReadonlyArray<SenderEvent>
  readonly after: SenderState
  readonly modelBefore: Model
  readonly modelAfter: Model
}

export const eventsOf = (decision: Decision): ReadonlyArray<SenderEvent> =>
  decision._tag === "Happened" ? decision.events : []

export const play = ({ subject, steps }: History, machine: Machine): ReadonlyArray<Moment> => {
  const moments: Array<Moment> = []
  let context: HistoryContext = historyStart
  let before: SenderState = notAdded
  let modelBefore: Model = noSender
  for (const step of steps) {
    context = advance(context, step)
    const command = historyCommand(subject, step, context)
    const deed: Deed = {
      act: step.act,
      at: command.at,
      kind: subject.kind,
      incarnation: "incarnation" in command ? command.incarnation : 0,
      verificationId: "verificationId" in command ? command.verificationId : ""
    }
    const decision = machine.decide(before, command)
    const events = eventsOf(decision)
    const after: SenderState = events.reduce(machine.evolve, before)
    const modelAfter = happen(modelBefore, deed)
    moments.push({ step, deed, command, before, decision, events, after, modelBefore, modelAfter })
    context = observe(context, events)
    before = after
    modelBefore = modelAfter
  }
  return moments
}
