import { arbitraryHistory, type History } from "@countersign/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { judgePlan, probeResult } from "../src/DnsVerdict.ts"
import { DomainName } from "../src/DomainName.ts"
import { declinePeriod, mailboxEventFields } from "../src/Mailbox.ts"
import { AccountId } from "../src/Owner.ts"
import { isLive, type SenderCommand, type SenderState } from "../src/Sender.ts"
import type { SenderEvent } from "../src/SenderEvent.ts"
import { senderEventFields } from "../src/SenderEvent.ts"
import { probeTask } from "../src/SenderTask.ts"
import {
  agreesWithTheModel,
  blockersExplainStatus,
  declinesLast,
  evolvingIsTotal,
  type Law,
  onDemandNeverHarms,
  onlyNegativesMoveDown,
  onlyOpenLinksVerify,
  removedMeansGone,
  repeatingDoesNothing,
  rereadingFoldsTheSame
} from "./SenderLaws.ts"
import { counts, resultOf, verdicts } from "./SenderModel.ts"
import { type Machine, playBoth, sender } from "./SenderPlay.ts"

const numRuns = 1_000
const someAccount = AccountId.make("account-1")
const someDomain = DomainName.make("sender.example.com")
const anyHistory = arbitraryHistory()
const forwardHistory = arbitraryHistory({ clock: "forward" })

const lawHolds = (law: Law, machine: Machine, histories: fc.Arbitrary<History>) =>
  fc.property(histories, (history) => law(history, machine))

const laws: ReadonlyArray<readonly [string, Law, fc.Arbitrary<History>]> = [
  ["the sender does and shows what the truth tables say", agreesWithTheModel, anyHistory],
  ["1. the same command on the state it produced yields no event", repeatingDoesNothing, anyHistory],
  ["2. evolve is total on every reachable history", evolvingIsTotal, anyHistory],
  ["3. events that were stored and read fold to the same state", rereadingFoldsTheSame, anyHistory],
  ["4. a verified domain moves down only on a definitive negative that counts", onlyNegativesMoveDown, anyHistory],
  ["5. an old, foreign, expired or already used link verifies nothing", onlyOpenLinksVerify, anyHistory],
  ["6. a removed sender is never active, effective or the reason for a probe", removedMeansGone, anyHistory],
  ["7. an on-demand probe never makes anything worse than the schedule would", onDemandNeverHarms, forwardHistory],
  ["8. status and blockers agree", blockersExplainStatus, anyHistory],
  ["9. a decline keeps mail away for 30 days, and only an operator ends it sooner", declinesLast, anyHistory]
]

describe("over a thousand histories each", () => {
  it.each(laws)("%s", (_, law, histories) => {
    fc.assert(lawHolds(law, sender, histories), { numRuns })
  })
})

describe("the histories", () => {
  it("reach every state and every event, with clocks that run backwards and late outcomes", () => {
    const seen = new Set<string>()
    for (const history of fc.sample(anyHistory, { numRuns, seed: 1 })) {
      const { steps, moments, mailbox } = playBoth(history, sender)
      for (const { deed, modelBefore } of moments) {
        if (deed.act._tag !== "Probe") continue
        for (const sight of deed.act.sights) seen.add(`saw ${sight}`)
        if (["verified", "degraded"].includes(modelBefore.domain) && resultOf(deed.act) === "negative") {
          seen.add(`a negative ${counts(deed.act) ? "that counts" : "that does not count"}`)
        }
      }
      steps.forEach((step, at) => {
        for (const { _tag } of [...(step.sender?.events ?? []), ...(step.mailbox?.events ?? [])]) {
          seen.add(_tag)
          if ((history.steps[at]?.elapsed ?? 0) < 0) seen.add("clock put back")
        }
      })
      for (const { command, decision, before } of mailbox) {
        if (decision._tag === "Unchanged") seen.add(decision.because)
        if (command._tag === "DeclineMail" && before._tag === "KnownMailbox" && decision._tag === "Happened") {
          seen.add("declined again")
        }
      }
      for (const { before, after, command } of moments) {
        if (isLive(before) && "incarnation" in command && command.incarnation < before.incarnation) seen.add("late")
        if (after._tag !== "Sender") continue
        seen.add(`mailbox ${after.mailbox}`)
        seen.add(`domain ${after.domainState}`)
        seen.add(`status ${sender.status(after)}`)
        if (after.incarnation > 1) seen.add("added again")
      }
    }
    const wanted = [
      ...Object.keys(verdicts).map((sight) => `saw ${sight}`),
      ...["a negative that counts", "a negative that does not count"],
      ...Object.keys(senderEventFields),
      ...Object.keys(mailboxEventFields),
      ...["clock put back", "late", "added again", "declined again", "already-declined", "not-declined"],
      ...["not-needed", "pending", "verified", "expired", "declined", "undeliverable"].map((word) => `mailbox ${word}`),
      ...["pending", "verified", "degraded", "timed-out", "lost"].map((word) => `domain ${word}`),
      ...["pending", "email-verified", "domain-verified", "active", "removed"].map((word) => `status ${word}`)
    ]
    expect([...seen].sort()).toEqual(wanted.sort())
  })
})

// ---------------------------------------------------------------------------------------------------------- planted
// bugs

/** A sender whose decisions are made on another state or command than they should be. */
const deciding = (
  twist: (state: SenderState, command: SenderCommand) => readonly [SenderState, SenderCommand]
): Machine => ({
  ...sender,
  decide: (state, command) => sender.decide(...twist(state, command))
})

const evolving = (twist: (state: SenderState, event: SenderEvent) => SenderState): Machine => ({
  ...sender,
  evolve: twist
})

const mailboxOf = (broken: Partial<Machine["mailbox"]>): Machine => ({
  ...sender,
  mailbox: { ...sender.mailbox, ...broken }
})

const bugs: ReadonlyArray<readonly [string, Law, Machine]> = [
  [
    "confirms links whose time is over",
    onlyOpenLinksVerify,
    deciding((state, command) =>
      command._tag === "ConfirmLink" && isLive(state) && state.link !== undefined
        ? [state, { ...command, at: Math.min(command.at, state.link.expiresAt - 1) }]
        : [state, command]
    )
  ],
  [
    "lets a probe that saw nothing degrade a domain",
    onlyNegativesMoveDown,
    {
      ...sender,
      decide: (state, command) => {
        const decision = sender.decide(state, command)
        return command._tag === "RecordProbe" &&
          isLive(state) &&
          state.domainState === "verified" &&
          !command.onDemand &&
          command.evidence.some(({ sources }) => sources.every(({ outcome }) => outcome === "unavailable"))
          ? { _tag: "Happened", events: [{ _tag: "DomainDegraded", at: command.at, negatives: command.streak }] }
          : decision
      }
    }
  ],
  [
    "moves a domain down while the DNS as a whole is in doubt",
    onlyNegativesMoveDown,
    deciding((state, command) => [state, command._tag === "RecordProbe" ? { ...command, held: false } : command])
  ],
  [
    "lets one server alone degrade a domain",
    onlyNegativesMoveDown,
    {
      ...sender,
      decide: (state, command) => {
        const decision = sender.decide(state, command)
        return command._tag === "RecordProbe" &&
          isLive(state) &&
          state.domainState === "verified" &&
          !command.onDemand &&
          !command.held &&
          command.streak.length === 3 &&
          probeResult(judgePlan(state.plan.records, command.evidence)) === "negative"
          ? { _tag: "Happened", events: [{ _tag: "DomainDegraded", at: command.at, negatives: command.streak }] }
          : decision
      }
    }
  ],
  [
    "keeps a removed sender active",
    removedMeansGone,
    evolving((state, event) => (event._tag === "SenderRemoved" ? state : sender.evolve(state, event)))
  ],
  [
    "confirms older links",
    onlyOpenLinksVerify,
    deciding((state, command) =>
      command._tag === "ConfirmLink" && isLive(state) && state.link !== undefined
        ? [state, { ...command, verificationId: state.link.verificationId }]
        : [state, command]
    )
  ],
  [
    "takes outcomes of the incarnation before",
    agreesWithTheModel,
    deciding((state, command) =>
      isLive(state) && "incarnation" in command
        ? [state, { ...command, incarnation: state.incarnation }]
        : [state, command]
    )
  ],
  [
    "forgets a decline",
    agreesWithTheModel,
    mailboxOf({
      evolve: (state, event) => (event._tag === "MailDeclined" ? state : sender.mailbox.evolve(state, event))
    })
  ],
  [
    "mails an added sender whose mailbox is declined",
    declinesLast,
    deciding((state, command) => {
      if (command._tag !== "AddSender") return [state, command]
      const { declinedUntil: _, ...rest } = command
      return [state, rest]
    })
  ],
  [
    "lets a decline shorten the one before",
    declinesLast,
    mailboxOf({ decide: (_, command) => sender.mailbox.decide({ _tag: "UnknownMailbox" }, command) })
  ],
  [
    "declines a mailbox once more",
    repeatingDoesNothing,
    mailboxOf({
      decide: (state, command) =>
        sender.mailbox.decide(command._tag === "DeclineMail" ? { _tag: "UnknownMailbox" } : state, command)
    })
  ],
  [
    "ends a decline a day early",
    declinesLast,
    mailboxOf({
      decide: (state, command) =>
        command._tag === "DeclineMail"
          ? sender.mailbox.decide(state, { ...command, at: command.at - 24 * 3_600_000 })
          : sender.mailbox.decide(state, command)
    })
  ],
  [
    "keeps a decline that was lifted",
    agreesWithTheModel,
    mailboxOf({
      evolve: (state, event) => (event._tag === "DeclineLifted" ? state : sender.mailbox.evolve(state, event))
    })
  ],
  [
    "lifts a decline that is over",
    agreesWithTheModel,
    mailboxOf({
      decide: (state, command) =>
        command._tag === "LiftDecline" && state._tag === "KnownMailbox" && state.decline.lifted === undefined
          ? { _tag: "Happened", events: [{ _tag: "DeclineLifted", at: command.at, by: command.by }] }
          : sender.mailbox.decide(state, command)
    })
  ],
  [
    "has no mailbox to lift a decline of",
    evolvingIsTotal,
    mailboxOf({
      evolve: (state, event) => {
        if (event._tag === "DeclineLifted" && state._tag === "UnknownMailbox") throw new Error("unexpected")
        return sender.mailbox.evolve(state, event)
      }
    })
  ],
  [
    "stores a decline in whole days",
    rereadingFoldsTheSame,
    mailboxOf({
      reread: (events) =>
        events.map((event) =>
          event._tag === "MailDeclined" ? { ...event, until: event.until - (event.until % declinePeriod) } : event
        )
    })
  ],
  [
    "adds a live sender once more",
    repeatingDoesNothing,
    deciding((state, command) =>
      command._tag === "AddSender" && isLive(state) ? [{ ...state, removed: true }, command] : [state, command]
    )
  ],
  [
    "takes the records that a domain was lost by for news",
    repeatingDoesNothing,
    evolving((state, event) => {
      const next = sender.evolve(state, event)
      return event._tag === "DomainVerificationLost" && isLive(next) ? { ...next, verdicts: [] } : next
    })
  ],
  [
    "has no state for an event it does not expect",
    evolvingIsTotal,
    evolving((state, event) => {
      if (event._tag !== "SenderAdded" && state._tag === "NotAdded") throw new Error("unexpected")
      return sender.evolve(state, event)
    })
  ],
  [
    "stores whole hours",
    rereadingFoldsTheSame,
    {
      ...sender,
      reread: (events) => sender.reread(events).map((event) => ({ ...event, at: event.at - (event.at % 3_600_000) }))
    }
  ],
  [
    "gives no grace",
    onlyNegativesMoveDown,
    evolving((state, event) => {
      const next = sender.evolve(state, event)
      return event._tag === "DomainDegraded" && isLive(next) ? { ...next, domainSince: 0 } : next
    })
  ],
  [
    "probes for a sender that was removed",
    removedMeansGone,
    { ...sender, tasks: (_, event) => [probeTask(someAccount, someDomain, event.at, 0)] }
  ],
  [
    "counts an on-demand probe against the domain",
    onDemandNeverHarms,
    deciding((state, command) => [state, command._tag === "RecordProbe" ? { ...command, onDemand: false } : command])
  ],
  [
    "calls a verified mailbox active without its domain",
    blockersExplainStatus,
    {
      ...sender,
      status: (state) => {
        const status = sender.status(state)
        return status === "email-verified" ? "active" : status
      }
    }
  ]
]

describe("a counterexample is found for a sender that", () => {
  it.each(bugs)("%s", (_, law, machine) => {
    const histories = law === onDemandNeverHarms ? forwardHistory : anyHistory
    const result = fc.check(lawHolds(law, machine, histories), { numRuns, endOnFailure: true })
    expect(result.failed).toBe(true)
    expect(result.counterexample).not.toBeNull()
  })
})
