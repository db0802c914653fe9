/**
 * Where slow answers wait. A server holds an answer here for a while or until it is released; a test can wait until
 * something is really being held before it goes on, so that no test has to sleep.
 */
import { type Duration, Effect, Latch, SubscriptionRef } from "effect"
import { awaitState, type SandboxTimeout } from "./SandboxTimeout.ts"

export interface Gate {
  /** Waits for the given time, or without one until `release`. */
  readonly hold: (wait: Duration.Input | undefined) => Effect.Effect<void>
  /** Lets go of everything that waits for a release now. What arrives later waits again. */
  readonly release: Effect.Effect<void>
  /** How many answers are being held now. */
  readonly held: Effect.Effect<number>
  /** Waits until at least `count` answers are being held. */
  readonly awaitHeld: (count: number, timeout: Duration.Input) => Effect.Effect<void, SandboxTimeout>
}

export const make: Effect.Effect<Gate> = Effect.gen(function* () {
  const held = yield* SubscriptionRef.make(0)
  const latch = yield* Latch.make(false)
  const add = (n: number) => SubscriptionRef.update(held, (count) => count + n)
  return {
    hold: (wait) =>
      Effect.acquireUseRelease(
        add(1),
        () => (wait === undefined ? Effect.asVoid(latch.await) : Effect.sleep(wait)),
        () => add(-1)
      ),
    release: Effect.asVoid(latch.release),
    held: SubscriptionRef.get(held),
    awaitHeld: (count, timeout) =>
      Effect.asVoid(awaitState(held, (now) => (now >= count ? now : undefined), timeout, `${count} held answers`))
  }
})
