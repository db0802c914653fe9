/**
 * Answers failures as problem details (RFC 9457): the form of the native dialect and of every path that no dialect
 * owns. Its statuses are those of the dialects too, where their vendors fix no others.
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

/** RFC 9110, section 15. */
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

/** Without a type of its own, a problem has the title of its status (RFC 9457, section 4.2.1). */
export const problemResponse = (
  status: keyof typeof titles,
  detail: string,
  additions: { readonly [member: string]: string } = {}
): HttpServerResponse.HttpServerResponse =>
  ProblemDetails.toResponse({
    type: ProblemDetails.blankType,
    title: titles[status],
    status,
    detail,
    ...additions
  })

/** Owns what no dialect does. */
export const problemOwner: Owner = {
  owns: [],
  failure: (failure, correlation) => {
    const problem = problemResponse(statusOf(failure), messageOf(failure), {
      ...(failure._tag === "LinkRefused" ? { reason: failure.reason } : {}),
      ...(failure._tag === "Unexpected" ? { correlationId: correlation } : {})
    })
    return HttpServerResponse.setHeaders(problem, failureHeaders(failure))
  }
}
