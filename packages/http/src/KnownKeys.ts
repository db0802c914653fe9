/**
 * Remembers for a second who holds an access key.
 *
 * So a key lets nobody in one second after it was revoked, in whichever process. Keys that were not found are looked up
 * every time.
 */
import { hash } from "node:crypto"
import type { Accounts } from "@countersign/engine"
import { type Effect, Option, Redacted } from "effect"
import { rememberForASecond } from "./Remembered.ts"

type Authenticate = Accounts["Service"]["authenticate"]

export const rememberKeys = (authenticate: Authenticate): ((secret: string) => ReturnType<Authenticate>) => {
  const holderOf = rememberForASecond<Effect.Success<ReturnType<Authenticate>>>(Option.isSome)
  // By hash, so that the time of finding one tells nothing of a key, and no key is kept.
  return (secret) => holderOf(hash("sha256", secret, "base64url"), () => authenticate(Redacted.make(secret)))
}
