/**
 * New ids: UUIDs of version 7 (RFC 9562, section 5.7), which grow with time, so that stores append instead of scattering.
 *
 * A reference with a default: tests put a predictable one in its place.
 */
import { randomFillSync } from "node:crypto"
import { Clock, Context, Effect } from "effect"

/** Where new ids come from. */
export class Ids extends Context.Reference<{ readonly next: Effect.Effect<string> }>("countersign/Ids", {
  defaultValue: () => ({ next: Effect.map(Clock.currentTimeMillis, uuidV7) })
}) {}

// Random bytes are drawn for many ids at a time: one call of the system per id would cost more than the id.
const pool = Buffer.alloc(16 * 256)
let used = pool.length

const uuidV7 = (now: number): string => {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const bytes = pool.subarray(used, used + 16)
  used += 16
  bytes.writeUIntBE(now, 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
