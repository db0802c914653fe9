/**
 * What an operator does with the signing keys: see what to publish, check what is published, replace the keys one after
 * the other, and revoke one.
 *
 * A rotation takes weeks, so it is a saga without a memory of its own: each call reads the ring, does the next step
 * that the laws of the ring allow, and says what comes after it. It may be called at any time and after any crash.
 */
import {
  type KeyRing,
  type KeyRingRefusal,
  type KeySlot,
  keySlots,
  mayRetireFrom,
  mayTakeOverFrom
} from "@countersign/core"
import { DnsResolver } from "@countersign/engine"
import { Effect, Schema } from "effect"
import { fillSlots } from "./KeyCare.ts"
import { type KeyLook, lookAtKey } from "./KeyLook.ts"
import { type KeyRecord, keyRecords } from "./KeyRecords.ts"
import { type Changed, makeKeyRingChanges, type RingFailure, type RingNow } from "./KeyRingChanges.ts"
import { KeySettings } from "./KeySettings.ts"

/** A law of the ring stands against a step, as two operators at once may meet it. */
export class KeyStepRefused extends Schema.TaggedError<KeyStepRefused>()("KeyStepRefused", {
  message: Schema.String
}) {}

const told = (step: Effect.Effect<Changed, RingFailure | KeyRingRefusal>) =>
  Effect.catchTag(step, "KeyRingRefused", ({ law, until }) => {
    const end = until === undefined ? "" : `, until ${new Date(until).toISOString()}`
    return new KeyStepRefused({ message: `The key ring refuses this: ${law.replaceAll("-", " ")}${end}.` })
  })

/** The records to publish; slots that had no key get one. */
export const showKeys = Effect.gen(function* () {
  const changes = yield* makeKeyRingChanges("operator")
  yield* fillSlots(changes)
  const { ring } = yield* changes.load
  return { records: keyRecords(ring, (yield* KeySettings).zone), signing: ring.signing }
})

/** Looks at every key now, and notes what it saw. */
export const checkKeys = Effect.gen(function* () {
  const changes = yield* makeKeyRingChanges("operator")
  const resolver = yield* DnsResolver
  const { zone } = yield* KeySettings
  const { ring } = yield* changes.load
  const looks: Array<KeyLook> = []
  for (const slot of keySlots) {
    const { key } = ring.slots[slot]
    if (key === undefined) continue
    const look = yield* lookAtKey(resolver, zone, slot, key)
    yield* Effect.catchTag(changes.note(look), "KeyRingRefused", Effect.die)
    looks.push(look)
  }
  return { looks, signing: (yield* changes.load).ring.signing }
})

/** What a call of `rotateKeys` came to. Times are milliseconds since the epoch. */
export type RotationStep =
  /** Another slot signs now. The key of the one before stays published until then, and is replaced after it. */
  | { readonly _tag: "Moved"; readonly from: KeySlot | undefined; readonly to: KeySlot; readonly replaceFrom: number }
  /** A slot that does not sign any more has a new key: its record has to be published in place of the old one. */
  | { readonly _tag: "Replaced"; readonly slot: KeySlot; readonly record: KeyRecord }
  /** Nothing was done: a record has to be published first. */
  | { readonly _tag: "Unpublished"; readonly slot: KeySlot; readonly record: KeyRecord }
  /** Nothing was done: mail that the slot signed is still on its way, or caches may still hold an older key. */
  | {
      readonly _tag: "TooEarly"
      readonly slot: KeySlot
      readonly why: "signed-lately" | "not-seen-long-enough"
      readonly until: number
    }

/** Does the next step of a rotation. Look first (`checkKeys`): it goes by what was seen. */
export const rotateKeys = Effect.gen(function* () {
  const changes = yield* makeKeyRingChanges("operator")
  const { zone } = yield* KeySettings
  const { ring, at } = yield* changes.load

  const replaced = Effect.fnUntraced(function* (slot: KeySlot) {
    const { ring: after } = yield* told(changes.generate(slot))
    return { _tag: "Replaced", slot, record: yield* recordOf(after, zone, slot) } as const
  })

  // What an earlier call began comes first: a slot without a key, then one that does not sign any more.
  for (const slot of others(ring)) {
    const { key } = ring.slots[slot]
    const until = mayRetireFrom(ring, slot)
    if (key !== undefined && !isUsed(ring, slot)) continue
    if (at < until) return { _tag: "TooEarly", slot, why: "signed-lately", until } as const
    if (key !== undefined) yield* told(changes.end("RetireKey", slot, key.keyId))
    return yield* replaced(slot)
  }
  for (const slot of others(ring)) {
    if (ring.slots[slot].key?.seenSince === undefined) {
      return { _tag: "Unpublished", slot, record: yield* recordOf(ring, zone, slot) } as const
    }
  }
  const [to = 1] = others(ring)
  const until = mayTakeOverFrom(ring, to) ?? at
  if (at < until) return { _tag: "TooEarly", slot: to, why: "not-seen-long-enough", until } as const
  const { ring: after } = yield* told(changes.move(to))
  const replaceFrom = ring.signing === undefined ? at : mayRetireFrom(after, ring.signing)
  return { _tag: "Moved", from: ring.signing, to, replaceFrom } as const
}) satisfies Effect.Effect<RotationStep, unknown, unknown>

/** The slots that do not sign, in the order in which they take over. */
const others = ({ signing = 3 }: KeyRing): ReadonlyArray<KeySlot> => {
  const after = [...keySlots, ...keySlots].slice(signing, signing + 3)
  return after.filter((slot) => slot !== signing)
}

/** Whether the key that a slot has may have signed. */
const isUsed = ({ slots }: KeyRing, slot: KeySlot): boolean => {
  const { key, signedUntil } = slots[slot]
  return key !== undefined && signedUntil !== undefined && signedUntil >= key.generatedAt
}

const recordOf = (ring: KeyRing, zone: string, slot: KeySlot): Effect.Effect<KeyRecord> => {
  const record = keyRecords(ring, zone).find((one) => one.slot === slot)
  return record === undefined ? Effect.die(`slot ${slot} has no key`) : Effect.succeed(record)
}

/** What became of a revocation. */
export interface Revoked extends RingNow {
  readonly slot: KeySlot
  /** False when the slot had no key. */
  readonly happened: boolean
  /** When the slot may have a new key, in milliseconds since the epoch. */
  readonly replaceFrom: number
}

/** Revokes the key of a slot and deletes its private half. Another slot that is seen signs from then on. */
export const revokeKey = Effect.fn("KeyOperations.revoke")(function* (slot: KeySlot) {
  const changes = yield* makeKeyRingChanges("operator")
  const now = yield* changes.load
  const { key } = now.ring.slots[slot]
  const done = key === undefined ? { ...now, happened: false } : yield* told(changes.end("RevokeKey", slot, key.keyId))
  return { slot, ...done, replaceFrom: mayRetireFrom(done.ring, slot) } satisfies Revoked
})
