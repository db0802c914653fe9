/**
 * The application for a server that does not use Effect: as a `fetch` handler, and as a Node listener. The host chooses
 * what each serves.
 */
import { Context, Effect, type Scope } from "effect"
import { HttpEffect, type HttpServerRequest } from "effect/http"
import { HttpApp, type HttpAppRequirements, type Served } from "./HttpApp.ts"
import { makeNodeListener, type NodeListener } from "./node/NodeListener.ts"
import { withoutUrlSpans } from "./RequestSpan.ts"

/** Answers a web-standard request. */
export type FetchHandler = (request: Request) => Promise<Response>

/** An application as a `fetch` handler. */
export const toFetchHandler = Effect.fnUntraced(function* (served: Served = {}) {
  const app = yield* HttpApp.make(served)
  // The context carries what is not a requirement too: loggers, the clock, the registry of metrics.
  const context = Context.merge(yield* Effect.context<never>(), withoutUrlSpans)
  return HttpEffect.toWebHandlerWith<never, HttpServerRequest.HttpServerRequest>(context)(app) satisfies FetchHandler
})

/** An application as a Node listener. When the scope closes, it waits for the requests that are being answered. */
export const toNodeListener = (
  served: Served = {}
): Effect.Effect<NodeListener, never, HttpAppRequirements | Scope.Scope> =>
  Effect.flatMap(HttpApp.make(served), makeNodeListener)
