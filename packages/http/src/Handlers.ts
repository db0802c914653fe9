/**
 * The application for a server that does not use Effect: as a `fetch` handler, and as a Node listener. The host chooses what each serves.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, type Scope } from "effect"
import { HttpEffect, type HttpServerRequest } from "effect/http"
import { HttpApp, type HttpAppRequirements, type Served } from "./HttpApp.ts"

/** Answers a web-standard request. */
export type FetchHandler = (request: Request) => Promise<Response>

/** What `http.createServer`, Express' `use` and Fastify's `@fastify/middie` take. Mount it before any parser of bodies. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void

/** An application as a `fetch` handler. */
export const toFetchHandler = Effect.fnUntraced(function* (served: Served = {}) {
  const app = yield* HttpApp.make(served)
  // The context carries what is not a requirement too: loggers, the clock, the registry of metrics.
  const context = yield* Effect.context<never>()
  return HttpEffect.toWebHandlerWith<never, HttpServerRequest.HttpServerRequest>(context)(app) satisfies FetchHandler
})

/** An application as a Node listener. When the scope closes, it waits for the requests that are being answered. */
export const toNodeListener = (
  served: Served = {}
): Effect.Effect<NodeListener, never, HttpAppRequirements | Scope.Scope> =>
  Effect.gen(function* () {
    const app = yield* HttpApp.make(served)
    return yield* NodeHttpServer.makeHandler(app, { scope: yield* Effect.scope })
  })
