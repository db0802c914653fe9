/**
 * Plays a history: each step becomes a command by what happened so far, and the sender and its mailbox decide.
 *
 * A decline by the sender's link is a turn of both, as in the engine: when the sender declined, so does the mailbox.
 * What the mailbox knows when a sender is added or a link is requested goes into the command. The rules that are played
 * may be others than the product's, so that the laws of the domain can be shown to catch broken ones.
 */
import {
  type Decider,
  type DnsObservation,
  declinedUntil,
  type Mailbox,
  type MailboxCommand,
  type MailboxEvent,
  mailboxDecider,
  type SenderCommand,
  type SenderDecision,
  type SenderEvent,
  type SenderId,
  type SenderState,
  type Streak,
  senderDecider
} from "@countersign/core"
import { Brand } from "effect"
import { type History, type HistoryAct, type HistorySubject, historyBeginning, type LinkChoice } from "./Histories.ts"
import { evidenceOf } from "./Sights.ts"

/** What a mailbox makes of a command. */
export type MailboxDecision = ReturnType<(typeof mailboxDecider)["decide"]>

/** One command to one stream, and what came of it. */
export interface Turn<State, Command, Event, Decision> {
  readonly command: Command
  readonly before: State
  readonly decision: Decision
  readonly events: ReadonlyArray<Event>
  readonly after: State
}

/** A turn of the sender. */
export type SenderTurn = Turn<SenderState, SenderCommand, SenderEvent, SenderDecision>
/** A turn of the mailbox. */
export type MailboxTurn = Turn<Mailbox, MailboxCommand, MailboxEvent, MailboxDecision>

/** What one step came to, at its time in milliseconds since the epoch. */
export interface PlayedStep {
  readonly act: HistoryAct
  readonly at: number
  /** None when the step is about the mailbox alone. */
  readonly sender: SenderTurn | undefined
  readonly mailbox: MailboxTurn | undefined
}

/** The rules that a history is played by. */
export interface HistoryRules {
  readonly sender: Pick<typeof senderDecider, "initial" | "evolve" | "decide">
  readonly mailbox: Pick<typeof mailboxDecider, "initial" | "evolve" | "decide">
}

/** Plays every step of a history in turn. */
export const playHistory = (
  { subject, steps }: History,
  rules: HistoryRules = { sender: senderDecider, mailbox: mailboxDecider }
): ReadonlyArray<PlayedStep> => {
  let past: Past = { at: historyBeginning, steps: 0, incarnation: 0, issued: [] }
  let sender = rules.sender.initial
  let mailbox = rules.mailbox.initial
  return steps.map(({ elapsed, act }) => {
    const at = past.at + elapsed
    past = { ...past, at, steps: past.steps + 1 }
    const command = senderCommand(subject, act, past, declinedUntil(mailbox, at))
    const senderTurn = command && take(rules.sender, sender, command)
    sender = senderTurn?.after ?? sender
    past = observe(past, senderTurn?.events ?? [])
    const note = mailboxCommand(subject, act, at, senderTurn?.events ?? [])
    const mailboxTurn = note && take(rules.mailbox, mailbox, note)
    mailbox = mailboxTurn?.after ?? mailbox
    return { act, at, sender: senderTurn, mailbox: mailboxTurn }
  })
}

const take = <State, Command, Event, Rejection, Unchanged extends string>(
  { decide, evolve }: Pick<Decider<never, State, Command, Event, Rejection, Unchanged>, "decide" | "evolve">,
  before: State,
  command: Command
) => {
  const decision = decide(before, command)
  const events = decision._tag === "Happened" ? decision.events : []
  return { command, before, decision, events, after: events.reduce(evolve, before) }
}

/** What a step needs to know of the steps before it. */
interface Past {
  readonly at: number
  readonly steps: number
  readonly incarnation: number
  /** Ids of the issued links of all incarnations, the newest last. */
  readonly issued: ReadonlyArray<string>
}

const observe = (past: Past, events: ReadonlyArray<SenderEvent>): Past => {
  const added = events.filter(({ _tag }) => _tag === "SenderAdded").length
  const issued = events.flatMap((event) => (event._tag === "VerificationRequested" ? [event.verificationId] : []))
  if (added === 0 && issued.length === 0) return past
  return { ...past, incarnation: past.incarnation + added, issued: [...past.issued, ...issued] }
}

const mailboxCommand = (
  { account, canonical }: HistorySubject,
  act: HistoryAct,
  at: number,
  events: ReadonlyArray<SenderEvent>
): MailboxCommand | undefined => {
  if (act._tag === "LiftDecline") return { _tag: "LiftDecline", at, by: "operator" }
  return act._tag === "DeclineElsewhere" || events.some(({ _tag }) => _tag === "VerificationDeclined")
    ? { _tag: "DeclineMail", at, account, canonical }
    : undefined
}

const senderCommand = (
  subject: HistorySubject,
  act: HistoryAct,
  { at, steps, issued, incarnation }: Past,
  declined: number | undefined
): SenderCommand | undefined => {
  const fresh = `verification-${steps}`
  const known = declined === undefined ? {} : { declinedUntil: declined }
  const chosen = (link: LinkChoice): string =>
    (link === "current" ? issued.at(-1) : link === "older" ? issued.at(-2) : undefined) ?? "verification-foreign"
  const incarnationOf = (late: boolean): number => incarnation - (late ? 1 : 0)
  switch (act._tag) {
    case "Add": {
      const add = { _tag: "AddSender", at, ...subject, verificationId: fresh, ...known } as const
      if (!act.proven) return add
      const from = { sender: Brand.nominal<SenderId>()("another sender"), version: 3 }
      return { ...add, proven: { from, proof: evidenceOf(subject.plan, subject.domain, []) } }
    }
    case "Request":
      return { _tag: "RequestLink", at, verificationId: fresh, ...known }
    case "Confirm":
      return { _tag: "ConfirmLink", at, verificationId: chosen(act.link) }
    case "Decline":
      return { _tag: "DeclineLink", at, verificationId: chosen(act.link) }
    case "DeclineElsewhere":
    case "LiftDecline":
      return undefined
    case "MailSent": {
      const verificationId = chosen(act.link)
      const messageId = `<${verificationId}@mail.example>`
      return { _tag: "RecordMailSent", at, incarnation: incarnationOf(act.late), verificationId, messageId }
    }
    case "MailFailed": {
      const { permanent } = act
      const reason = permanent ? "550 no such mailbox" : "451 try again later"
      const of = { incarnation: incarnationOf(act.late), verificationId: chosen(act.link) }
      return { _tag: "RecordMailFailed", at, ...of, reason, permanent }
    }
    case "Expire":
      return { _tag: "ExpireLink", at, incarnation: incarnationOf(act.late), verificationId: chosen(act.link) }
    case "Probe": {
      const evidence = evidenceOf(subject.plan, subject.domain, act.sights)
      const { onDemand, late } = act
      const streak = streakOf(act, at, evidenceOf(subject.plan, subject.domain, ["no name"]), evidence)
      return { _tag: "RecordProbe", at, incarnation: incarnationOf(late), evidence, onDemand, streak, held: act.held }
    }
    case "Remove":
      return { _tag: "RemoveSender", at, reason: "removed by the owner" }
  }
}

/** The negatives in a row, this probe the last of them: those before it are as old as the act says. */
const streakOf = (
  { streak: { count, age } }: HistoryAct & { readonly _tag: "Probe" },
  at: number,
  earlier: ReadonlyArray<DnsObservation>,
  evidence: ReadonlyArray<DnsObservation>
): Streak => [
  ...Array.from({ length: Math.min(count, 3) - 1 }, (_, index) => ({
    at: index === 0 ? at - age : at - age / 2,
    evidence: earlier
  })),
  { at, evidence }
]
