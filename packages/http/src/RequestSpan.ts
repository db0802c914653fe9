/**
 * The span of a request: named by its route, and without its URL, which may hold the token of a mailed link or an
 * access key.
 *
 * Effect's servers make a span of their own that shows the URL. It is off in the handlers that are made here; whoever
 * serves an Effect router provides `HttpApp.routeTracing` to it.
 */
import { Context, Data, Effect, Layer, Option, Tracer } from "effect"
import { HttpMiddleware, HttpServerRequest, type HttpServerResponse, HttpTraceContext } from "effect/http"

/** Turns the spans of the server itself off. */
export const withoutUrlSpans: Context.Context<never> = Context.make(HttpMiddleware.TracerDisabledWhen, () => true)

/** `withoutUrlSpans` as a layer. */
export const routeTracing: Layer.Layer<never> = Layer.succeedContext(withoutUrlSpans)

/** Ends a span as failed, as its conventions want it for a fault of the server. */
class ServerFault extends Data.TaggedError("ServerFault")<{
  readonly response: HttpServerResponse.HttpServerResponse
}> {
  override readonly message = `Answered ${this.response.status}`
}

/** `routeOf` gives the path as it is defined; none for a path that is unknown, or another's. */
export const inRequestSpan = <E, R>(
  answer: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  routeOf: (method: string, url: string) => string | undefined
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(Effect.context<HttpServerRequest.HttpServerRequest>(), (context) => {
    // Nobody sees the spans of the tracer that is there by default.
    if (Context.get(context, Tracer.Tracer) === Tracer.nativeTracer) return answer
    const { method, url, headers } = Context.get(context, HttpServerRequest.HttpServerRequest)
    const route = routeOf(method, url)
    const parent = HttpTraceContext.fromHeaders(headers)
    return answer.pipe(
      Effect.tap(({ status }) =>
        Effect.annotateCurrentSpan({
          "http.response.status_code": status,
          ...(route === undefined ? {} : { "http.route": route })
        })
      ),
      Effect.filterOrFail(
        ({ status }) => status < 500,
        (response) => new ServerFault({ response })
      ),
      Effect.withSpan(route === undefined ? method : `${method} ${route}`, {
        kind: "server",
        attributes: { "http.request.method": method },
        ...(Option.isSome(parent) ? { parent: parent.value } : {})
      }),
      Effect.catchIf(
        (error): error is ServerFault => error instanceof ServerFault,
        ({ response }) => Effect.succeed(response)
      )
    )
  })
