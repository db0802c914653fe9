/**
 * The laws of the key ring, over histories that the ring and an independent model play side by side. Each law is shown
 * to be able to fail by rings with a planted bug.
 */
import { isDeepStrictEqual } from "node:util"
import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  decideKeyRing,
  emptyRing,
  evolveKeyRing,
  KeyId,
  type KeyRing,
  type KeyRingCommand,
  type KeyRingEvent,
  type KeySlot,
  keyRingDecider,
  keyRingEventFields
} from "../src/KeyRing.ts"
import { commandOf, expected, type Journal, type KeyStep, keyHistories, saidOf } from "./KeyRingModel.ts"
import { day, hour, t0 } from "./SenderExamples.ts"

const { codec } = keyRingDecider
type Decision = ReturnType<typeof decideKeyRing>

/** The ring as it is tried: its own functions, or some with a bug in their place. */
interface Machine {
  readonly decide: (ring: KeyRing, command: KeyRingCommand) => Decision
  readonly evolve: (ring: KeyRing, event: KeyRingEvent) => KeyRing
  readonly reread: (event: KeyRingEvent) => KeyRingEvent
}
const theRing: Machine = {
  decide: decideKeyRing,
  evolve: evolveKeyRing,
  reread: (event) => Result.getOrThrow(codec.decode(codec.encode(event)))
}

interface Moment {
  readonly command: KeyRingCommand
  readonly before: KeyRing
  readonly decision: Decision
  readonly events: ReadonlyArray<KeyRingEvent>
  readonly after: KeyRing
  /** What the model says of it. */
  readonly says: string
}

const eventsOf = (decision: Decision): ReadonlyArray<KeyRingEvent> =>
  decision._tag === "Happened" ? decision.events : []

const play = (history: ReadonlyArray<KeyStep>, { decide, evolve }: Machine): ReadonlyArray<Moment> => {
  let [at, ring, journal]: [number, KeyRing, Journal] = [t0, emptyRing, []]
  return history.map((step) => {
    at += step.elapsed
    const before = ring
    const command = commandOf(journal, step, at)
    const decision = decide(before, command)
    const events = eventsOf(decision)
    ring = events.reduce(evolve, before)
    const { says, adds } = expected(journal, command)
    journal = [...journal, ...adds]
    return { command, before, decision, events, after: ring, says }
  })
}

type Law = (moments: ReadonlyArray<Moment>, machine: Machine) => void
const holds = (truth: boolean, about: string): void => {
  if (!truth) expect.fail(about)
}
const same = (actual: unknown, wanted: unknown, about: string): void => {
  if (!isDeepStrictEqual(actual, wanted)) expect(actual, about).toStrictEqual(wanted)
}
const ends = ["KeyRetired", "KeyRevoked", "KeyLost"]
const slotOf = (command: KeyRingCommand): KeySlot => (command._tag === "MoveSigning" ? command.to : command.slot)
const isOf = (slot: KeySlot) => (event: KeyRingEvent) => "slot" in event && event.slot === slot

/** Calls back at each event with those before it. */
const each = (
  moments: ReadonlyArray<Moment>,
  look: (event: KeyRingEvent, past: ReadonlyArray<KeyRingEvent>, moment: Moment) => void
) => {
  const past: Array<KeyRingEvent> = []
  for (const moment of moments) {
    for (const event of moment.events) {
      look(event, past, moment)
      past.push(event)
    }
  }
}
const isSeen = (past: ReadonlyArray<KeyRingEvent>, slot: KeySlot): boolean =>
  past.findLast((event) => isOf(slot)(event) && event._tag !== "KeyUsed")?._tag === "KeySeen"

const agreesWithTheModel: Law = (moments) => {
  for (const { command, decision, events, says } of moments) {
    const said =
      decision._tag === "Happened"
        ? saidOf(events)
        : decision._tag === "Unchanged"
          ? `=${decision.because}`
          : `!${decision.rejection.law} ${decision.rejection.until ?? "never"}`
    same(said, says, `what ${command._tag} comes to`)
    holds(
      events.every(({ at }) => at === command.at),
      "every event has the time of its command"
    )
  }
}

const nothingSignsUnseen: Law = (moments) =>
  each(moments, (event, past) => {
    if (event._tag !== "SigningMoved" || event.to === undefined) return
    holds(isSeen(past, event.to), `slot ${event.to} signs before its key is seen`)
  })

const theFirstSignsAtOnce: Law = (moments) => {
  const first = moments.find(({ events }) => events.some(({ _tag }) => _tag === "KeySeen" || _tag === "KeyUsed"))
  if (first?.events[0]?._tag !== "KeySeen") return
  const { slot } = first.events[0]
  const keys = first.before.history.filter((past) => past.slot === slot)
  same(first.after.signing, keys.length === 1 ? slot : undefined, "the slot that signs once the first key is seen")
}

const movesToWhatWasSeenForLong: Law = (moments) => {
  let kept = 24 * hour
  const since = new Map<KeySlot, number>()
  for (const { command, before, events } of moments) {
    if (command._tag === "MoveSigning" && events.length > 0) {
      const from = since.get(command.to)
      holds(from !== undefined && command.at - from >= kept, "signing moved to a key that was not seen for long enough")
    }
    const stale = "keyId" in command && before.slots[command.slot].key?.keyId !== command.keyId
    if (command._tag === "RecordKeySeen" && !stale) since.set(command.slot, since.get(command.slot) ?? command.at)
    else if (events.some(({ _tag }) => _tag === "KeyMissing" || _tag === "KeyGenerated" || ends.includes(_tag))) {
      since.delete(slotOf(command))
    }
    if ((command._tag === "RecordKeySeen" || command._tag === "RecordKeyMissing") && !stale)
      kept = Math.max(kept, command.keptFor)
  }
}

/**
 * By what was really signed: each use that anybody tells of counts, also one that is not written down. What the slot
 * signs that signs by default is written down when it is left, so a clock that is put back by then takes from the week.
 */
const aKeyStaysForAWeek: Law = (moments) => {
  const signedAt = new Map<KeySlot, number>()
  const sign = (slot: KeySlot, at: number) => signedAt.set(slot, Math.max(signedAt.get(slot) ?? at, at))
  for (const { command, before, events } of moments) {
    const { at } = command
    for (const event of events) {
      if (event._tag !== "KeyGenerated" && event._tag !== "KeyRetired") continue
      const lost = before.history.findLast(({ slot }) => slot === event.slot)?.ended?.because === "lost"
      const last = signedAt.get(event.slot)
      holds(lost || last === undefined || at - last >= 7 * day, `${event._tag} though the slot signed lately`)
      holds(before.signing !== event.slot, `${event._tag} in the slot that signs`)
    }
    if (command._tag === "RecordKeyUse" && before.slots[command.slot].key?.keyId === command.keyId)
      sign(command.slot, at)
    if (before.signing !== undefined) sign(before.signing, at)
  }
}

const historyIsKept: Law = (moments) => {
  const all: Array<KeyRing["history"][number]> = []
  for (const { events, after } of moments) {
    for (const event of events) {
      if (event._tag === "KeyGenerated") {
        const { slot, keyId, publicKey } = event
        all.push({ slot, keyId, publicKey, ended: undefined })
      }
      const because = { KeyRetired: "retired", KeyRevoked: "revoked", KeyLost: "lost" } as const
      if (event._tag !== "KeyRetired" && event._tag !== "KeyRevoked" && event._tag !== "KeyLost") continue
      const at = all.findIndex(({ keyId }) => keyId === event.keyId)
      const one = all[at]
      if (one !== undefined) all[at] = { ...one, ended: { at: event.at, because: because[event._tag] } }
    }
    same(after.history, all, "the history")
    same(new Set(all.map(({ keyId }) => keyId)).size, all.length, "the number of ids in the history")
  }
}

const revokingMovesAtOnce: Law = (moments) =>
  each(moments, (event, past, { before, after }) => {
    if (event._tag !== "KeyRevoked" && event._tag !== "KeyLost") return
    holds(after.slots[event.slot].key === undefined, "the key is gone")
    if (before.signing !== event.slot) return same(after.signing, before.signing, "the slot that signs")
    const seen = ([1, 2, 3] as const).filter((slot) => slot !== event.slot && isSeen(past, slot))
    holds(
      seen.length === 0 ? after.signing === undefined : seen.some((slot) => slot === after.signing),
      "no seen slot took over"
    )
  })

const theLostIsReplacedAtOnce: Law = (moments, { decide }) =>
  each(moments, (event, _, { after }) => {
    if (event._tag !== "KeyLost") return
    const { at, slot } = event
    const keyId = KeyId.make("new")
    same(decide(after, { _tag: "GenerateKey", at, slot, keyId, publicKey: "p" })._tag, "Happened", "a new key")
  })

const repeatingDoesNothing: Law = (moments, { decide }) => {
  for (const { command, after } of moments) same(eventsOf(decide(after, command)), [], `${command._tag} again`)
}

const timeHelpsWhenItSaysSo: Law = (moments, { decide }) => {
  for (const { command, before, decision } of moments) {
    if (decision._tag !== "Rejected" || decision.rejection.until === undefined) continue
    const { until } = decision.rejection
    same(decide(before, { ...command, at: until })._tag, "Happened", `${command._tag} when its time has come`)
    same(decide(before, { ...command, at: until - 1 })._tag, "Rejected", `${command._tag} a moment before`)
  }
}

const evolvingIsTotal: Law = (moments, { evolve, reread }) => {
  const events = moments.flatMap((moment) => moment.events)
  same(events.map(reread), events, "the events that were stored and read")
  same(events.map(reread).reduce(evolve, emptyRing), moments.at(-1)?.after ?? emptyRing, "the ring that they fold to")
  for (const { after } of moments) {
    const before = JSON.stringify(after)
    for (const event of events)
      holds(evolve(after, event).history.length >= after.history.length, "a key was forgotten")
    same(JSON.stringify(after), before, "the state before")
  }
}

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
