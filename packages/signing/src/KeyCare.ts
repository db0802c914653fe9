/**
 * Key care: the worker that gives every slot a key, and looks whether the keys are published: each minute until a key
 * is seen, then each hour, and when somebody asks.
 *
 * At its start it unwraps every key, so that a wrong secret is one sentence then and not a failed mail later. It runs
 * in every process that works; what two of them do at once is done once. With `DKIM_KEYS=elsewhere` it is left out.
 */
import { type KeyRing, type KeySlot, keySlots, mayTakeOverFrom } from "@countersign/core"
import { DnsResolver } from "@countersign/engine"
import { Context, Effect, Layer, Metric, Semaphore } from "effect"
import { lookAtKey } from "./KeyLook.ts"
import { type KeyRingChanges, makeKeyRingChanges, type RingFailure } from "./KeyRingChanges.ts"
import { openKey } from "./KeyRingKeys.ts"
import { KeySettings } from "./KeySettings.ts"
import { rewrapKeys } from "./Rewrap.ts"

const minute = 60_000
const hour = 60 * minute

const seen = Metric.gauge("countersign_signing_key_seen", {
  description: "1 while the key of the slot is published, as far as the last look told."
})

/** Gives a key to every slot that may have one now. A slot that signed lately waits. */
export const fillSlots = Effect.fnUntraced(function* ({ load, generate }: KeyRingChanges) {
  const { ring } = yield* load
  for (const slot of keySlots) {
    if (ring.slots[slot].key !== undefined) continue
    yield* Effect.catchTag(generate(slot), "KeyRingRefused", () => Effect.void)
  }
})

/** Unwraps all keys; one whose private half is gone is lost, and the slot gets another one. */
const openAll = Effect.fnUntraced(function* (changes: KeyRingChanges) {
  // In this order: a key that the ring has by now has its row by now.
  const { ring } = yield* changes.load
  for (const slot of keySlots) {
    const { key } = ring.slots[slot]
    if (key === undefined) continue
    yield* openKey(slot, key.keyId).pipe(
      Effect.catchTag("SigningKeyMissing", () =>
        Effect.andThen(
          Effect.logError(`the private key of slot ${slot} is gone; the slot gets a new key`),
          Effect.catchTag(changes.end("RecordKeyLost", slot, key.keyId), "KeyRingRefused", Effect.die)
        )
      )
    )
  }
})

const make = Effect.gen(function* () {
  const changes = yield* makeKeyRingChanges("worker")
  const resolver = yield* DnsResolver
  const { zone } = yield* KeySettings
  const lookedAt = new Map<KeySlot, number>()
  const oneAtATime = yield* Semaphore.make(1)
  let isOut = false

  yield* openAll(changes)
  yield* rewrapKeys
  yield* fillSlots(changes)

  const alarm = Effect.fnUntraced(function* ({ slots, signing }: KeyRing) {
    for (const slot of keySlots) {
      const isSeen = slots[slot].key?.seenSince !== undefined
      yield* Metric.update(Metric.withAttributes(seen, { slot: String(slot) }), isSeen ? 1 : 0)
    }
    const isMissing = signing === undefined || slots[signing].key?.seenSince === undefined
    if (isMissing === isOut) return
    isOut = isMissing
    const which = signing === undefined ? "no signing key is" : `the key of slot ${signing}, which signs, is not`
    yield* isMissing
      ? Effect.logError(`${which} published in ${zone}: \`countersign keys check\` tells what is wrong`)
      : Effect.logInfo(`the key of slot ${signing}, which signs, is published in ${zone}`)
  })

  const turn = Effect.fn("KeyCare.turn")(function* (all: boolean) {
    yield* fillSlots(changes)
    const { ring, at } = yield* changes.load
    for (const slot of keySlots) {
      const { key } = ring.slots[slot]
      if (key === undefined) continue
      if (!all && key.seenSince !== undefined && at - (lookedAt.get(slot) ?? 0) < hour) continue
      yield* Effect.catchTag(changes.note(yield* lookAtKey(resolver, zone, slot, key)), "KeyRingRefused", Effect.die)
      lookedAt.set(slot, at)
    }
    yield* takeOver
    yield* alarm((yield* changes.load).ring)
  })

  /** When the slot that signed is gone, the next one takes over as soon as it may. */
  const takeOver = Effect.gen(function* () {
    const { ring, at } = yield* changes.load
    if (ring.signing !== undefined) return
    const next = keySlots.find((slot) => (mayTakeOverFrom(ring, slot) ?? Number.POSITIVE_INFINITY) <= at)
    if (next === undefined) return
    yield* Effect.catchTag(changes.move(next), "KeyRingRefused", () => Effect.void)
  })

  const look = (all: boolean) => oneAtATime.withPermits(1)(turn(all))
  const looking = Effect.catchCause(look(false), (cause) =>
    Effect.logWarning("the signing keys cannot be looked at", cause)
  )
  // Whoever publishes the records by a program does so first.
  const start = Effect.sleep(1_000)
  yield* Effect.forkScoped(Effect.andThen(start, Effect.forever(Effect.andThen(looking, Effect.sleep(minute)))))
  return { look: look(true) }
})

/** See the top of the file. */
export class KeyCare extends Context.Service<
  KeyCare,
  {
    /** Looks at all keys now. */
    readonly look: Effect.Effect<void, RingFailure>
  }
>()("countersign/KeyCare") {
  static readonly layer = Layer.effect(KeyCare, make)
}
