/**
 * What operators and their machines ask: alive, ready, figures, and the description of the API.
 */
import { EventStore, Settings, StorageUnavailable } from "@countersign/engine"
import { type Array as Arr, Effect } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApi, type HttpApiGroup, HttpApiScalar, OpenApi } from "effect/http-api"
import { PrometheusMetrics } from "effect/observability"
import { apiAnnotations } from "../ApiAnnotations.ts"
import { json, plainHeaders } from "../Responses.ts"
import { type Route, routesOf } from "../Route.ts"
import { OperationsGroup } from "./Definition.ts"

/** The page has its scripts inside, and may ask nobody but this service. */
const docsPolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"

/**
 * Hides what leads to services of the page's maker, and keeps a phone from scrolling sideways. The page's own classes
 * say `flex` with the same weight, so it must be important: `browser.test.ts` looks at it.
 */
const pageStyle =
  ".api-reference-toolbar, .open-api-client-button { display: none !important } html, body { overflow-x: clip }"

/** Alive, ready, figures. */
export const healthRoutes: Effect.Effect<ReadonlyArray<Route>, never, EventStore> = Effect.map(EventStore, (store) => {
  // Alive storage answers at once. Uninterruptible requests could not be timed out.
  const ready = store.readLog(0, 1).pipe(
    Effect.interruptible,
    Effect.timeoutOrElse({
      duration: "2 seconds",
      orElse: () => Effect.fail(new StorageUnavailable({ reason: "no answer within 2 seconds" }))
    }),
    Effect.as(json({ status: "ready" }))
  )
  const metrics = Effect.map(PrometheusMetrics.format(), (text) =>
    HttpServerResponse.text(text, {
      contentType: "text/plain; version=0.0.4; charset=utf-8",
      headers: plainHeaders
    })
  )
  return routesOf(OperationsGroup, {
    health: () => Effect.succeed(json({ status: "ok" })),
    ready: () => ready,
    metrics: () => metrics
  })
})

/** The description of the API, for machines and for people: of what is served. */
export const descriptionRoutes = Effect.fnUntraced(function* (
  groups: Arr.NonEmptyReadonlyArray<HttpApiGroup.Constraint>
) {
  const { publicUrl } = yield* Settings
  const api = HttpApi.make("countersign")
    .add(...groups)
    .annotateMerge(apiAnnotations)
    .annotateMerge(OpenApi.annotations({ servers: [{ url: publicUrl }] }))
  const document = yield* Effect.cached(Effect.sync(() => json(OpenApi.fromApi(api))))
  // Three megabytes of script: loaded when somebody reads the docs, and kept then.
  const docs = yield* Effect.cached(
    HttpRouter.toHttpEffect(
      HttpApiScalar.layer(api, { scalar: { withDefaultFonts: false, customCss: pageStyle } })
    ).pipe(
      Effect.flatten,
      Effect.map((response) =>
        HttpServerResponse.setHeaders(response, { ...plainHeaders, "content-security-policy": docsPolicy })
      ),
      Effect.provideService(HttpServerRequest.HttpServerRequest, docsRequest),
      Effect.scoped,
      Effect.orDie
    )
  )
  return [
    { method: "GET", path: "/openapi.json", answer: () => document },
    { method: "GET", path: "/docs", answer: () => docs }
  ] satisfies ReadonlyArray<Route>
})

/** The docs are the same for everybody, so they are made from a request of our own. */
const docsRequest = HttpServerRequest.fromWeb(new Request("http://localhost/docs"))
