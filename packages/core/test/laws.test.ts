import { arbitraryHistory, type History } from "@countersign/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { DomainName } from "../src/DomainName.ts"
import { AccountId } from "../src/Owner.ts"
import { isLive, type SenderCommand, type SenderState } from "../src/Sender.ts"
import type { SenderEvent } from "../src/SenderEvent.ts"
import { schemaVersions } from "../src/SenderEventCodec.ts"
import { probeTask } from "../src/SenderTask.ts"
import {
  agreesWithTheModel,
  askingNeverHarms,
  blockersExplainStatus,
  evolvingIsTotal,
  type Law,
  onlyNegativesMoveDown,
  onlyOpenLinksVerify,
  removedMeansGone,
  repeatingDoesNothing,
  rereadingFoldsTheSame
} from "./SenderLaws.ts"
import { type Machine, play, sender } from "./SenderPlay.ts"

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
  ["4. a verified domain moves down only on a definitive negative", onlyNegativesMoveDown, anyHistory],
  ["5. an old, foreign, expired or already used link verifies nothing", onlyOpenLinksVerify, anyHistory],
  ["6. a removed sender is never active, effective or the reason for a probe", removedMeansGone, anyHistory],
  ["7. asking for a check never makes anything worse than the schedule would", askingNeverHarms, forwardHistory],
  ["8. status and blockers agree", blockersExplainStatus, anyHistory]
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
      for (const { before, after, events, command, step } of play(history, sender)) {
        for (const { _tag } of events) seen.add(_tag)
        if (step.elapsed < 0 && events.length > 0) seen.add("clock put back")
        if (isLive(before) && "incarnation" in command && command.incarnation < before.incarnation) seen.add("late")
        if (after._tag !== "Sender") continue
        seen.add(`mailbox ${after.mailbox}`)
        seen.add(`domain ${after.domainState}`)
        seen.add(`status ${sender.status(after)}`)
        if (after.incarnation > 1) seen.add("added again")
      }
    }
    const wanted = [
      ...Object.keys(schemaVersions),
      ...["clock put back", "late", "added again"],
      ...["not-needed", "pending", "verified", "expired", "declined", "undeliverable"].map((word) => `mailbox ${word}`),
      ...["pending", "verified", "degraded", "timed-out", "lost"].map((word) => `domain ${word}`),
      ...["pending", "email-verified", "domain-verified", "active", "removed"].map((word) => `status ${word}`)
    ]
    expect([...seen].sort()).toEqual(wanted.sort())
  })
})

// ---------------------------------------------------------------------------------------------------------- planted bugs

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
    "lets a look that saw nothing degrade a domain",
    onlyNegativesMoveDown,
    {
      ...sender,
      decide: (state, command) => {
        const decision = sender.decide(state, command)
        return command._tag === "RecordProbe" &&
          isLive(state) &&
          state.domainState === "verified" &&
          !command.asked &&
          command.evidence.some(({ outcome }) => outcome === "unavailable")
          ? { _tag: "Happened", events: [{ _tag: "DomainDegraded", at: command.at, evidence: command.evidence }] }
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
    "forgets a decline with the removal",
    agreesWithTheModel,
    evolving((state, event) => {
      const next = sender.evolve(state, event)
      return event._tag === "SenderRemoved" && next._tag === "Sender" ? { ...next, declinedUntil: undefined } : next
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
    "counts a look that was asked for against the domain",
    askingNeverHarms,
    deciding((state, command) => [state, command._tag === "RecordProbe" ? { ...command, asked: false } : command])
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
    const histories = law === askingNeverHarms ? forwardHistory : anyHistory
    const result = fc.check(lawHolds(law, machine, histories), { numRuns, endOnFailure: true })
    expect(result.failed).toBe(true)
    expect(result.counterexample).not.toBeNull()
  })
})
