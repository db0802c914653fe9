/**
 * Answers failures as problem details (RFC 9457): the form of every path that no dialect owns.
 */
import { HttpServerResponse } from "effect/http"
import { type PathOwner, plainHeaders } from "./Exchange.ts"
import { type Failure, retryAfter, retryAfterSeconds } from "./Failure.ts"

interface Words {
  readonly status: number
  readonly title: string
  readonly detail: string
}

const words = (failure: Failure): Words => {
  switch (failure._tag) {
    case "RouteUnknown":
      return { status: 404, title: "Not Found", detail: "There is nothing at this path." }
    case "SenderNotFound":
      return { status: 404, title: "Not Found", detail: "There is no such sender." }
    case "LinkRefused":
      return failure.reason === "unknown"
        ? { status: 404, title: "Not Found", detail: linkWords[failure.reason] }
        : { status: 410, title: "Gone", detail: linkWords[failure.reason] }
    case "MethodUnknown":
      return {
        status: 405,
        title: "Method Not Allowed",
        detail: `The path has other methods: ${failure.allow.join(", ")}.`
      }
    case "CallerUnknown":
      return { status: 401, title: "Unauthorized", detail: "Send the access token of an account." }
    case "BodyTooLarge":
      return { status: 413, title: "Content Too Large", detail: `The body may have at most ${failure.limit} bytes.` }
    case "MediaTypeUnknown":
      return {
        status: 415,
        title: "Unsupported Media Type",
        detail: `Send the body as ${failure.accepted.join(" or ")}, in UTF-8 and not compressed.`
      }
    case "RequestMalformed":
      return { status: 400, title: "Bad Request", detail: failure.problem }
    case "MemberInvalid":
      return {
        status: 422,
        title: "Unprocessable Content",
        detail: `The member ${failure.member} is ${failure.problem === "missing" ? "missing" : "not a string"}.`
      }
    case "AddressRefused":
      return { status: 422, title: "Unprocessable Content", detail: failure.message }
    case "InvalidData":
      return { status: 422, title: "Unprocessable Content", detail: "The request holds a value that cannot be stored." }
    case "CommandIdReused":
      return {
        status: 422,
        title: "Unprocessable Content",
        detail: "The Idempotency-Key was used for another request."
      }
    case "CommandInFlight":
      return {
        status: 409,
        title: "Conflict",
        detail: "A request with this Idempotency-Key is still being worked on."
      }
    case "TooSoon":
      return {
        status: 429,
        title: "Too Many Requests",
        detail: `Try again in ${retryAfterSeconds(failure.retryAfter)} seconds.`
      }
    case "StorageUnavailable":
    case "OutcomeUnknown":
    case "Overloaded":
      return {
        status: 503,
        title: "Service Unavailable",
        detail: "The service is not available just now: try again in a few seconds."
      }
    case "Unexpected":
      return {
        status: 500,
        title: "Internal Server Error",
        detail: "Something went wrong here; nothing is wrong with the request."
      }
  }
}

const linkWords = {
  unknown: "The link is not one of ours, or it is damaged.",
  void: "A newer link was mailed; this one is void.",
  expired: "The link has expired.",
  declined: "The owner of the mailbox declined.",
  removed: "The address was removed."
} as const

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
    const { status, title, detail } = words(failure)
    return HttpServerResponse.text(
      JSON.stringify({
        type: "about:blank",
        title,
        status,
        detail,
        ...(failure._tag === "LinkRefused" ? { reason: failure.reason } : {}),
        ...(failure._tag === "Unexpected" ? { correlationId: correlation } : {})
      }),
      { status, contentType: "application/problem+json", headers: failureHeaders(failure) }
    )
  }
}
