/**
 * The laws of the sender and its mailbox: each judges a history that a machine played, and throws where it is broken.
 */
import { isDeepStrictEqual } from "node:util"
import type { History, HistoryAct } from "@countersign/testkit"
import { expect } from "vitest"
import { mailboxDecider } from "../src/Mailbox.ts"
import { notAdded, type SenderDecision, type SenderState } from "../src/Sender.ts"
import type { SenderEvent } from "../src/SenderEvent.ts"
import { blockersIn, counts, expected, expectedOfMailbox, resultOf, statusIn } from "./SenderModel.ts"
import { type Machine, type Moment, play, playBoth } from "./SenderPlay.ts"

export type Law = (history: History, machine: Machine) => void

/** Fails with both values; the quick comparison first, since it is made a million times. */
const same = (actual: unknown, wanted: unknown, about: string): void => {
  if (!isDeepStrictEqual(actual, wanted)) expect(actual, about).toStrictEqual(wanted)
}
const holds = (truth: boolean, about: string): void => {
  if (!truth) expect.fail(about)
}

const domainOf = (state: SenderState): string => (state._tag === "Sender" ? state.domainState : "none")
const isUp = (state: SenderState): boolean => ["verified", "degraded"].includes(domainOf(state))
/** How good it is; timed out and lost are the same `FAILED`. */
const rank = (state: SenderState): number => {
  const domain = domainOf(state)
  return ["timed-out", "pending", "degraded", "verified"].indexOf(domain === "lost" ? "timed-out" : domain)
}

const eventsOf = (decision: SenderDecision): ReadonlyArray<SenderEvent> =>
  decision._tag === "Happened" ? decision.events : []

const named = (events: ReadonlyArray<{ readonly _tag: string }>): string =>
  events.map(({ _tag }) => _tag).join(" ") || "="

const said = ({ decision }: Moment): string => {
  if (decision._tag === "Rejected") return `!${decision.rejection._tag}`
  return named(eventsOf(decision))
}

/** The sender does and shows what the truth tables say. */
export const agreesWithTheModel: Law = (history, machine) => {
  const { moments, mailbox } = playBoth(history, machine)
  for (const moment of moments) {
    const { after, modelAfter: model, events } = moment
    same(said(moment), expected(moment.modelBefore, moment.deed), `what ${moment.command._tag} makes happen`)
    holds(
      events.every(({ at }) => at === moment.command.at),
      "every event has the time of its command"
    )
    same(machine.status(after), statusIn(model), "the status")
    same(machine.blockers(after), blockersIn(model), "the blockers")
    if (after._tag === "NotAdded") continue
    const { incarnation, mailbox, domainState: domain, addedAt, domainSince, updatedAt } = after
    if (model.life === "live") {
      const wanted = { incarnation: model.incarnation, mailbox: model.mailbox, domain: model.domain }
      const times = { addedAt: model.addedAt, domainSince: model.domainSince, updatedAt: model.updatedAt }
      same({ incarnation, mailbox, domain, addedAt, domainSince, updatedAt }, { ...wanted, ...times }, "the state")
      same(after.link?.verificationId, model.link?.id, "the current link")
      same(after.link?.expiresAt, model.link?.until, "the end of the current link")
    }
    same(after.lastMailFrom, model.mailFrom, "what survives removal")
  }
  for (const { command, events, after, deed, modelBefore, modelAfter } of mailbox) {
    same(named(events), expectedOfMailbox(modelBefore, deed), `what ${command._tag} makes happen`)
    const decline = after._tag === "KnownMailbox" ? after.decline : undefined
    same(
      decline?.lifted === undefined ? decline?.until : undefined,
      modelAfter.quietUntil,
      "until when the mailbox is declined"
    )
  }
}

/** 1. The same command on the state it produced yields no event; adding a live sender answers `AlreadyThere`. */
export const repeatingDoesNothing: Law = (history, machine) => {
  const { moments, mailbox } = playBoth(history, machine)
  for (const { command, after } of mailbox) {
    same(machine.mailbox.decide(after, command)._tag, "Unchanged", `${command._tag} again`)
  }
  for (const { command, after, before, modelBefore, decision } of moments) {
    same(eventsOf(machine.decide(after, command)), [], `${command._tag} again`)
    if (command._tag === "AddSender" && modelBefore.life === "live") {
      same(decision, { _tag: "Unchanged", because: "already-there" }, "adding a live sender")
      same(after, before, "the live sender")
    }
  }
}

/** 2. `evolve` is total: any event of the history on any state of it makes a state, and changes none that was. */
export const evolvingIsTotal: Law = (history, machine) => {
  const { moments, mailbox } = playBoth(history, machine)
  for (const state of [mailboxDecider.initial, ...mailbox.map(({ after }) => after)]) {
    const before = JSON.stringify(state)
    for (const event of mailbox.flatMap((moment) => moment.events)) {
      const { _tag } = machine.mailbox.evolve(state, event)
      holds(_tag === "UnknownMailbox" || _tag === "KnownMailbox", `${event._tag} makes a state`)
    }
    same(JSON.stringify(state), before, "the state before")
  }
  const events = moments.flatMap((moment) => moment.events)
  const states = [notAdded, ...moments.filter((moment) => moment.events.length > 0).map(({ after }) => after)]
  for (const state of states) {
    const before = JSON.stringify(state)
    for (const event of events) {
      const next = machine.evolve(state, event)
      holds(next._tag === "NotAdded" || next._tag === "Sender", `${event._tag} makes a state`)
      holds(statuses.includes(machine.status(next)), `${event._tag} makes a state with a status`)
    }
    same(JSON.stringify(state), before, "the state before")
  }
}
const statuses = ["none", "pending", "email-verified", "domain-verified", "active", "removed"]

/** 3. fold(decode(encode(events))) = fold(events). */
export const rereadingFoldsTheSame: Law = (history, machine) => {
  const { moments, mailbox } = playBoth(history, machine)
  const notes = mailbox.flatMap((moment) => moment.events)
  same(machine.mailbox.reread(notes), notes, "the mailbox's events read back")
  same(
    notes.reduce(machine.mailbox.evolve, mailboxDecider.initial),
    mailbox.at(-1)?.after ?? mailboxDecider.initial,
    "the mailbox folded again"
  )
  const events = moments.flatMap((moment) => moment.events)
  const reread = machine.reread(events)
  same(reread, events, "the events read back")
  const fold = (all: ReadonlyArray<SenderEvent>) => all.reduce(machine.evolve, notAdded)
  same(fold(reread), fold(events), "the state folded from what was read back")
  same(fold(events), moments.at(-1)?.after ?? notAdded, "the state folded again")
}

/**
 * 4. A verified domain moves down only on a definitive negative that counts; "could not ask", one source alone, a DNS
 * in doubt and time alone move nothing.
 */
export const onlyNegativesMoveDown: Law = (history, machine) => {
  for (const { deed, command, before, after, decision, modelBefore } of play(history, machine)) {
    const { act } = deed
    if (act._tag === "Probe" && resultOf(act) === "unsure") same(eventsOf(decision), [], "a probe that saw nothing")
    if (act._tag !== "Probe" && act._tag !== "Add")
      same(domainOf(after), domainOf(before), `the domain after ${act._tag}`)
    if (!isUp(before) || command._tag === "AddSender" || rank(after) >= rank(before)) continue
    holds(
      act._tag === "Probe" && resultOf(act) === "negative" && counts(act),
      `${act._tag} moves a verified domain down`
    )
    if (act._tag !== "Probe" || before._tag !== "Sender") continue
    if (before.domainState === "verified") {
      same(domainOf(after), "degraded", "the first step down")
      holds(act.streak.count >= 3 && act.streak.age >= 3_600_000, "three negatives over an hour")
    } else {
      holds(command.at - modelBefore.domainSince >= 72 * 3_600_000, "a grace period of 72 h")
    }
  }
}

/** 5. An old, foreign, expired or already used link verifies nothing. Judged by the events alone. */
export const onlyOpenLinksVerify: Law = (history, machine) => {
  let open: { readonly id: string; readonly until: number } | undefined
  for (const { command, events, before } of play(history, machine)) {
    for (const event of events) {
      switch (event._tag) {
        case "VerificationRequested":
          open = { id: event.verificationId, until: event.expiresAt }
          break
        case "VerificationMailSent":
          if (open?.id === event.verificationId) open = { id: open.id, until: event.expiresAt }
          break
        case "EmailVerified":
          holds(command._tag === "ConfirmLink", "only a click verifies")
          same(event.verificationId, open?.id, "the link that verifies")
          holds("verificationId" in command && command.verificationId === open?.id, "the link that was clicked")
          holds(command.at < (open?.until ?? 0), "in time")
          holds(before._tag === "Sender" && before.mailbox !== "verified", "not verified before")
          open = undefined
          break
        case "SenderAdded":
        case "VerificationDeclined":
        case "VerificationExpired":
        case "SenderRemoved":
          open = undefined
          break
      }
    }
  }
}

/** 6. A removed sender is never active, never effective, never the reason for a probe. */
export const removedMeansGone: Law = (history, machine) => {
  for (const { command, after, modelBefore, modelAfter, events } of play(history, machine)) {
    const tasks = events.flatMap((event) => machine.tasks(after, event))
    if (modelBefore.life !== "live" && command._tag !== "AddSender") {
      same(events, [], `${command._tag} on a sender that is gone`)
    }
    if (modelAfter.life === "live") continue
    holds(machine.status(after) !== "active", "a removed sender is active")
    same(machine.entry(after), undefined, "the entry that says who may be effective")
    same(machine.blockers(after), ["sender-not-found"], "the blockers")
    same(tasks, [], "work for a removed sender")
  }
}

/** 7. An on-demand probe never makes anything worse than the schedule would. For clocks that run forward. */
export const onDemandNeverHarms: Law = (history, machine) => {
  for (const { command, before } of play(history, machine)) {
    if (command._tag !== "RecordProbe") continue
    const after = (onDemand: boolean) =>
      eventsOf(machine.decide(before, { ...command, onDemand })).reduce(machine.evolve, before)
    holds(rank(after(true)) >= rank(before), "an on-demand probe moves down")
    holds(rank(after(true)) >= rank(after(false)), "an on-demand probe is worse than a scheduled one")
  }
  const isOnDemand = (act: HistoryAct) => act._tag === "Probe" && act.onDemand
  // The same steps at the same times, without the on-demand probes.
  let skipped = 0
  const steps = history.steps.flatMap((step) => {
    if (isOnDemand(step.act)) {
      skipped += step.elapsed
      return []
    }
    const later = { ...step, elapsed: step.elapsed + skipped }
    skipped = 0
    return [later]
  })
  const without = play({ ...history, steps }, machine)
  play(history, machine)
    .filter(({ deed }) => !isOnDemand(deed.act))
    .forEach(({ after }, at) => {
      const other = without[at]?.after ?? notAdded
      holds(
        rank(after) >= rank(other),
        `on-demand probes led to ${domainOf(after)}, the schedule to ${domainOf(other)}`
      )
    })
}

/** 8. Status and blockers agree: active exactly when there is no blocker. */
export const blockersExplainStatus: Law = (history, machine) => {
  for (const { after } of play(history, machine)) {
    same(machine.status(after) === "active", machine.blockers(after).length === 0, "active and without blockers")
    same(
      machine.entry(after)?.status ?? "gone",
      after._tag === "Sender" && !after.removed ? machine.status(after) : "gone",
      "the status that lists show"
    )
  }
}

/**
 * 9. A decline keeps mail away for at least 30 days, and only an operator ends it sooner. Judged by the events alone.
 */
export const declinesLast: Law = (history, machine) => {
  const period = 30 * 24 * 3_600_000
  let until = Number.NEGATIVE_INFINITY
  for (const { at, sender, mailbox } of playBoth(history, machine).steps) {
    const issued = sender?.events.some(({ _tag }) => _tag === "VerificationRequested") ?? false
    holds(!issued || at >= until, "a link for a declined mailbox")
    for (const event of mailbox?.events ?? []) {
      if (event._tag === "MailDeclined") holds(event.until >= until, "a decline shortens the one before")
      until = event._tag === "MailDeclined" ? event.until : Number.NEGATIVE_INFINITY
    }
    if (mailbox?.command._tag === "DeclineMail") holds(until >= at + period, "a decline is over too soon")
  }
}
