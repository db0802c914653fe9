/**
 * An application as a listener of Node's `http` server, or of a framework on top of one. It needs nothing but Node and
 * Effect.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { Context, Effect, Fiber, type Scope } from "effect"
import { HttpServerError, HttpServerRequest } from "effect/http"
import type { HttpAppEffect } from "../HttpApp.ts"
import { NodeRequest } from "./NodeRequest.ts"
import { writeResponse } from "./NodeResponse.ts"

/**
 * What `http.createServer`, Express' `use` and Fastify's `@fastify/middie` take. Mount it before any parser of bodies.
 */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void

/**
 * When the scope closes, it waits for the requests that are being answered. A client that goes away interrupts what can
 * be interrupted.
 */
export const makeNodeListener = (app: HttpAppEffect): Effect.Effect<NodeListener, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const context = yield* Effect.context<never>()
    // Not by `HttpEffect.toHandled`: its scope and its hooks for each request are for handlers that are not ours.
    const handle = (request: NodeRequest) =>
      Effect.matchCauseEffect(app, {
        onSuccess: (answer) => writeResponse(request, answer, context),
        // The application answers its own failures: this is an interruption.
        onFailure: (cause) =>
          Effect.flatMap(HttpServerError.causeResponse(cause), ([answer]) => writeResponse(request, answer, context))
      })
    return (source, response) => {
      const request = new NodeRequest(source, response)
      const own = Context.add(context, HttpServerRequest.HttpServerRequest, request)
      const fiber = Fiber.runIn(Effect.runForkWith(own)(handle(request), { uninterruptible: true }), scope)
      if (fiber.pollUnsafe() !== undefined) return
      response.on("close", () => {
        if (!response.writableEnded) fiber.interruptUnsafe(undefined, HttpServerError.ClientAbort.annotation)
      })
    }
  })
