/**
 * An application as a listener of Node's `http` server, or of a framework on top of one. It needs nothing but Node and
 * Effect.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { Context, Effect, Fiber, type Scope } from "effect"
import { HttpEffect, HttpServerError, HttpServerRequest } from "effect/http"
import type { HttpAppEffect } from "../HttpApp.ts"
import { withoutUrlSpans } from "../RequestSpan.ts"
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
    const context = Context.merge(yield* Effect.context<never>(), withoutUrlSpans)
    const handled = HttpEffect.toHandled(app, (request, answer) =>
      request instanceof NodeRequest ? writeResponse(request, answer, context) : Effect.die(new Error("not of Node"))
    )
    return (request, response) => {
      const each = Context.add(context, HttpServerRequest.HttpServerRequest, new NodeRequest(request, response))
      const fiber = Fiber.runIn(Effect.runForkWith(each)(handled), scope)
      if (fiber.pollUnsafe() !== undefined) return
      response.on("close", () => {
        if (!response.writableEnded) fiber.interruptUnsafe(undefined, HttpServerError.ClientAbort.annotation)
      })
    }
  })
