/**
 * Where the confirmation page gets its nonces from. A reference with a default, so that a test can steer it.
 */
import { randomBytes } from "node:crypto"
import { Context } from "effect"

/** A nonce has 128 random bits or more, in the alphabet of base64url. */
export const Nonces = Context.Reference<{ readonly next: () => string }>("countersign/http/Nonces", {
  defaultValue: () => ({ next: () => randomBytes(18).toString("base64url") })
})
