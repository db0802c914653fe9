/**
 * Every change of the key ring, each one commit of an event and of the private key that goes with it: there is never a
 * key without its private half, nor a private half that outlives its key.
 *
 * Safe with many processes: who commits second decides again on what the first one committed, and then changes nothing;
 * the pair that it made is dropped.
 */
import {
  decideKeyRing,
  type EventUndecodable,
  installationAccount,
  KeyId,
  type KeyRing,
  type KeyRingCommand,
  type KeyRingRefusal,
  type KeySlot,
  keyRingDecider,
  keyRingId
} from "@countersign/core"
import { Executor, Ids, Installation, type KeyChange, type WriteFailure } from "@countersign/engine"
import { Effect } from "effect"
import type { KeyLook } from "./KeyLook.ts"
import { makeKeyPair } from "./KeyPair.ts"
import { KeySettings } from "./KeySettings.ts"
import { wrapKey } from "./KeyWrap.ts"

/** What changing the ring may fail with. */
export type RingFailure = WriteFailure | EventUndecodable

/** The ring at a time, in milliseconds since the epoch by the storage's clock. */
export interface RingNow {
  readonly ring: KeyRing
  readonly at: number
}

/** Whether anything happened, and the ring after it. */
export interface Changed extends RingNow {
  readonly happened: boolean
}

/** @param actor who causes it, for the history: `worker` or `operator`. */
export const makeKeyRingChanges = Effect.fnUntraced(function* (actor: string) {
  const executor = yield* Executor
  const ids = yield* Ids
  const installation = yield* Installation
  const { wrappingKeys } = yield* KeySettings

  /** Commits what `choose` wants of the ring as it is then, together with what becomes of private keys. */
  const change = Effect.fnUntraced(function* (
    keys: ReadonlyArray<KeyChange>,
    choose: (now: RingNow) => KeyRingCommand | undefined
  ): Effect.fn.Return<Changed, RingFailure | KeyRingRefusal> {
    const request = { account: installationAccount, actor, correlation: yield* ids.next, keys }
    const executed = executor.execute(request, (tx) =>
      Effect.gen(function* () {
        const { state: ring, at } = yield* tx.read(keyRingDecider, keyRingId)
        const command = choose({ ring, at })
        if (command === undefined) return { happened: false, ring, at }
        const { happened, state } = yield* tx.decide(keyRingDecider, keyRingId, command)
        return { happened, ring: state, at }
      })
    )
    const done = yield* Effect.catchTags(executed, {
      CommandIdReused: Effect.die,
      CommandInFlight: Effect.die,
      LeaseLost: Effect.die
    })
    return done._tag === "Done" ? done.value : yield* Effect.die("the key ring keeps no receipts")
  })

  /** Ends a key that is still the slot's, and deletes its private half. */
  const end = (command: "RetireKey" | "RevokeKey" | "RecordKeyLost", slot: KeySlot, keyId: KeyId) =>
    change([{ _tag: "Drop", keyId }], ({ ring, at }) =>
      ring.slots[slot].key?.keyId !== keyId
        ? undefined
        : command === "RecordKeyLost"
          ? { _tag: command, at, slot, keyId }
          : { _tag: command, at, slot }
    )

  const load = Effect.map(executor.load(keyRingDecider, keyRingId), ({ state, at }): RingNow => ({ ring: state, at }))

  return {
    load,

    /** Makes a pair for a slot without one. */
    generate: Effect.fn("KeyRingChanges.generate")(function* (slot: KeySlot) {
      const keyId = KeyId.make(yield* ids.next)
      const made = (publicKey: string) => (now: RingNow) =>
        now.ring.slots[slot].key === undefined
          ? ({ _tag: "GenerateKey", at: now.at, slot, keyId, publicKey } as const)
          : undefined
      // A pair costs time: not for a slot that may not have one.
      const now = yield* load
      const command = made("")(now)
      if (command === undefined) return { ...now, happened: false }
      const decision = decideKeyRing(now.ring, command)
      if (decision._tag === "Rejected") return yield* Effect.fail(decision.rejection)
      const { privateKey, publicKey } = yield* makeKeyPair
      const wrapped = wrapKey(wrappingKeys, { installation: installation.id, slot, keyId }, privateKey)
      return yield* change([{ _tag: "Put", keyId, wrapped }], made(publicKey))
    }),

    /** Notes what a look came to. */
    note: ({ slot, keyId, sight, keptFor, evidence }: KeyLook) =>
      change([], ({ at }) =>
        sight === "unknown"
          ? undefined
          : {
              _tag: sight === "seen" ? "RecordKeySeen" : "RecordKeyMissing",
              ...{ at, slot, keyId, keptFor, evidence }
            }
      ),

    move: (to: KeySlot) => change([], ({ at }) => ({ _tag: "MoveSigning", at, to })),

    /** Notes that a slot signs although another one does so by default; to be called before it signs. */
    use: (slot: KeySlot, keyId: KeyId) => change([], ({ at }) => ({ _tag: "RecordKeyUse", at, slot, keyId })),

    end
  }
})

/** What may be done to the ring. */
export type KeyRingChanges = Effect.Success<ReturnType<typeof makeKeyRingChanges>>
