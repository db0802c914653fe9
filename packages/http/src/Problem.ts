/**
 * Answers failures as problem details (RFC 9457): the form of every path that no dialect owns.
 */
import { HttpServerResponse } from "effect/http"
import { type PathOwner, plainHeaders } from "./Exchange.ts"
import { type Failure, retryAfter, retryAfterSeconds } from "./Failure.ts"
import { sentenceOf } from "./Sentence.ts"

const statuses: { readonly [tag in Failure["_tag"]]: keyof typeof titles } = {
  RouteUnknown: 404,
  SenderNotFound: 404,
  LinkRefused: 410,
  MethodUnknown: 405,
  CallerUnknown: 401,
  BodyTooLarge: 413,
  MediaTypeUnknown: 415,
  RequestMalformed: 400,
  MemberInvalid: 422,
  AddressRefused: 422,
  InvalidData: 422,
  CommandIdReused: 422,
  CommandInFlight: 409,
  TooSoon: 429,
  StorageUnavailable: 503,
  OutcomeUnknown: 503,
  Overloaded: 503,
  Unexpected: 500
}

/** RFC 9110, section 15; without a type of its own, a problem has the title of its status (RFC 9457, section 4.2.1). */
const titles = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable"
} as const

const statusOf = (failure: Failure): keyof typeof titles =>
  failure._tag === "LinkRefused" && failure.reason === "unknown" ? 404 : statuses[failure._tag]

/** The headers that follow from a failure, in whatever form its body is. */
export const failureHeaders = (failure: Failure): { readonly [name: string]: string } => {
  const wait = retryAfter(failure)
  return {
    ...plainHeaders,
    ...(wait === undefined ? {} : { "retry-after": String(retryAfterSeconds(wait)) }),
    ...(failure._tag === "MethodUnknown" ? { allow: failure.allow.join(", ") } : {}),
    ...(failure._tag === "CallerUnknown" ? { "www-authenticate": 'Bearer realm="countersign"' } : {})
  }
}

/** The owner of every path that nobody else owns. */
export const Problem: PathOwner = {
  owns: () => true,
  refuse: (failure, correlation) => {
    const status = statusOf(failure)
    return HttpServerResponse.text(
      JSON.stringify({
        type: "about:blank",
        title: titles[status],
        status,
        detail: sentenceOf(failure),
        ...(failure._tag === "LinkRefused" ? { reason: failure.reason } : {}),
        ...(failure._tag === "Unexpected" ? { correlationId: correlation } : {})
      }),
      { status, contentType: "application/problem+json", headers: failureHeaders(failure) }
    )
  }
}
