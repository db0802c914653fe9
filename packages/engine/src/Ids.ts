/**
 * New ids: UUIDs of version 7 (RFC 9562, section 5.7), which grow with time, so that stores append instead of
 * scattering.
 *
 * A reference with a default: tests put a predictable one in its place.
 */
import { randomBytes } from "node:crypto"
import { Context, type Effect } from "effect"
import { SecureRandom } from "effect/crypto"

/** As many random bytes as 256 ids need: to ask the system for those of one takes longer than to make the id. */
const pooled = 4_096

const makeRandomBytes = () => {
  let pool = randomBytes(pooled)
  let taken = 0
  return (size: number): Uint8Array => {
    if (taken + size > pool.length) {
      pool = randomBytes(Math.max(pooled, size))
      taken = 0
    }
    taken += size
    return pool.subarray(taken - size, taken)
  }
}

/** Where new ids come from. */
export class Ids extends Context.Reference<{ readonly next: Effect.Effect<string> }>("countersign/Ids", {
  defaultValue: () => ({ next: SecureRandom.make(makeRandomBytes()).uuidV7() })
}) {}
