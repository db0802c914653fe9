/**
 * The laws of the key ring: each judges a history that a ring and an independent model played side by side, and throws
 * where it is broken.
 */
import { isDeepStrictEqual } from "node:util"
import { Result } from "effect"
import { expect } from "vitest"
import {
  decideKeyRing,
  emptyRing,
  evolveKeyRing,
  KeyId,
  type KeyRing,
  type KeyRingCommand,
  type KeyRingEvent,
  type KeySlot,
  keyRingDecider
} from "../src/KeyRing.ts"
import { commandOf, expected, type Journal, type KeyStep, saidOf } from "./KeyRingModel.ts"
import { day, hour, t0 } from "./SenderExamples.ts"

const { codec } = keyRingDecider
export type Decision = ReturnType<typeof decideKeyRing>

/** The ring as it is tried: its own functions, or some with a bug in their place. */
export interface Machine {
  readonly decide: (ring: KeyRing, command: KeyRingCommand) => Decision
  readonly evolve: (ring: KeyRing, event: KeyRingEvent) => KeyRing
  readonly reread: (event: KeyRingEvent) => KeyRingEvent
}
export const theRing: Machine = {
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

export const play = (history: ReadonlyArray<KeyStep>, { decide, evolve }: Machine): ReadonlyArray<Moment> => {
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

export type Law = (moments: ReadonlyArray<Moment>, machine: Machine) => void
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

export const agreesWithTheModel: Law = (moments) => {
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

export const nothingSignsUnseen: Law = (moments) =>
  each(moments, (event, past) => {
    if (event._tag !== "SigningMoved" || event.to === undefined) return
    holds(isSeen(past, event.to), `slot ${event.to} signs before its key is seen`)
  })

export const theFirstSignsAtOnce: Law = (moments) => {
  const first = moments.find(({ events }) => events.some(({ _tag }) => _tag === "KeySeen" || _tag === "KeyUsed"))
  if (first?.events[0]?._tag !== "KeySeen") return
  const { slot } = first.events[0]
  const keys = first.before.history.filter((past) => past.slot === slot)
  same(first.after.signing, keys.length === 1 ? slot : undefined, "the slot that signs once the first key is seen")
}

export const movesToWhatWasSeenForLong: Law = (moments) => {
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
export const aKeyStaysForAWeek: Law = (moments) => {
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

export const historyIsKept: Law = (moments) => {
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

export const revokingMovesAtOnce: Law = (moments) =>
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

export const theLostIsReplacedAtOnce: Law = (moments, { decide }) =>
  each(moments, (event, _, { after }) => {
    if (event._tag !== "KeyLost") return
    const { at, slot } = event
    const keyId = KeyId.make("new")
    same(decide(after, { _tag: "GenerateKey", at, slot, keyId, publicKey: "p" })._tag, "Happened", "a new key")
  })

export const repeatingDoesNothing: Law = (moments, { decide }) => {
  for (const { command, after } of moments) same(eventsOf(decide(after, command)), [], `${command._tag} again`)
}

export const timeHelpsWhenItSaysSo: Law = (moments, { decide }) => {
  for (const { command, before, decision } of moments) {
    if (decision._tag !== "Rejected" || decision.rejection.until === undefined) continue
    const { until } = decision.rejection
    same(decide(before, { ...command, at: until })._tag, "Happened", `${command._tag} when its time has come`)
    same(decide(before, { ...command, at: until - 1 })._tag, "Rejected", `${command._tag} a moment before`)
  }
}

export const evolvingIsTotal: Law = (moments, { evolve, reread }) => {
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
