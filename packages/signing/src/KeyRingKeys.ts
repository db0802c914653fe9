/**
 * The private keys of the slots, unwrapped, for whoever signs. They are in memory only, and only as long as a slot has
 * them.
 */
import type { KeyObject } from "node:crypto"
import { decideKeyRing, type KeyId, type KeyRing, type KeySlot, keySlots } from "@countersign/core"
import { Installation, SendPlans, SigningKeys } from "@countersign/engine"
import { Clock, Context, Effect, Layer, Redacted, Result, Schema } from "effect"
import { makeKeyRingChanges, type RingFailure } from "./KeyRingChanges.ts"
import { KeySettings } from "./KeySettings.ts"
import { type UnwrapFailed, unwrapKey } from "./KeyWrap.ts"

/** The storage's clock may be ahead of ours by so much, in milliseconds. */
const clockMargin = 60 * 60 * 1_000

/** A slot has no key, or its private half is not there. */
export class SigningKeyMissing extends Schema.TaggedError<SigningKeyMissing>()("SigningKeyMissing", {
  slot: Schema.Number
}) {
  override get message(): string {
    return `Slot ${this.slot} has no key to sign with.`
  }
}

/** Why a private key is not given out. */
export type KeyFailure = SigningKeyMissing | UnwrapFailed | RingFailure

/** The private key of a slot's key, as a row has it. */
export const openKey = Effect.fnUntraced(function* (slot: KeySlot, keyId: KeyId) {
  const { list } = yield* SigningKeys
  const { id: installation } = yield* Installation
  const { wrappingKeys } = yield* KeySettings
  const row = (yield* list).find((stored) => stored.keyId === keyId)
  if (row === undefined) return yield* new SigningKeyMissing({ slot })
  const opened = unwrapKey(wrappingKeys, { installation, slot, keyId }, row.wrapped)
  if (Result.isFailure(opened)) return yield* opened.failure
  return { key: Redacted.make(opened.success), wrapped: row.wrapped }
})

/** See the top of the file. */
export class KeyRingKeys extends Context.Service<
  KeyRingKeys,
  {
    /**
     * The key of a slot as the send plans know the ring: ask for the plan first. That a slot signs in place of the one
     * that does by default is written down before the key is given out.
     */
    readonly privateKey: (slot: KeySlot) => Effect.Effect<Redacted.Redacted<KeyObject>, KeyFailure>
  }
>()("countersign/KeyRingKeys") {
  static readonly layer = Layer.effect(
    KeyRingKeys,
    Effect.gen(function* () {
      const plans = yield* SendPlans
      const ports = yield* Effect.context<SigningKeys | Installation | KeySettings>()
      const changes = yield* makeKeyRingChanges("signer")
      const opened = new Map<KeyId, Redacted.Redacted<KeyObject>>()

      const forget = ({ slots }: KeyRing) => {
        const current = new Set([slots[1].key?.keyId, slots[2].key?.keyId, slots[3].key?.keyId])
        for (const keyId of opened.keys()) if (!current.has(keyId)) opened.delete(keyId)
      }

      /** A slot that signs although another one does by default keeps its key for a week from then on. */
      const noteUse = Effect.fnUntraced(function* (ring: KeyRing, slot: KeySlot, keyId: KeyId) {
        const at = (yield* Clock.currentTimeMillis) + clockMargin
        if (decideKeyRing(ring, { _tag: "RecordKeyUse", at, slot, keyId })._tag !== "Happened") return
        yield* Effect.catchTag(changes.use(slot, keyId), "KeyRingRefused", Effect.die)
      })

      // Who cannot open what is there has the wrong secret: better known now than with the first mail.
      const { ring: found } = yield* changes.load
      for (const slot of keySlots) {
        const keyId = found.slots[slot].key?.keyId
        if (keyId === undefined) continue
        yield* Effect.catchTag(openKey(slot, keyId), "SigningKeyMissing", () => Effect.void)
      }

      return {
        privateKey: Effect.fnUntraced(function* (slot) {
          const ring = yield* plans.ring
          const keyId = ring.slots[slot].key?.keyId
          if (keyId === undefined) return yield* new SigningKeyMissing({ slot })
          yield* noteUse(ring, slot, keyId)
          const known = opened.get(keyId)
          if (known !== undefined) return known
          const { key } = yield* Effect.provide(openKey(slot, keyId), ports)
          forget(ring)
          opened.set(keyId, key)
          return key
        })
      }
    })
  )
}
