/**
 * The HTTP application: every request in, an answer out, whatever happens inside.
 *
 * It has its own table of routes, so that it behaves the same in whatever it is mounted: an Effect router (`HttpApp.layer`), a
 * `fetch` handler or a Node listener (`Countersign.ts`). Here is the one place that answers what no endpoint does: unknown routes,
 * wrong methods, bodies that cannot be read, faults. The owner of the path gives the form.
 */
import { type Accounts, type EventStore, Ids, type Senders, type Settings } from "@countersign/engine"
import { Cause, Clock, Context, Effect, type Layer, Option } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { confirmationHeaders, confirmationRoutes } from "./confirmation/Endpoints.ts"
import type { Route } from "./Exchange.ts"
import { type Failure, Unexpected } from "./Failure.ts"
import { openTransactRoutes } from "./opentransact/Endpoints.ts"
import { descriptionRoutes, healthRoutes } from "./operations/Endpoints.ts"
import { ownerOf, pathOf } from "./PathOwners.ts"
import { recordRequest } from "./RequestMetrics.ts"
import { makeRouteTable } from "./RouteTable.ts"
import { sendmachineRoutes } from "./sendmachine/Endpoints.ts"
import { spaceInvoicesRoutes } from "./space-invoices/Endpoints.ts"

/** What the application is made of: `Engine.layer` gives the first, a storage adapter the others. */
export type HttpAppRequirements = Senders | Accounts | EventStore | Settings

/** Never fails: every failure and every fault has an answer. */
export type HttpAppEffect = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  never,
  HttpServerRequest.HttpServerRequest
>

const everyRoute = Effect.map(
  Effect.all([
    spaceInvoicesRoutes,
    openTransactRoutes,
    sendmachineRoutes,
    confirmationRoutes,
    healthRoutes,
    descriptionRoutes
  ]),
  (routes) => routes.flat()
)

const answering = Effect.fnUntraced(function* (routes: ReadonlyArray<Route>) {
  const ids = yield* Ids
  const table = makeRouteTable(routes)

  const application: HttpAppEffect = Effect.gen(function* () {
    const context = yield* Effect.context<HttpServerRequest.HttpServerRequest>()
    const request = Context.get(context, HttpServerRequest.HttpServerRequest)
    const clock = Context.get(context, Clock.Clock)
    const began = clock.currentTimeNanosUnsafe()
    const correlation = correlationOf(request) ?? (yield* ids.next)
    const { path, answer, params, query } = table.find(request.method, request.url)
    const owned = path ?? pathOf(request.url)
    // Logs and metrics never name a path as it was sent: it may hold a token, and there are too many.
    const route = path ?? "unknown"

    const response = yield* Effect.catchCause(
      Effect.suspend(() => answer({ request, params, query, correlation })),
      (cause) =>
        Effect.map(
          // Annotated here and not around the answer, which would cost every request a copy of its context.
          Effect.annotateLogs(failureOf(cause, route), { correlation, route, method: request.method }),
          (failure) => ownerOf(owned).refuse(failure, correlation)
        )
    )

    const seconds = Number(clock.currentTimeNanosUnsafe() - began) / 1e9
    recordRequest(context, { route, method: request.method, status: response.status, seconds })
    return HttpServerResponse.setHeaders(response, {
      ...(owned.startsWith("/verify/") ? confirmationHeaders : {}),
      "x-correlation-id": correlation
    })
  })
  return application
})

const make: Effect.Effect<HttpAppEffect, never, HttpAppRequirements> = Effect.flatMap(everyRoute, answering)

/** Adds routes to an Effect router, in which they answer whatever no other route of the router does. */
const routing = Effect.fnUntraced(function* (router: HttpRouter.HttpRouter, routes: ReadonlyArray<Route>) {
  const app = yield* answering(routes)
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
          const failure = yield* Effect.annotateLogs(failureOf(Cause.die(defect), "beside"), { correlation, method })
          const response = ownerOf(pathOf(url)).refuse(failure, correlation)
          return HttpServerResponse.setHeader(response, "x-correlation-id", correlation)
        })
      )
    )
  )
})

/**
 * Adds the application to an Effect router, which answers every request that no other route of the router does.
 * A fault in another route is answered like one of ours.
 */
const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | HttpAppRequirements> = HttpRouter.use((router) =>
  Effect.flatMap(everyRoute, (routes) => routing(router, routes))
)

/** Adds `/health`, `/ready` and `/metrics` alone: what a process that serves no API is watched by. */
const healthLayer: Layer.Layer<never, never, HttpRouter.HttpRouter | EventStore> = HttpRouter.use((router) =>
  Effect.flatMap(healthRoutes, (routes) => routing(router, routes))
)

/** `make` gives the application as an Effect over one request, `layer` adds it to an Effect router; `healthLayer` adds what machines watch, alone. */
export const HttpApp = { make, layer, healthLayer } as const

/** What a cause is answered with; what the caller is not told goes into the log. An interruption stays one. */
const failureOf = Effect.fnUntraced(function* (cause: Cause.Cause<Failure>, route: string) {
  const failed = Cause.findErrorOption(cause)
  if (Option.isSome(failed)) {
    const failure = failed.value
    if (isOurs(failure)) yield* Effect.logWarning(`${route}: ${failure.message}`, cause)
    return failure
  }
  if (Cause.hasInterruptsOnly(cause)) return yield* Effect.interrupt
  yield* Effect.logError("A request met a fault", cause)
  return new Unexpected()
})

const isOurs = ({ _tag }: Failure): boolean =>
  _tag === "StorageUnavailable" || _tag === "OutcomeUnknown" || _tag === "Overloaded"

const isRouteNotFound = (error: unknown): boolean =>
  HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"

/** A caller's own id is taken when it can do no harm in a log. */
const correlationOf = ({ headers }: HttpServerRequest.HttpServerRequest): string | undefined => {
  const given = headers["x-correlation-id"] ?? headers["x-request-id"]
  return given !== undefined && /^[\w.:-]{1,64}$/.test(given) ? given : undefined
}
