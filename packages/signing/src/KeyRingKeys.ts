/**
 * The private keys of the slots, unwrapped, for whoever signs. They are in memory only, and only as long as a slot has
 * them.
 */
import type { KeyObject } from "node:crypto"
import type { KeyId, KeyRing, KeySlot } from "@countersign/core"
import { Installation, SendPlans, SigningKeys, type StorageUnavailable } from "@countersign/engine"
import { Context, Effect, Layer, Redacted, Result, Schema } from "effect"
import { KeySettings } from "./KeySettings.ts"
import { type UnwrapFailed, unwrapKey } from "./KeyWrap.ts"

/** A slot has no key, or its private half is not there. */
export class SigningKeyMissing extends Schema.TaggedError<SigningKeyMissing>()("SigningKeyMissing", {
  slot: Schema.Number
}) {
  override get message(): string {
    return `Slot ${this.slot} has no key to sign with.`
  }
}

export type KeyFailure = SigningKeyMissing | UnwrapFailed | StorageUnavailable

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
    /** The key of a slot as the send plans know the ring: ask for the plan first. */
    readonly privateKey: (slot: KeySlot) => Effect.Effect<Redacted.Redacted<KeyObject>, KeyFailure>
  }
>()("countersign/KeyRingKeys") {
  static readonly layer = Layer.effect(
    KeyRingKeys,
    Effect.gen(function* () {
      const plans = yield* SendPlans
      const ports = yield* Effect.context<SigningKeys | Installation | KeySettings>()
      const opened = new Map<KeyId, Redacted.Redacted<KeyObject>>()

      const forget = ({ slots }: KeyRing) => {
        const current = new Set([slots[1].key?.keyId, slots[2].key?.keyId, slots[3].key?.keyId])
        for (const keyId of opened.keys()) if (!current.has(keyId)) opened.delete(keyId)
      }

      return {
        privateKey: Effect.fnUntraced(function* (slot) {
          const ring = yield* plans.ring
          const keyId = ring.slots[slot].key?.keyId
          if (keyId === undefined) return yield* new SigningKeyMissing({ slot })
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
