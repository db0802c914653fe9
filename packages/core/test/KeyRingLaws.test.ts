/**
 * The laws of the key ring hold over random histories, and each can fail: rings with a planted bug are found out.
 */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  decideKeyRing,
  emptyRing,
  evolveKeyRing,
  type KeyRing,
  type KeyRingCommand,
  type KeyRingEvent,
  type KeySlot,
  keyRingEventFields
} from "../src/KeyRing.ts"
import {
  agreesWithTheModel,
  aKeyStaysForAWeek,
  type Decision,
  evolvingIsTotal,
  historyIsKept,
  type Law,
  type Machine,
  movesToWhatWasSeenForLong,
  nothingSignsUnseen,
  play,
  repeatingDoesNothing,
  revokingMovesAtOnce,
  theFirstSignsAtOnce,
  theLostIsReplacedAtOnce,
  theRing,
  timeHelpsWhenItSaysSo
} from "./KeyRingLaws.ts"
import { keyHistories } from "./KeyRingModel.ts"
import { day, hour } from "./SenderExamples.ts"

const laws = {
  "does what the model says": agreesWithTheModel,
  "nothing signs before its key is seen": nothingSignsUnseen,
  "the first key that is seen signs at once": theFirstSignsAtOnce,
  "signing moves only to a key seen without a break for as long as caches keep": movesToWhatWasSeenForLong,
  "a slot keeps its key for a week after it last signed": aKeyStaysForAWeek,
  "the history never loses a key": historyIsKept,
  "what is revoked or lost hands over at once to a slot that is seen": revokingMovesAtOnce,
  "what is lost is replaced at once": theLostIsReplacedAtOnce,
  "the same command on the state it produced yields no event": repeatingDoesNothing,
  "a refusal that names a time holds until then and no longer": timeHelpsWhenItSaysSo,
  "events that were stored and read fold to the same, in any order": evolvingIsTotal
}

const forward = keyHistories.map((steps) => steps.map((step) => ({ ...step, elapsed: Math.max(0, step.elapsed) })))
const holdsFor = (law: Law, machine: Machine) =>
  fc.property(law === aKeyStaysForAWeek ? forward : keyHistories, (history) => law(play(history, machine), machine))

describe("over three thousand histories", () => {
  it.each(Object.entries(laws))("%s", (_, law) => {
    fc.assert(holdsFor(law, theRing), { numRuns: 3_000 })
  })

  it("all that can happen and be refused comes up", () => {
    const moments = fc.sample(keyHistories, { numRuns: 3_000, seed: 1 }).flatMap((history) => play(history, theRing))
    const says = new Set(moments.map((moment) => moment.says.replace(/ (\d{9,}|never)$/, "")))
    const wanted = [
      ...["KeyGenerated", "KeySeen", "KeyMissing", "KeyUsed", "KeyRetired", "KeyRevoked", "KeyLost"],
      ...["1", "2", "3"].flatMap((slot) =>
        ["", "KeySeen ", "KeyRevoked ", "KeyLost "].map((by) => `${by}SigningMoved:${slot}`)
      ),
      ...["KeyRevoked SigningMoved:none", "KeyLost SigningMoved:none", "=already-so", "=stale"],
      ...["slot-has-a-key", "slot-has-no-key", "slot-signs", "slot-signed-lately", "key-not-seen-long-enough"].map(
        (law) => `!${law}`
      )
    ]
    expect([...says].sort()).toEqual(wanted.sort())
    expect(new Set(moments.flatMap(({ events }) => events.map(({ _tag }) => _tag)))).toEqual(
      new Set(Object.keys(keyRingEventFields))
    )
  })
})

const deciding = (twist: (ring: KeyRing, command: KeyRingCommand) => readonly [KeyRing, KeyRingCommand]): Machine => ({
  ...theRing,
  decide: (ring, command) => decideKeyRing(...twist(ring, command))
})
const evolving = (evolve: (ring: KeyRing, event: KeyRingEvent) => KeyRing): Machine => ({ ...theRing, evolve })
const later = (by: number, ...tags: ReadonlyArray<KeyRingCommand["_tag"]>) =>
  deciding((ring, command) => [ring, tags.includes(command._tag) ? { ...command, at: command.at + by } : command])
/** The ring with another decision about some commands. */
const instead = (other: (ring: KeyRing, command: KeyRingCommand) => Decision | undefined): Machine => ({
  ...theRing,
  decide: (ring, command) => other(ring, command) ?? decideKeyRing(ring, command)
})
const without = (ring: KeyRing, slot: KeySlot): KeyRing => ({
  ...ring,
  slots: { ...ring.slots, [slot]: { ...ring.slots[slot], signedUntil: undefined } }
})

const bugs: ReadonlyArray<readonly [string, Law, Machine]> = [
  [
    "signs with a key that is not seen",
    nothingSignsUnseen,
    instead((ring, command) =>
      command._tag === "MoveSigning" && ring.slots[command.to].key !== undefined && ring.signing !== command.to
        ? { _tag: "Happened", events: [{ _tag: "SigningMoved", at: command.at, to: command.to }] }
        : undefined
    )
  ],
  [
    "forgets that a key went missing",
    nothingSignsUnseen,
    evolving((ring, event) => (event._tag === "KeyMissing" ? ring : evolveKeyRing(ring, event)))
  ],
  [
    "waits with the first key",
    theFirstSignsAtOnce,
    instead((ring, command) => {
      const decision = decideKeyRing(ring, command)
      return command._tag === "RecordKeySeen" && decision._tag === "Happened"
        ? { _tag: "Happened", events: [decision.events[0]] }
        : undefined
    })
  ],
  [
    "lets a second key of a slot sign at once",
    theFirstSignsAtOnce,
    deciding((ring, command) => [
      command._tag === "RecordKeySeen"
        ? { ...ring, history: ring.history.filter(({ ended }) => ended === undefined) }
        : ring,
      command
    ])
  ],
  ["moves after 23 hours", movesToWhatWasSeenForLong, later(hour, "MoveSigning")],
  [
    "forgets how long caches keep",
    movesToWhatWasSeenForLong,
    evolving((ring, event) => ({ ...evolveKeyRing(ring, event), keptFor: 0 }))
  ],
  [
    "does not note how long caches keep an absence",
    movesToWhatWasSeenForLong,
    deciding((ring, command) => [ring, command._tag === "RecordKeyMissing" ? { ...command, keptFor: 0 } : command])
  ],
  [
    "counts from before a break",
    movesToWhatWasSeenForLong,
    evolving((ring, event) => {
      const next = evolveKeyRing(ring, event)
      const known = event._tag === "KeyMissing" ? ring.slots[event.slot].key : undefined
      return known === undefined || event._tag !== "KeyMissing"
        ? next
        : { ...next, slots: { ...next.slots, [event.slot]: { ...next.slots[event.slot], key: known } } }
    })
  ],
  ["retires after six days", aKeyStaysForAWeek, later(day, "RetireKey")],
  ["makes a new key after six days", aKeyStaysForAWeek, later(day, "GenerateKey")],
  [
    "counts a use only at the time it was written down",
    aKeyStaysForAWeek,
    {
      ...deciding((ring, command) => [
        ring,
        command._tag === "RecordKeyUse" ? { ...command, at: command.at - 24 * hour } : command
      ]),
      evolve: (ring, event) => evolveKeyRing(ring, event)
    }
  ],
  [
    "forgets that a slot was used",
    aKeyStaysForAWeek,
    evolving((ring, event) => (event._tag === "KeyUsed" ? ring : evolveKeyRing(ring, event)))
  ],
  [
    "retires the slot that signs",
    aKeyStaysForAWeek,
    deciding((ring, command) => [command._tag === "RetireKey" ? { ...ring, signing: undefined } : ring, command])
  ],
  [
    "forgets when the slot signed that was left",
    aKeyStaysForAWeek,
    evolving((ring, event) => {
      const next = evolveKeyRing(ring, event)
      return event._tag === "SigningMoved" && event.from !== undefined ? without(next, event.from) : next
    })
  ],
  [
    "forgets a revoked key",
    historyIsKept,
    evolving((ring, event) => {
      const next = evolveKeyRing(ring, event)
      return event._tag === "KeyRevoked"
        ? { ...next, history: next.history.filter(({ keyId }) => keyId !== event.keyId) }
        : next
    })
  ],
  [
    "makes a key again",
    historyIsKept,
    deciding((ring, command) => [command._tag === "GenerateKey" ? { ...ring, history: [] } : ring, command])
  ],
  [
    "goes on signing with a revoked key",
    revokingMovesAtOnce,
    evolving((ring, event) =>
      event._tag === "KeyRevoked"
        ? { ...evolveKeyRing(ring, event), signing: ring.signing, slots: ring.slots }
        : evolveKeyRing(ring, event)
    )
  ],
  [
    "hands over to nobody",
    revokingMovesAtOnce,
    deciding((ring, command) => [
      command._tag === "RevokeKey"
        ? { ...ring, slots: { ...emptyRing.slots, [command.slot]: ring.slots[command.slot] } }
        : ring,
      command
    ])
  ],
  [
    "makes a lost key wait",
    theLostIsReplacedAtOnce,
    deciding((ring, command) => [command._tag === "GenerateKey" ? { ...ring, history: [] } : ring, command])
  ],
  [
    "sees a key once more",
    repeatingDoesNothing,
    deciding((ring, command) => [
      ring,
      command._tag === "RecordKeySeen" ? { ...command, keptFor: ring.keptFor + 1 } : command
    ])
  ],
  [
    "writes each use down",
    repeatingDoesNothing,
    deciding((ring, command) => [command._tag === "RecordKeyUse" ? without(ring, command.slot) : ring, command])
  ],
  [
    "names a time too early",
    timeHelpsWhenItSaysSo,
    instead((ring, command) => {
      const decision = decideKeyRing(ring, command)
      if (decision._tag !== "Rejected" || decision.rejection.until === undefined) return undefined
      return { _tag: "Rejected", rejection: { ...decision.rejection, until: decision.rejection.until - 1 } }
    })
  ],
  [
    "stores whole hours",
    evolvingIsTotal,
    { ...theRing, reread: (event) => ({ ...event, at: event.at - (event.at % hour) - 1 }) }
  ],
  [
    "hands over to the youngest",
    agreesWithTheModel,
    deciding((ring, command) => {
      const aged = (slot: KeySlot) => {
        const { key, signedUntil } = ring.slots[slot]
        return { signedUntil, key: key?.seenSince === undefined ? key : { ...key, seenSince: -key.seenSince } }
      }
      return [command._tag === "RevokeKey" ? { ...ring, slots: { 1: aged(1), 2: aged(2), 3: aged(3) } } : ring, command]
    })
  ]
]

describe("a counterexample is found for a ring that", () => {
  it.each(bugs)("%s", (_, law, machine) => {
    const result = fc.check(holdsFor(law, machine), { numRuns: 10_000, endOnFailure: true })
    expect(result.failed).toBe(true)
    expect(result.counterexample).not.toBeNull()
  })
})
