/**
 * Wraps the private keys again that an older secret wrapped, so that it can leave `COUNTERSIGN_SECRET`.
 */
import { installationAccount, type KeyId, keyRingDecider, keyRingId, keySlots } from "@countersign/core"
import { EventStore, Executor, Ids, Installation, type KeyChange } from "@countersign/engine"
import { Effect, Redacted } from "effect"
import { openKey } from "./KeyRingKeys.ts"
import { KeySettings } from "./KeySettings.ts"
import { isWrappedByNewest, wrapKey } from "./KeyWrap.ts"

/** Only while the ring is as it was read: a key that ends meanwhile must not come back. The next start tries again. */
export const rewrapKeys = Effect.gen(function* () {
  const executor = yield* Executor
  const store = yield* EventStore
  const { id: installation } = yield* Installation
  const { wrappingKeys } = yield* KeySettings
  const { state, version } = yield* executor.load(keyRingDecider, keyRingId)
  const keys: Array<KeyChange> = []
  for (const slot of keySlots) {
    const keyId: KeyId | undefined = state.slots[slot].key?.keyId
    if (keyId === undefined) continue
    const { key, wrapped } = yield* openKey(slot, keyId)
    if (isWrappedByNewest(wrappingKeys, wrapped)) continue
    keys.push({
      _tag: "Put",
      keyId,
      wrapped: wrapKey(wrappingKeys, { installation, slot, keyId }, Redacted.value(key))
    })
  }
  if (keys.length === 0) return
  const id = yield* (yield* Ids).next
  yield* store.commit([
    {
      account: installationAccount,
      command: { id, fingerprint: "", result: "" },
      appends: [{ stream: keyRingId, expected: version, events: [], entry: undefined, tasks: [] }],
      keys
    }
  ])
})
