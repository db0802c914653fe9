/**
 * The use cases as plain async functions, one for each method of `Senders`, with the same input.
 *
 * A function that fails rejects with the engine's own error, for example `TooSoon` with its `retryAfter`: tell them
 * apart by `error._tag`, after `isSenderFailure(error)`.
 */
import {
  AddressRefused,
  CommandIdReused,
  CommandInFlight,
  InvalidData,
  LinkRefused,
  OutcomeUnknown,
  Overloaded,
  SenderNotFound,
  Senders,
  StorageUnavailable,
  TooSoon
} from "@countersign/engine"
import { FromRefused, MessageRefused } from "@countersign/signing"
import { Context, Effect, Option } from "effect"

/** A method of `Senders` as an async function. What may be missing is `undefined`. */
type Async<F> = F extends (input: infer Input) => Effect.Effect<infer A, infer _E>
  ? (input: Input) => Promise<A extends Option.Option<infer V> ? V | undefined : A>
  : never

/** The use cases, one async function each. */
export type AsyncSenders = { readonly [Method in keyof Senders["Service"]]: Async<Senders["Service"][Method]> }

const failures = [
  AddressRefused,
  CommandIdReused,
  CommandInFlight,
  FromRefused,
  InvalidData,
  LinkRefused,
  MessageRefused,
  OutcomeUnknown,
  Overloaded,
  SenderNotFound,
  StorageUnavailable,
  TooSoon
] as const

/** What a use case or `sign` may reject with. Anything else that comes out of one is a fault. */
export type SenderFailure = InstanceType<(typeof failures)[number]>

/** Whether a use case or `sign` refused, rather than a fault having happened. */
export const isSenderFailure = (error: unknown): error is SenderFailure =>
  failures.some((failure) => error instanceof failure)

/**
 * With a message like any error's, that can be written: ours is read from the parts of the error, and a framework that
 * writes it (Next, to add where it happened) would throw instead and hide the sentence.
 */
export const withOwnMessage = <E>(error: E): E => {
  if (error instanceof Error && !Object.hasOwn(error, "message")) {
    Object.defineProperty(error, "message", { value: error.message, writable: true, configurable: true })
  }
  return error
}

export const makeAsyncSenders = (context: Context.Context<Senders>): AsyncSenders => {
  const run = Effect.runPromiseWith(context)
  const method =
    <Input, A, E>(useCase: (input: Input) => Effect.Effect<A, E>) =>
    (input: Input) =>
      useCase(input).pipe(
        Effect.map((answer) => (Option.isOption(answer) ? Option.getOrUndefined(answer) : answer)),
        Effect.mapError(withOwnMessage),
        run
      )
  // Method by method what `AsyncSenders` says; TypeScript does not follow the types through the entries.
  return Object.fromEntries(
    Object.entries(Context.get(context, Senders)).map(([name, useCase]) => [
      name,
      method<never, unknown, unknown>(useCase)
    ])
  ) as unknown as AsyncSenders
}
