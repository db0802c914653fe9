/**
 * Remembers for a second who holds an access key: a client that asks often has its key looked up once a second, and not
 * with every request.
 *
 * So a key lets nobody in one second after it was revoked, in whichever process. Keys that were not found are looked up
 * every time.
 */
import { hash } from "node:crypto"
import type { Accounts } from "@countersign/engine"
import { Clock, Effect, Option, Redacted } from "effect"

type Authenticate = Accounts["Service"]["authenticate"]

interface KnownKey {
  readonly holder: Effect.Success<ReturnType<Authenticate>>
  /** By the monotonic clock, which nobody sets back. */
  readonly until: bigint
}

const second = 1_000_000_000n

/** More keys than a process meets in a second; then the memory starts anew. */
const remembered = 10_000

export const rememberKeys = (authenticate: Authenticate): ((secret: string) => ReturnType<Authenticate>) => {
  // By hash, so that the time of finding one tells nothing of a key, and no key is kept.
  const known = new Map<string, KnownKey>()
  return (secret) =>
    Clock.clockWith((clock) => {
      const key = hash("sha256", secret, "base64url")
      const now = clock.monotonicTimeNanosUnsafe()
      const found = known.get(key)
      if (found !== undefined && now < found.until) return Effect.succeed(found.holder)
      known.delete(key)
      return Effect.map(authenticate(Redacted.make(secret)), (holder) => {
        if (Option.isSome(holder)) {
          if (known.size >= remembered) known.clear()
          // From before it was looked up: it may have been revoked while the answer was on its way.
          known.set(key, { holder, until: now + second })
        }
        return holder
      })
    })
}
