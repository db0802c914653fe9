/**
 * The HTTP application: every request in, an answer out, whatever happens inside.
 *
 * The host chooses what is served: the confirmation page, which dialects, and what operators ask. The application has
 * its own table of routes, so that it behaves the same in whatever it is mounted: an Effect router (`HttpApp.layer`), a
 * `fetch` handler or a Node listener (`Handlers.ts`). Here is the one place that answers what no endpoint does: unknown
 * routes, wrong methods, bodies that cannot be read, faults. The owner of the path gives the form.
 */
import { type Accounts, type EventStore, Ids, type Senders, type Settings } from "@countersign/engine"
import { Array as Arr, Cause, Clock, Context, Effect, type Layer, Option } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { ConfirmationGroup } from "./confirmation/Definition.ts"
import { confirmationRoutes, pageOwner } from "./confirmation/Endpoints.ts"
import { type Dialect, dialectRoutes, type Owner } from "./Dialect.ts"
import { dialects as everyDialect, ownership, pathOf } from "./Dialects.ts"
import { type Failure, Unexpected } from "./Failure.ts"
import { OperationsGroup } from "./operations/Definition.ts"
import { descriptionRoutes, healthRoutes } from "./operations/Endpoints.ts"
import { recordRequest } from "./RequestMetrics.ts"
import { inRequestSpan, routeTracing } from "./RequestSpan.ts"
import type { Route } from "./Route.ts"
import { makeRouteTable } from "./RouteTable.ts"

/** What the application is made of: `Engine.layer` gives the first, a storage adapter the others. */
export type HttpAppRequirements = Senders | Accounts | EventStore | Settings

/** Never fails: every failure and every fault has an answer. */
export type HttpAppEffect = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  never,
  HttpServerRequest.HttpServerRequest
>

/** What an application serves. What is not named is served. */
export interface Served {
  /** The confirmation page, to which the mailed links lead: `/verify`. */
  readonly page?: boolean
  readonly dialects?: ReadonlyArray<Dialect>
  /**
   * `/health`, `/ready`, `/metrics`, and the description of what is served: `/openapi.json`, `/docs`. They need no key.
   */
  readonly operations?: boolean
}

/** Routes, and who owns which paths among them. */
interface Site {
  readonly routes: ReadonlyArray<Route>
  readonly owners: ReadonlyArray<Owner>
}

const siteOf = Effect.fnUntraced(function* ({ page = true, dialects = everyDialect, operations = true }: Served) {
  const groups = dialects.flatMap(({ definition }) => definition)
  const described = Arr.append(page ? [...groups, ConfirmationGroup] : groups, OperationsGroup)
  const routes = [
    ...(yield* Effect.forEach(dialects, dialectRoutes)).flat(),
    ...(page ? yield* confirmationRoutes : []),
    ...(operations ? [...(yield* healthRoutes), ...(yield* descriptionRoutes(described))] : [])
  ]
  return { routes, owners: [...dialects, ...(page ? [pageOwner] : [])] } satisfies Site
})

const health: Effect.Effect<Site, never, EventStore> = Effect.map(healthRoutes, (routes) => ({ routes, owners: [] }))

interface Application {
  readonly answer: HttpAppEffect
  /** Answers a fault that happened beside the application. */
  readonly answerFault: (defect: unknown) => HttpAppEffect
  readonly routeOf: (method: string, url: string) => string | undefined
}

const applicationOf = Effect.fnUntraced(function* ({ routes, owners }: Site) {
  const ids = yield* Ids
  const table = makeRouteTable(routes)
  const ownerOf = ownership(owners)

  const answerAs = (context: Context.Context<HttpServerRequest.HttpServerRequest>, correlation: string) => {
    const request = Context.get(context, HttpServerRequest.HttpServerRequest)
    const clock = Context.get(context, Clock.Clock)
    const began = clock.monotonicTimeNanosUnsafe()
    const { path, answer, params, query } = table.find(request.method, request.url)
    // Logs and metrics never name a path as it was sent: it may hold a token, and there are too many.
    const route = path ?? "unknown"

    const answered = Effect.catchCause(
      Effect.suspend(() => answer({ request, route, params, query, correlation })),
      (cause) =>
        Effect.map(
          // Annotated here and not around the answer, which would cost every request a copy of its context.
          Effect.annotateLogs(failureOf(cause, route), { correlation, route, method: request.method }),
          (failure) => ownerOf(path ?? pathOf(request.url)).failure(failure, correlation)
        )
    )

    return Effect.map(answered, (response) => {
      const seconds = Number(clock.monotonicTimeNanosUnsafe() - began) / 1e9
      recordRequest(context, { route, method: request.method, status: response.status, seconds })
      return HttpServerResponse.setHeader(response, "x-correlation-id", correlation)
    })
  }

  const answer: HttpAppEffect = Effect.contextWith((context: Context.Context<HttpServerRequest.HttpServerRequest>) => {
    const given = correlationOf(Context.get(context, HttpServerRequest.HttpServerRequest))
    return given === undefined
      ? Effect.flatMap(ids.next, (correlation) => answerAs(context, correlation))
      : answerAs(context, given)
  })

  const answerFault = Effect.fnUntraced(function* (defect: unknown) {
    const { method, url } = yield* HttpServerRequest.HttpServerRequest
    const correlation = yield* ids.next
    const failure = yield* Effect.annotateLogs(failureOf(Cause.die(defect), "beside"), { correlation, method })
    const response = ownerOf(pathOf(url)).failure(failure, correlation)
    return HttpServerResponse.setHeader(response, "x-correlation-id", correlation)
  })
  const routeOf = (method: string, url: string) => table.find(method, url).path
  return { answer, answerFault, routeOf } satisfies Application
})

/** Adds an application to an Effect router, in which it answers whatever no other route of the router does. */
const routing = Effect.fnUntraced(function* (router: HttpRouter.HttpRouter, site: Site) {
  const { answer, answerFault, routeOf } = yield* applicationOf(site)
  yield* router.add("*", "*", answer)
  // The router knows some methods only, and no path that it cannot decode: those come out of it as errors.
  yield* router.addGlobalMiddleware((answered) =>
    inRequestSpan(
      answered.pipe(
        Effect.catchIf(isRouteNotFound, () => answer),
        Effect.catchDefect(answerFault)
      ),
      routeOf
    )
  )
})

/** The application as an Effect over one request. */
const make = (served: Served = {}): Effect.Effect<HttpAppEffect, never, HttpAppRequirements> =>
  Effect.map(Effect.flatMap(siteOf(served), applicationOf), ({ answer, routeOf }) => inRequestSpan(answer, routeOf))

/**
 * Adds the application to an Effect router, which answers every request that no other route of the router does.
 * A fault in another route is answered like one of ours.
 */
const layer = (served: Served = {}): Layer.Layer<never, never, HttpRouter.HttpRouter | HttpAppRequirements> =>
  HttpRouter.use((router) => Effect.flatMap(siteOf(served), (site) => routing(router, site)))

/**
 * Adds `/health`, `/ready` and `/metrics` alone to an Effect router: what a process that serves no API is watched by.
 */
const healthLayer: Layer.Layer<never, never, HttpRouter.HttpRouter | EventStore> = HttpRouter.use((router) =>
  Effect.flatMap(health, (site) => routing(router, site))
)

/**
 * The application: `make` as an Effect, `layer` in an Effect router, `healthLayer` what machines watch, alone.
 * `routeTracing` keeps URLs from a tracer.
 */
export const HttpApp = { make, layer, healthLayer, routeTracing } as const

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
