/**
 * One request on its way through the edge, and the endpoints that answer it. Paths and methods stand in the definitions
 * only.
 */
import type { Effect } from "effect"
import type { HttpMethod, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Failure } from "./Failure.ts"

/** What the router found out about a request. */
export interface Exchange {
  readonly request: HttpServerRequest.HttpServerRequest
  /** The path as it is defined, with its parameters by their names: one text for all spellings. */
  readonly route: string
  /** Percent-decoded, in the case in which they were sent. */
  readonly params: { readonly [name: string]: string | undefined }
  readonly query: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  /** Names the request in the log, in the events that follow from it, and in its answer. */
  readonly correlation: string
}

/** A response, or why there is none. */
export type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Failure>

/** Answers one endpoint. */
export type Handler = (exchange: Exchange) => Answer

/** An endpoint. HEAD is answered by the GET of the same path. PATCH is always refused, and `Allow` does not name it. */
export interface Route {
  readonly method: HttpMethod.HttpMethod
  readonly path: HttpRouter.PathInput
  readonly answer: Handler
}

/** What a group of endpoints says of where they are. */
interface Definition {
  readonly endpoints: {
    readonly [name: string]: { readonly method: HttpMethod.HttpMethod; readonly path: HttpRouter.PathInput }
  }
}

/** The endpoints of a group of the definition, each with its handler: one that is missing does not compile. */
export const routesOf = <Group extends Definition>(
  { endpoints }: Group,
  handlers: { readonly [Name in keyof Group["endpoints"]]: Handler }
): ReadonlyArray<Route> =>
  Object.entries<Handler>(handlers).flatMap(([name, answer]) => {
    const endpoint = endpoints[name]
    return endpoint === undefined ? [] : [{ method: endpoint.method, path: endpoint.path, answer }]
  })
