/**
 * For a service that does not use Effect: the use cases as plain async functions, and the HTTP application as a `fetch` handler and as
 * a Node listener, over one set of layers.
 *
 * ```ts
 * const countersign = await makeCountersign(layer)
 * express().use("/mail", countersign.node)
 * const { sender } = await countersign.senders.add(caller, { owner: { _tag: "Account" }, address })
 * ```
 *
 * A method that fails rejects with the engine's own error, for example `TooSoon` with its `retryAfter`: tell them apart by `instanceof`
 * or, after `isSenderFailure(error)`, by `error._tag`.
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
import { Context, Effect, Exit, Layer, Option, Scope } from "effect"
import { type FetchHandler, type NodeListener, toFetchHandler, toNodeListener } from "./Handlers.ts"
import type { HttpAppRequirements, Served } from "./HttpApp.ts"

/** A method of `Senders` as an async function. What may be missing is `undefined`. */
type Async<F> = F extends (input: infer Input) => Effect.Effect<infer A, infer _E>
  ? (input: Input) => Promise<A extends Option.Option<infer V> ? V | undefined : A>
  : never

/** The use cases of `Senders`, one async function each. They reject with the errors that the Effects fail with. */
export type AsyncSenders = { readonly [Method in keyof Senders["Service"]]: Async<Senders["Service"][Method]> }

const failures = [
  AddressRefused,
  CommandIdReused,
  CommandInFlight,
  InvalidData,
  LinkRefused,
  OutcomeUnknown,
  Overloaded,
  SenderNotFound,
  StorageUnavailable,
  TooSoon
] as const

/** What a use case may reject with. Anything else that comes out of one is a fault. */
export type SenderFailure = InstanceType<(typeof failures)[number]>

/** Whether a use case refused, rather than a fault having happened. */
export const isSenderFailure = (error: unknown): error is SenderFailure =>
  failures.some((failure) => error instanceof failure)

/** The plain side of the engine. */
export interface Countersign {
  readonly senders: AsyncSenders
  readonly fetch: FetchHandler
  readonly node: NodeListener
  /** Waits for what is being answered, stops what the layer runs (workers too), and lets go of everything. */
  readonly close: () => Promise<void>
}

/**
 * Builds the layer and hands out its plain side. Rejects with the layer's error when it cannot be built.
 *
 * @param layer `Engine.layer` over the adapters of your choice; with `Workers.layer` merged into it, mail and probes run in this process.
 * @param served what `fetch` and `node` answer: everything, unless it is said.
 */
export const makeCountersign = async <E>(
  layer: Layer.Layer<HttpAppRequirements, E>,
  served: Served = {}
): Promise<Countersign> => {
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  const building = Effect.gen(function* () {
    const context = yield* Layer.buildWithScope(layer, scope)
    // Requests end before what they use does.
    const requests = yield* Scope.fork(scope)
    const handlers = Effect.all({ fetch: toFetchHandler(served), node: toNodeListener(served) })
    const { fetch, node } = yield* Effect.provide(handlers, Context.add(context, Scope.Scope, requests))
    return { senders: makeAsyncSenders(context), fetch, node, close }
  })
  // A layer that cannot be built to its end leaves nothing open.
  return Effect.runPromise(Effect.onError(building, () => Scope.close(scope, Exit.void)))
}

const makeAsyncSenders = (context: Context.Context<Senders>): AsyncSenders => {
  const run = Effect.runPromiseWith(context)
  const method =
    <Input, A, E>(useCase: (input: Input) => Effect.Effect<A, E>) =>
    (input: Input) =>
      run(Effect.map(useCase(input), (answer) => (Option.isOption(answer) ? Option.getOrUndefined(answer) : answer)))
  // Method by method what `AsyncSenders` says; TypeScript does not follow the types through the entries.
  return Object.fromEntries(
    Object.entries(Context.get(context, Senders)).map(([name, useCase]) => [
      name,
      method<never, unknown, unknown>(useCase)
    ])
  ) as unknown as AsyncSenders
}
