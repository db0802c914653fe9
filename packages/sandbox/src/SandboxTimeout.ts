/**
 * Waiting for something to happen in a sandbox server, with a bound and without polling: the state is watched, so the
 * waiter wakes at the change itself.
 */
import { Data, Duration, Effect, Option, Stream, SubscriptionRef } from "effect"

/** What was waited for did not happen in time. */
export class SandboxTimeout extends Data.TaggedError("SandboxTimeout")<{
  /** What was waited for, in words. */
  readonly awaited: string
  readonly timeout: Duration.Duration
}> {
  override get message(): string {
    return `Waited ${Duration.format(this.timeout)} for ${this.awaited} without success.`
  }
}

/** The first value that `select` finds in the present or in a later state. */
export const awaitState = <State, A>(
  ref: SubscriptionRef.SubscriptionRef<State>,
  select: (state: State) => A | undefined,
  timeout: Duration.Input,
  awaited: string
): Effect.Effect<A, SandboxTimeout> => {
  const failure = () => Effect.fail(new SandboxTimeout({ awaited, timeout: Duration.fromInputUnsafe(timeout) }))
  return SubscriptionRef.changes(ref).pipe(
    Stream.map((state) => Option.fromUndefinedOr(select(state))),
    Stream.filter(Option.isSome),
    Stream.runHead,
    Effect.flatMap(Option.match({ onNone: failure, onSome: (found) => Effect.succeed(found.value) })),
    Effect.timeoutOrElse({ duration: timeout, orElse: failure })
  )
}
