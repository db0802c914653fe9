/**
 * A new pair of signing keys: RSA with 2048 bits, which every verifier knows (RFC 8301, section 3.2) and whose public
 * half fits into a TXT record.
 */
import { createPublicKey, generateKeyPair, type KeyObject } from "node:crypto"
import { Effect } from "effect"

/** The private key, and the `p=` that its key record has (RFC 6376, section 3.6.1). */
export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: string
}

/** Makes a pair, beside the event loop, in some 50 ms of a core. That the system has no randomness is a defect. */
export const makeKeyPair: Effect.Effect<KeyPair> = Effect.callback((resume) =>
  generateKeyPair("rsa", { modulusLength: 2_048 }, (cause, _, privateKey) =>
    resume(cause === null ? Effect.succeed({ privateKey, publicKey: publicKeyOf(privateKey) }) : Effect.die(cause))
  )
)

/** The `p=` that belongs to a private key. */
export const publicKeyOf = (privateKey: KeyObject): string =>
  createPublicKey(privateKey).export({ type: "spki", format: "der" }).toString("base64")
