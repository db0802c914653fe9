/**
 * The HTTP application: every request in, an answer out, whatever happens inside.
 *
 * It has its own table of routes, so that it behaves the same in whatever it is mounted: an Effect router (`HttpApp.layer`), a
 * `fetch` handler or a Node listener (`Countersign.ts`). Here is the one place that answers what no endpoint does: unknown routes,
 * wrong methods, bodies that cannot be read, faults. The owner of the path gives the form.
 */
import { type Accounts, type EventStore, Ids, type Senders, type Settings } from "@countersign/engine"
import { Cause, Clock, Effect, type Layer } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { confirmationHeaders, confirmationRoutes } from "./confirmation/Endpoints.ts"
import { type Failure, Unexpected } from "./Failure.ts"
import { operationsRoutes } from "./operations/Endpoints.ts"
import { ownerOf, pathOf } from "./PathOwners.ts"
import { recordRequest } from "./RequestMetrics.ts"
import { makeRouteTable } from "./RouteTable.ts"
import { spaceInvoicesRoutes } from "./space-invoices/Endpoints.ts"

/** What the application is made of: `Engine.layer` gives the first, a storage adapter the others. */
export type HttpAppRequirements = Senders | Accounts | EventStore | Settings

/** Never fails: every failure and every fault has an answer. */
export type HttpAppEffect = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  never,
  HttpServerRequest.HttpServerRequest
>

const make: Effect.Effect<HttpAppEffect, never, HttpAppRequirements> = Effect.gen(function* () {
  const ids = yield* Ids
  const table = makeRouteTable([
    ...(yield* spaceInvoicesRoutes),
    ...(yield* confirmationRoutes),
    ...(yield* operationsRoutes)
  ])

  return Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const began = yield* Clock.currentTimeNanos
    const correlation = correlationOf(request) ?? (yield* ids.next)
    const { route, answer, params, query } = table.find(request.method, request.url)
    const path = pathOf(request.url)

    const response = yield* Effect.suspend(() => answer({ request, params, query, correlation })).pipe(
      Effect.tapError((failure) => logFailure(failure, route)),
      Effect.catchDefect(unexpected),
      Effect.catch((failure) => Effect.succeed(ownerOf(path).refuse(failure, correlation))),
      Effect.annotateLogs({ correlation, route, method: request.method })
    )

    const seconds = Number((yield* Clock.currentTimeNanos) - began) / 1e9
    recordRequest(yield* Effect.context<never>(), { route, method: request.method, status: response.status, seconds })
    return HttpServerResponse.setHeaders(response, {
      ...(path.startsWith("/verify/") ? confirmationHeaders : {}),
      "x-correlation-id": correlation
    })
  })
})

/**
 * Adds the application to an Effect router, which answers every request that no other route of the router does.
 * A fault in another route is answered like one of ours.
 */
const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | HttpAppRequirements> = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const app = yield* make
    const ids = yield* Ids
    yield* router.add("*", "*", app)
    // The router knows some methods only, and no path that it cannot decode: those come out of it as errors.
    yield* router.addGlobalMiddleware((answer) =>
      answer.pipe(
        Effect.catchIf(isRouteNotFound, () => app),
        Effect.catchDefect(
          Effect.fnUntraced(function* (defect) {
            const { method, url } = yield* HttpServerRequest.HttpServerRequest
            const correlation = yield* ids.next
            const failure = yield* Effect.flip(unexpected(defect)).pipe(
              Effect.annotateLogs({ correlation, method, route: pathOf(url) })
            )
            const response = ownerOf(pathOf(url)).refuse(failure, correlation)
            return HttpServerResponse.setHeader(response, "x-correlation-id", correlation)
          })
        )
      )
    )
  })
)

export const HttpApp = { make, layer } as const

const unexpected = (defect: unknown): Effect.Effect<never, Unexpected> =>
  Effect.andThen(Effect.logError("A request met a fault", Cause.die(defect)), Effect.fail(new Unexpected()))

const isRouteNotFound = (error: unknown): boolean =>
  HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"

/** A caller's own id is taken when it can do no harm in a log. */
const correlationOf = ({ headers }: HttpServerRequest.HttpServerRequest): string | undefined => {
  const given = headers["x-correlation-id"] ?? headers["x-request-id"]
  return given !== undefined && /^[\w.:-]{1,64}$/.test(given) ? given : undefined
}

/** What the caller is not told. */
const logFailure = (failure: Failure, route: string): Effect.Effect<void> => {
  switch (failure._tag) {
    case "StorageUnavailable":
    case "OutcomeUnknown":
    case "Overloaded":
      return Effect.logWarning(`${route}: ${failure.message}`, Cause.fail(failure))
    default:
      return Effect.void
  }
}
