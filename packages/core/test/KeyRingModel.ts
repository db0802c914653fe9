/**
 * What the key ring has to do, told by a journal: nothing is folded, every question is answered by looking through all
 * that happened before. With it the histories that the laws are tried on.
 */
import fc from "fast-check"
import { KeyId, type KeyRingCommand, type KeyRingEvent, type KeySlot } from "../src/KeyRing.ts"
import { day, hour, minute } from "./SenderExamples.ts"

/** What happened, in the model's words. */
type Entry =
  | {
      readonly what: "made" | "seen" | "missing" | "lost" | "revoked" | "retired"
      readonly slot: KeySlot
      readonly keyId: KeyId
      readonly at: number
    }
  | { readonly what: "used"; readonly slot: KeySlot; readonly at: number }
  | { readonly what: "signs"; readonly slot: KeySlot | undefined; readonly at: number }
  | { readonly what: "kept"; readonly ms: number }
export type Journal = ReadonlyArray<Entry>

const slots: ReadonlyArray<KeySlot> = [1, 2, 3]
const ended = ["lost", "revoked", "retired"]

const keyIn = (journal: Journal, slot: KeySlot): KeyId | undefined => {
  const last = journal.findLast(
    (entry) => "keyId" in entry && entry.slot === slot && entry.what !== "seen" && entry.what !== "missing"
  )
  return last !== undefined && "keyId" in last && last.what === "made" ? last.keyId : undefined
}
/** The first look that showed the key of a slot, after the last one that did not. */
const seenSince = (journal: Journal, slot: KeySlot): number | undefined => {
  const keyId = keyIn(journal, slot)
  const about = journal.flatMap((entry) => ("keyId" in entry && entry.keyId === keyId ? [entry] : []))
  const since = about.slice(about.findLastIndex(({ what }) => what !== "seen") + 1)
  return since[0]?.at
}
const signing = (journal: Journal): KeySlot | undefined =>
  journal.flatMap((entry) => (entry.what === "signs" ? [entry.slot] : [])).at(-1)
const longestKept = (journal: Journal): number =>
  Math.max(0, ...journal.flatMap((entry) => (entry.what === "kept" ? [entry.ms] : [])))
const mayTakeOver = (journal: Journal, slot: KeySlot): number | undefined => {
  const since = seenSince(journal, slot)
  return since === undefined ? undefined : since + Math.max(24 * hour, longestKept(journal))
}
/** Until when a slot may have signed: it was used, it took over, or another one took over from it. */
const signedUntil = (journal: Journal, slot: KeySlot): number | undefined => {
  let last: number | undefined
  let who: KeySlot | undefined
  const note = (at: number) => (last = Math.max(last ?? at, at))
  for (const entry of journal) {
    if (entry.what === "used" && entry.slot === slot) note(entry.at + 24 * hour)
    if (entry.what !== "signs") continue
    if (who === slot || entry.slot === slot) note(entry.at)
    who = entry.slot
  }
  return last
}
const mayChange = (journal: Journal, slot: KeySlot): number => {
  const until = signedUntil(journal, slot)
  return until === undefined ? 0 : until + 7 * day
}

/** What a command comes to, and what it adds to the journal. */
export const expected = (
  journal: Journal,
  command: KeyRingCommand
): { readonly says: string; readonly adds: Journal } => {
  const { at } = command
  const nothing = (because: string) => ({ says: `=${because}`, adds: [] })
  const refused = (law: string, until?: number) => ({ says: `!${law} ${until ?? "never"}`, adds: [] })
  const slot = command._tag === "MoveSigning" ? command.to : command.slot
  const known = keyIn(journal, slot)
  const stale = "keyId" in command && command._tag !== "GenerateKey" && command.keyId !== known
  if (stale) return nothing("stale")
  switch (command._tag) {
    case "GenerateKey": {
      const { keyId } = command
      if (known === keyId) return nothing("already-so")
      if (journal.some((entry) => entry.what === "made" && entry.keyId === keyId)) return nothing("stale")
      if (known !== undefined) return refused("slot-has-a-key")
      const end = journal.findLast((entry) => ended.includes(entry.what) && "keyId" in entry && entry.slot === slot)
      if (end?.what !== "lost" && at < mayChange(journal, slot))
        return refused("slot-signed-lately", mayChange(journal, slot))
      return { says: "KeyGenerated", adds: [{ what: "made", slot, keyId, at }] }
    }
    case "RecordKeySeen": {
      const { keyId, keptFor } = command
      if (seenSince(journal, slot) !== undefined && keptFor <= longestKept(journal)) return nothing("already-so")
      const adds: Journal = [
        { what: "seen", slot, keyId, at },
        { what: "kept", ms: keptFor }
      ]
      const ofSlot = journal.filter((entry) => entry.what === "made" && entry.slot === slot)
      const first = ofSlot.length === 1 && !journal.some(({ what }) => what === "signs" || what === "used")
      if (!first) return { says: "KeySeen", adds }
      return { says: `KeySeen SigningMoved:${slot}`, adds: [...adds, { what: "signs", slot, at }] }
    }
    case "RecordKeyMissing": {
      const { keyId, keptFor } = command
      if (seenSince(journal, slot) === undefined && keptFor <= longestKept(journal)) return nothing("already-so")
      return {
        says: "KeyMissing",
        adds: [
          { what: "missing", slot, keyId, at },
          { what: "kept", ms: keptFor }
        ]
      }
    }
    case "MoveSigning": {
      if (signing(journal) === slot) return nothing("already-so")
      if (known === undefined) return refused("slot-has-no-key")
      const from = mayTakeOver(journal, slot)
      if (from === undefined || at < from) return refused("key-not-seen-long-enough", from)
      return { says: `SigningMoved:${slot}`, adds: [{ what: "signs", slot, at }] }
    }
    case "RecordKeyUse": {
      const until = signedUntil(journal, slot)
      if (signing(journal) === slot || (until !== undefined && at <= until)) return nothing("already-so")
      return { says: "KeyUsed", adds: [{ what: "used", slot, at }] }
    }
    case "RetireKey": {
      if (known === undefined) return nothing("already-so")
      if (signing(journal) === slot) return refused("slot-signs")
      if (at < mayChange(journal, slot)) return refused("slot-signed-lately", mayChange(journal, slot))
      return { says: "KeyRetired", adds: [{ what: "retired", slot, keyId: known, at }] }
    }
    case "RevokeKey":
    case "RecordKeyLost": {
      if (known === undefined) return nothing("already-so")
      const lost = command._tag === "RecordKeyLost"
      const end: Entry = { what: lost ? "lost" : "revoked", slot, keyId: known, at }
      const says = lost ? "KeyLost" : "KeyRevoked"
      if (signing(journal) !== slot) return { says, adds: [end] }
      const others = slots.filter((other) => other !== slot && seenSince(journal, other) !== undefined)
      const age = (other: KeySlot) => seenSince(journal, other) ?? 0
      const to = others.length === 0 ? undefined : others.reduce((a, b) => (age(b) < age(a) ? b : a))
      return { says: `${says} SigningMoved:${to ?? "none"}`, adds: [end, { what: "signs", slot: to, at }] }
    }
  }
}

/** What a machine made of a command, in the model's words. */
export const saidOf = (events: ReadonlyArray<KeyRingEvent>): string =>
  events.map((event) => (event._tag === "SigningMoved" ? `SigningMoved:${event.to ?? "none"}` : event._tag)).join(" ")

/** One thing that somebody tries, some time after the thing before. */
export interface KeyStep {
  readonly elapsed: number
  readonly act: KeyRingCommand["_tag"]
  readonly slot: KeySlot
  /** Which key is meant: the slot's own, one that is new, or the n-th that ever was. */
  readonly key: "own" | "new" | number
  readonly keptFor: number
}

const often = <A>(...values: ReadonlyArray<readonly [number, A]>) =>
  fc.oneof(...values.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })))

const step: fc.Arbitrary<KeyStep> = fc.record({
  elapsed: often<number>(
    ...([
      [3, 0],
      [2, minute],
      [2, hour],
      [1, 24 * hour - 1],
      [3, 24 * hour],
      [1, 36 * hour]
    ] as const),
    ...([
      [1, 6 * day],
      [1, 7 * day - 1],
      [3, 7 * day],
      [1, 8 * day],
      [1, -hour],
      [1, -2 * day]
    ] as const)
  ),
  act: often<KeyRingCommand["_tag"]>(
    ...([
      [4, "GenerateKey"],
      [5, "RecordKeySeen"],
      [1, "RecordKeyMissing"],
      [4, "MoveSigning"]
    ] as const),
    ...([
      [2, "RecordKeyUse"],
      [2, "RetireKey"],
      [1, "RevokeKey"],
      [1, "RecordKeyLost"]
    ] as const)
  ),
  slot: fc.constantFrom<KeySlot>(1, 2, 3),
  key: fc.oneof({ weight: 9, arbitrary: fc.constant("own" as const) }, fc.constant("new" as const), fc.nat(5)),
  keptFor: often<number>([4, 5 * minute], [2, hour], [1, 30 * hour], [1, 3 * day])
})

const begin = (act: KeyStep["act"], slot: KeySlot, elapsed = 0): KeyStep => ({
  ...{ elapsed, act, slot, key: act === "GenerateKey" ? "new" : "own", keptFor: 5 * minute }
})
/** Where histories begin: with nothing, with keys, with keys that are seen, or with a slot that signs besides. */
const beginnings: ReadonlyArray<ReadonlyArray<KeyStep>> = [
  slots.map((slot) => begin("GenerateKey", slot)),
  slots.map((slot) => begin("RecordKeySeen", slot)),
  [begin("RecordKeyUse", 2), begin("RecordKeyUse", 2, 24 * hour - 1)]
]

/** Histories. */
export const keyHistories: fc.Arbitrary<ReadonlyArray<KeyStep>> = fc
  .tuple(fc.nat(beginnings.length), fc.array(step, { maxLength: 40, size: "max" }))
  .map(([begun, steps]) => [...beginnings.slice(0, begun).flat(), ...steps])

/** The commands of a history, made one after the other: what is meant by them follows from the journal. */
export const commandOf = (journal: Journal, { act, slot, key, keptFor }: KeyStep, at: number): KeyRingCommand => {
  const made = journal.flatMap((entry) => (entry.what === "made" ? [entry.keyId] : []))
  const fresh = KeyId.make(`key-${made.length}`)
  const own = act === "GenerateKey" ? fresh : (keyIn(journal, slot) ?? fresh)
  const keyId = key === "own" ? own : key === "new" ? fresh : (made[key] ?? fresh)
  switch (act) {
    case "GenerateKey":
      return { _tag: act, at, slot, keyId, publicKey: `p-${keyId}` }
    case "RecordKeySeen":
    case "RecordKeyMissing":
      return { _tag: act, at, slot, keyId, keptFor, evidence: [] }
    case "RecordKeyUse":
    case "RecordKeyLost":
      return { _tag: act, at, slot, keyId }
    case "MoveSigning":
      return { _tag: act, at, to: slot }
    case "RetireKey":
    case "RevokeKey":
      return { _tag: act, at, slot }
  }
}
