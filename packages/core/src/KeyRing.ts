/**
 * The key ring: the signing keys of the installation, one in each of three slots, and which slot signs.
 *
 * Customers' records point to slots for ever; what is replaced is the key in a slot, while another slot signs. Mail
 * that was signed may be verified a week later, and resolvers keep what they saw. So a key signs only once it was seen,
 * a slot that takes over was seen for longer than any cache keeps an older answer, and a key stays published for a week
 * after it last signed. Only public keys are in the events; private keys are rows beside them (`SigningKeys`).
 * `KeyRingLaws.test.ts` holds the ring against an independent model.
 */
import { createHash } from "node:crypto"
import { Brand, Schema } from "effect"
import type { Decider, Decision } from "./Decider.ts"
import { DnsObservation } from "./DnsObservation.ts"
import { makeEventCodec } from "./EventCodec.ts"
import { framed, uuidV8 } from "./Identity.ts"
import type { AccountId } from "./Owner.ts"

/** The slots of the ring, as the records of a plan name them. */
export const KeySlot = Schema.Literals([1, 2, 3])
export type KeySlot = typeof KeySlot.Type
/** All of them. */
export const keySlots: ReadonlyArray<KeySlot> = [1, 2, 3]

/** The id of a key. */
export const KeyId = Schema.String.pipe(Schema.brand("KeyId"))
export type KeyId = typeof KeyId.Type

/** The name of the ring's stream. There is one in an installation. */
export type KeyRingId = string & Brand.Brand<"KeyRingId">
/** The ring's stream. */
export const keyRingId: KeyRingId = Brand.nominal<KeyRingId>()(
  uuidV8(
    createHash("sha256")
      .update(framed(["key-ring"]))
      .digest()
  )
)

/** The account that the ring's commits are under. No use case reaches the ring, whatever its account is called. */
export const installationAccount = Brand.nominal<AccountId>()("~installation")

const hour = 60 * 60 * 1_000
/** How long a key has to be seen, without a break, before signing moves to it; longer where caches keep longer. */
export const seenBeforeSigning = 24 * hour
/** How long a key stays published after it last signed: mail is delivered late. In milliseconds. */
export const keptAfterSigning = 7 * 24 * hour
/** A use is written down at most so often, in milliseconds: one that is counts until the next one may be. */
const useSpacing = 24 * hour

const key = { at: Schema.Number, slot: KeySlot, keyId: KeyId }

/** Version 1 of every event: its name, and what it carries besides its name. */
export const keyRingEventFields = {
  /** A key pair was made. `publicKey` is the `p=` of its key record (RFC 6376, section 3.6.1). */
  KeyGenerated: { ...key, publicKey: Schema.String },
  /** The key is published: every server that was asked shows it. Caches keep an older answer for `keptFor` ms. */
  KeySeen: { ...key, keptFor: Schema.Number, evidence: Schema.Array(DnsObservation) },
  /** The key is not published, or another one is in its place; `keptFor` is as in `KeySeen`. */
  KeyMissing: { ...key, keptFor: Schema.Number, evidence: Schema.Array(DnsObservation) },
  /** Mail is signed with another slot from now on; without `to`, with none. */
  SigningMoved: { at: Schema.Number, from: Schema.optionalKey(KeySlot), to: Schema.optionalKey(KeySlot) },
  /** A slot signed although another one is the one that signs by default. */
  KeyUsed: key,
  /** The key's time is over; its private key is deleted. */
  KeyRetired: key,
  /** The key must not be trusted any more. */
  KeyRevoked: key,
  /** The private key is gone, or cannot be read with the secret. */
  KeyLost: key
} as const

/** One fact of the ring, told apart by `_tag`. Times are milliseconds since the epoch by the storage's clock. */
export const KeyRingEvent = Schema.TaggedUnion(keyRingEventFields)
export type KeyRingEvent = typeof KeyRingEvent.Type

/** The key that a slot has. */
export interface RingKey {
  readonly keyId: KeyId
  readonly publicKey: string
  readonly generatedAt: number
  /** Since when it is seen without a break. */
  readonly seenSince: number | undefined
}

/** A slot: its key, and until when the slot may have signed, if it ever did. */
export interface RingSlot {
  readonly key: RingKey | undefined
  readonly signedUntil: number | undefined
}

/** A key that ever was. */
export interface PastKey {
  readonly slot: KeySlot
  readonly keyId: KeyId
  readonly publicKey: string
  readonly ended: { readonly at: number; readonly because: "retired" | "revoked" | "lost" } | undefined
}

/** What the events of the ring come to. */
export interface KeyRing {
  readonly slots: { readonly [S in KeySlot]: RingSlot }
  /** The slot that signs by default. */
  readonly signing: KeySlot | undefined
  /** The longest time that a cache keeps an answer about our zone, as far as it was seen, in milliseconds. */
  readonly keptFor: number
  /** Every key that ever was, the oldest first. */
  readonly history: ReadonlyArray<PastKey>
}

const emptySlot: RingSlot = { key: undefined, signedUntil: undefined }
/** A ring without keys. */
export const emptyRing: KeyRing = {
  slots: { 1: emptySlot, 2: emptySlot, 3: emptySlot },
  signing: undefined,
  keptFor: 0,
  history: []
}

/** The state after an event. Total: an event that means nothing in a state leaves it as it is. */
export const evolveKeyRing = (ring: KeyRing, event: KeyRingEvent): KeyRing => {
  switch (event._tag) {
    case "KeyGenerated": {
      const { slot, keyId, publicKey, at } = event
      const made: RingKey = { keyId, publicKey, generatedAt: at, seenSince: undefined }
      const kept = [...ring.history, { slot, keyId, publicKey, ended: undefined }]
      return { ...withSlot(ring, slot, { ...ring.slots[slot], key: made }), history: kept }
    }
    case "KeySeen": {
      const next = withKey(ring, event, (known) => ({ ...known, seenSince: known.seenSince ?? event.at }))
      return { ...next, keptFor: Math.max(ring.keptFor, event.keptFor) }
    }
    case "KeyMissing": {
      const next = withKey(ring, event, (known) => ({ ...known, seenSince: undefined }))
      return { ...next, keptFor: Math.max(ring.keptFor, event.keptFor) }
    }
    case "SigningMoved": {
      const left = event.from === undefined ? ring : signed(ring, event.from, event.at)
      const joined = event.to === undefined ? left : signed(left, event.to, event.at)
      return { ...joined, signing: event.to }
    }
    case "KeyUsed":
      return signed(ring, event.slot, event.at + useSpacing)
    case "KeyRetired":
      return end(ring, event, "retired")
    case "KeyRevoked":
      return end(ring, event, "revoked")
    case "KeyLost":
      return end(ring, event, "lost")
  }
}

const withSlot = (ring: KeyRing, slot: KeySlot, state: RingSlot): KeyRing => ({
  ...ring,
  slots: { ...ring.slots, [slot]: state }
})

const withKey = (
  ring: KeyRing,
  { slot, keyId }: { readonly slot: KeySlot; readonly keyId: KeyId },
  change: (known: RingKey) => RingKey
): KeyRing => {
  const { key: known, signedUntil } = ring.slots[slot]
  return known?.keyId === keyId ? withSlot(ring, slot, { key: change(known), signedUntil }) : ring
}

const signed = (ring: KeyRing, slot: KeySlot, until: number): KeyRing => {
  const state = ring.slots[slot]
  const signedUntil = Math.max(state.signedUntil ?? until, until)
  return withSlot(ring, slot, { ...state, signedUntil })
}

const end = (
  ring: KeyRing,
  { slot, keyId, at }: { readonly slot: KeySlot; readonly keyId: KeyId; readonly at: number },
  because: "retired" | "revoked" | "lost"
): KeyRing => {
  if (ring.slots[slot].key?.keyId !== keyId) return ring
  const history = ring.history.map((past) => (past.keyId === keyId ? { ...past, ended: { at, because } } : past))
  return { ...withSlot(ring, slot, { ...ring.slots[slot], key: undefined }), history }
}

/** The commands to the ring. `at` is milliseconds since the epoch by the storage's clock. */
export type KeyRingCommand =
  | {
      readonly _tag: "GenerateKey"
      readonly at: number
      readonly slot: KeySlot
      readonly keyId: KeyId
      readonly publicKey: string
    }
  | {
      readonly _tag: "RecordKeySeen"
      readonly at: number
      readonly slot: KeySlot
      readonly keyId: KeyId
      readonly keptFor: number
      readonly evidence: ReadonlyArray<DnsObservation>
    }
  | {
      readonly _tag: "RecordKeyMissing"
      readonly at: number
      readonly slot: KeySlot
      readonly keyId: KeyId
      readonly keptFor: number
      readonly evidence: ReadonlyArray<DnsObservation>
    }
  | { readonly _tag: "MoveSigning"; readonly at: number; readonly to: KeySlot }
  | { readonly _tag: "RecordKeyUse"; readonly at: number; readonly slot: KeySlot; readonly keyId: KeyId }
  | { readonly _tag: "RetireKey"; readonly at: number; readonly slot: KeySlot }
  | { readonly _tag: "RevokeKey"; readonly at: number; readonly slot: KeySlot }
  | { readonly _tag: "RecordKeyLost"; readonly at: number; readonly slot: KeySlot; readonly keyId: KeyId }

/** Why the ring refuses a command: a law stands against it, at least until `until`. */
export interface KeyRingRefusal {
  readonly _tag: "KeyRingRefused"
  readonly law: "slot-has-a-key" | "slot-has-no-key" | "slot-signs" | "slot-signed-lately" | "key-not-seen-long-enough"
  /** Milliseconds since the epoch; `undefined` when time alone does not help. */
  readonly until: number | undefined
}

/** Why nothing happens although nothing is wrong. */
export type KeyRingUnchanged = "already-so" | "stale"

type KeyRingDecision = Decision<KeyRingEvent, KeyRingRefusal, KeyRingUnchanged>

const happened = (...events: readonly [KeyRingEvent, ...ReadonlyArray<KeyRingEvent>]): KeyRingDecision => ({
  _tag: "Happened",
  events
})
const unchanged = (because: KeyRingUnchanged): KeyRingDecision => ({ _tag: "Unchanged", because })
const refused = (law: KeyRingRefusal["law"], until?: number): KeyRingDecision => ({
  _tag: "Rejected",
  rejection: { _tag: "KeyRingRefused", law, until }
})

/** From when on signing may move to a slot; `undefined` while its key is not seen. */
export const mayTakeOverFrom = ({ slots, keptFor }: KeyRing, slot: KeySlot): number | undefined => {
  const seenSince = slots[slot].key?.seenSince
  return seenSince === undefined ? undefined : seenSince + Math.max(seenBeforeSigning, keptFor)
}

/** From when on the key of a slot that does not sign may go; 0 when it never signed. */
export const mayRetireFrom = ({ slots }: KeyRing, slot: KeySlot): number => {
  const { signedUntil } = slots[slot]
  return signedUntil === undefined ? 0 : signedUntil + keptAfterSigning
}

/** The first key that is seen signs at once: no cache can hold another key of a slot that never had one. */
const signsAtOnce = ({ slots, history }: KeyRing, of: KeySlot): boolean =>
  keySlots.every((slot) => slots[slot].signedUntil === undefined) &&
  history.filter(({ slot }) => slot === of).length === 1

/** What a command makes happen in a state. The same command on the state it produced makes nothing happen. */
export const decideKeyRing = (ring: KeyRing, command: KeyRingCommand): KeyRingDecision => {
  const { at } = command
  if (command._tag === "MoveSigning") return moveSigning(ring, command.to, at)
  const { slot } = command
  const { key: known } = ring.slots[slot]
  switch (command._tag) {
    case "GenerateKey": {
      const { keyId, publicKey } = command
      if (known?.keyId === keyId) return unchanged("already-so")
      // A key that ever was is never made again.
      if (ring.history.some((past) => past.keyId === keyId)) return unchanged("stale")
      if (known !== undefined) return refused("slot-has-a-key")
      const until = mayRetireFrom(ring, slot)
      // What was lost signs nothing any more, and what it signed stands by the record that is published.
      if (at < until && lastEnd(ring, slot) !== "lost") return refused("slot-signed-lately", until)
      return happened({ _tag: "KeyGenerated", at, slot, keyId, publicKey })
    }
    case "RecordKeySeen": {
      const { keyId, keptFor, evidence } = command
      if (known?.keyId !== keyId) return unchanged("stale")
      if (known.seenSince !== undefined && keptFor <= ring.keptFor) return unchanged("already-so")
      const seen: KeyRingEvent = { _tag: "KeySeen", at, slot, keyId, keptFor, evidence }
      return signsAtOnce(ring, slot) ? happened(seen, { _tag: "SigningMoved", at, to: slot }) : happened(seen)
    }
    case "RecordKeyMissing": {
      const { keyId, keptFor, evidence } = command
      if (known?.keyId !== keyId) return unchanged("stale")
      if (known.seenSince === undefined && keptFor <= ring.keptFor) return unchanged("already-so")
      return happened({ _tag: "KeyMissing", at, slot, keyId, keptFor, evidence })
    }
    case "RecordKeyUse": {
      if (known?.keyId !== command.keyId) return unchanged("stale")
      const { signedUntil } = ring.slots[slot]
      return ring.signing === slot || (signedUntil !== undefined && at <= signedUntil)
        ? unchanged("already-so")
        : happened({ _tag: "KeyUsed", at, slot, keyId: known.keyId })
    }
    case "RetireKey": {
      if (known === undefined) return unchanged("already-so")
      if (ring.signing === slot) return refused("slot-signs")
      const until = mayRetireFrom(ring, slot)
      return at < until
        ? refused("slot-signed-lately", until)
        : happened({ _tag: "KeyRetired", at, slot, keyId: known.keyId })
    }
    case "RevokeKey":
      if (known === undefined) return unchanged("already-so")
      return happened({ _tag: "KeyRevoked", at, slot, keyId: known.keyId }, ...handOver(ring, slot, at))
    case "RecordKeyLost":
      if (known?.keyId !== command.keyId) return unchanged("stale")
      return happened({ _tag: "KeyLost", at, slot, keyId: known.keyId }, ...handOver(ring, slot, at))
  }
}

const moveSigning = (ring: KeyRing, to: KeySlot, at: number): KeyRingDecision => {
  const { signing, slots } = ring
  if (signing === to) return unchanged("already-so")
  if (slots[to].key === undefined) return refused("slot-has-no-key")
  const from = mayTakeOverFrom(ring, to)
  if (from === undefined || at < from) return refused("key-not-seen-long-enough", from)
  return happened({ _tag: "SigningMoved", at, ...(signing === undefined ? {} : { from: signing }), to })
}

/** A slot that signs is gone at once: the one that was seen for longest takes its place, if there is any. */
const handOver = (ring: KeyRing, from: KeySlot, at: number): ReadonlyArray<KeyRingEvent> => {
  if (ring.signing !== from) return []
  const [to] = keySlots
    .filter((slot) => slot !== from && ring.slots[slot].key?.seenSince !== undefined)
    .sort((a, b) => (ring.slots[a].key?.seenSince ?? 0) - (ring.slots[b].key?.seenSince ?? 0))
  return [{ _tag: "SigningMoved", at, from, ...(to === undefined ? {} : { to }) }]
}

const lastEnd = ({ history }: KeyRing, of: KeySlot) => history.findLast(({ slot }) => slot === of)?.ended?.because

/** The decider of the key ring. */
export const keyRingDecider: Decider<
  KeyRingId,
  KeyRing,
  KeyRingCommand,
  KeyRingEvent,
  KeyRingRefusal,
  KeyRingUnchanged
> = {
  initial: emptyRing,
  evolve: evolveKeyRing,
  decide: decideKeyRing,
  account: ({ history }) => (history.length === 0 ? undefined : installationAccount),
  view: () => undefined,
  // The workers look after the ring by a clock of their own (`signing/KeyCare.ts`).
  react: () => [],
  codec: makeEventCodec(KeyRingEvent, {
    KeyGenerated: 1,
    KeySeen: 1,
    KeyMissing: 1,
    SigningMoved: 1,
    KeyUsed: 1,
    KeyRetired: 1,
    KeyRevoked: 1,
    KeyLost: 1
  })
}
