/**
 * Where slow answers wait. A server holds an answer here for a while or until it is released; a test can wait until
 * something is really being held before it goes on, so that no test has to sleep.
 */
import { Deferred, type Duration, Effect, SubscriptionRef } from "effect"
import { awaitState, type SandboxTimeout } from "./SandboxTimeout.ts"

export interface Gate {
  /** Waits for the given time, or without one until `release`. */
  readonly hold: (wait: Duration.Input | undefined) => Effect.Effect<void>
  /** Lets go of everything that waits for a release now. What arrives later waits again. */
  readonly release: Effect.Effect<void>
  /** Waits until at least `count` answers are being held. */
  readonly awaitHeld: (count: number, timeout: Duration.Input) => Effect.Effect<void, SandboxTimeout>
}

export const make: Effect.Effect<Gate> = Effect.gen(function* () {
  const waiting = new Set<Deferred.Deferred<void>>()
  const held = yield* SubscriptionRef.make(0)
  const add = (n: number) => SubscriptionRef.update(held, (count) => count + n)
  // Who waits is in the set before it is counted: whoever has seen the count can release it.
  const enter = Effect.gen(function* () {
    const released = yield* Deferred.make<void>()
    waiting.add(released)
    yield* add(1)
    return released
  })
  return {
    hold: (wait) =>
      Effect.acquireUseRelease(
        enter,
        (released) => (wait === undefined ? Deferred.await(released) : Effect.sleep(wait)),
        (released) =>
          Effect.suspend(() => {
            waiting.delete(released)
            return add(-1)
          })
      ),
    release: Effect.suspend(() =>
      Effect.forEach([...waiting], (one) => Deferred.succeed(one, undefined), { discard: true })
    ),
    awaitHeld: (count, timeout) =>
      Effect.asVoid(awaitState(held, (now) => (now >= count ? now : undefined), timeout, `${count} held answers`))
  }
})
