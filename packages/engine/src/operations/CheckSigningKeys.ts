/**
 * Verifies the private signing keys: every key that a slot of the ring has now has its row, and no row is of another
 * key.
 */
import { keyRingDecider, keyRingId, keySlots } from "@countersign/core"
import { Effect } from "effect"
import { EventStore } from "../ports/EventStore.ts"
import { SigningKeys } from "../ports/SigningKeys.ts"
import { loadStream } from "../ScriptRun.ts"

/** A ring that cannot be read is a problem of its events, which is said where they are verified. */
export const checkSigningKeys = Effect.fnUntraced(
  function* <E, R>(say: (problem: string) => Effect.Effect<void, E, R>) {
    const store = yield* EventStore
    const { list } = yield* SigningKeys
    while (true) {
      const { state, version } = yield* loadStream(store, keyRingDecider, keyRingId)
      const unused = new Set((yield* list).map(({ keyId }) => keyId))
      // Rows change with the ring: what was read of the two belongs together when the ring is still the same.
      if ((yield* store.readStream(keyRingId, version, 1)).events.length > 0) continue
      for (const slot of keySlots) {
        const key = state.slots[slot].key
        if (key !== undefined && !unused.delete(key.keyId)) {
          yield* say(`the private key of slot ${slot}, ${key.keyId}, is missing`)
        }
      }
      for (const keyId of unused) yield* say(`there is a private key ${keyId}, which no slot has`)
      return
    }
  },
  Effect.catchTag("EventUndecodable", () => Effect.void)
)
