/**
 * Publishes the signing keys in the sandbox's own zone, at its start and whenever they change, as an operator would.
 */
import { keySlots, slotZone } from "@countersign/core"
import { EventStore } from "@countersign/engine"
import { KeyCare, KeySettings, keyRecords, makeKeyRingChanges } from "@countersign/signing"
import { Effect, Layer, Stream } from "effect"
import { SandboxServers } from "./SandboxServers.ts"

const publishKeys = Effect.gen(function* () {
  const { dns, changeZone } = yield* SandboxServers
  const { zone } = yield* KeySettings
  const { look } = yield* KeyCare
  const store = yield* EventStore
  const { load } = yield* makeKeyRingChanges("sandbox")

  const publish = Effect.gen(function* () {
    const { ring } = yield* load
    const records = keyRecords(ring, zone)
    const known = yield* dns.zone.list
    const values = (name: string) => known.flatMap((record) => (record.name === name ? [record.value] : []))
    let changed = false
    for (const slot of keySlots) {
      const name = `*.${slotZone(slot, zone)}`
      const wanted = records.flatMap((record) => (record.slot === slot ? [record.value] : []))
      if (values(name).join() === wanted.join()) continue
      yield* changeZone(dns.zone.put(name, "TXT", wanted))
      changed = true
    }
    if (changed) yield* look
  })
  const orWarn = Effect.catchCause(publish, (cause) => Effect.logWarning("the signing keys cannot be published", cause))
  yield* orWarn
  yield* Effect.forkScoped(Stream.runForEach(store.changes, () => orWarn))
})

export const SandboxKeys = { layer: Layer.effectDiscard(publishKeys) }
