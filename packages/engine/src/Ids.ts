/**
 * New ids: UUIDs of version 7 (RFC 9562, section 5.7), which grow with time, so that stores append instead of scattering.
 *
 * A reference with a default: tests put a predictable one in its place.
 */
import { randomBytes } from "node:crypto"
import { Context, type Effect } from "effect"
import { SecureRandom } from "effect/crypto"

/** Where new ids come from. */
export class Ids extends Context.Reference<{ readonly next: Effect.Effect<string> }>("countersign/Ids", {
  defaultValue: () => ({ next: SecureRandom.make((size) => randomBytes(size)).uuidV7() })
}) {}
