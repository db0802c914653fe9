/**
 * One request on its way through the edge: what the router found out about it, and the forms in which it is answered.
 */
import type { Effect } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Failure } from "./Failure.ts"

export interface Exchange {
  readonly request: HttpServerRequest.HttpServerRequest
  /** Percent-decoded, in the case in which they were sent. */
  readonly params: { readonly [name: string]: string | undefined }
  readonly query: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  /** Names the request in the log, in the events that follow from it, and in its answer. */
  readonly correlation: string
}

export type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Failure>

/** An endpoint. HEAD is answered by the GET of the same path. PATCH is always refused, and `Allow` does not name it. */
export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE"
  readonly path: `/${string}`
  readonly answer: (exchange: Exchange) => Answer
}

/** Who owns a part of the paths: it gives the form of every error there, of unknown routes too. */
export interface PathOwner {
  /** `path` is in lower case, without query and without a slash at the end. */
  readonly owns: (path: string) => boolean
  readonly refuse: (failure: Failure, correlation: string) => HttpServerResponse.HttpServerResponse
}

/** Nothing that is answered here may be kept by a cache, or be taken for another type than it says. */
export const plainHeaders = { "cache-control": "no-store", "x-content-type-options": "nosniff" }

export const json = (body: unknown, status = 200): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify(body), {
    status,
    contentType: "application/json; charset=utf-8",
    headers: plainHeaders
  })
