/**
 * Answers failures as problem details (RFC 9457): the form of every path that no dialect owns. Its statuses are those
 * of the dialects too, where their vendors fix no others.
 */
import { HttpServerResponse, ProblemDetails } from "effect/http"
import type { Owner } from "./Dialect.ts"
import type { Failure } from "./Failure.ts"
import { messageOf } from "./FailureMessage.ts"
import { failureHeaders } from "./Responses.ts"

const statuses: { readonly [tag in Failure["_tag"]]: keyof typeof titles } = {
  RouteUnknown: 404,
  SenderNotFound: 404,
  LinkRefused: 410,
  MethodUnknown: 405,
  CredentialMissing: 401,
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
export const titles = {
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

/** The status of a failure, unless a vendor fixes another one. */
export const statusOf = (failure: Failure): keyof typeof titles =>
  failure._tag === "LinkRefused" && failure.reason === "unknown" ? 404 : statuses[failure._tag]

/** Owns what no dialect does, and `/v1/senders`, which lies below a path of the Space Invoices dialect. */
export const problemOwner: Owner = {
  owns: ["/v1/senders"],
  failure: (failure, correlation) => {
    const status = statusOf(failure)
    const problem = ProblemDetails.toResponse({
      type: ProblemDetails.blankType,
      title: titles[status],
      status,
      detail: messageOf(failure),
      ...(failure._tag === "LinkRefused" ? { reason: failure.reason } : {}),
      ...(failure._tag === "Unexpected" ? { correlationId: correlation } : {})
    })
    return HttpServerResponse.setHeaders(problem, failureHeaders(failure))
  }
}
