/**
 * Answers failures in the form of the Sendmachine dialect: `{"status","error_reason"}`.
 */
import { HttpServerResponse } from "effect/http"
import { json, type PathOwner } from "../Exchange.ts"
import { type Failure, retryAfterSeconds } from "../Failure.ts"
import { failureHeaders } from "../Problem.ts"

interface Words {
  readonly code: number
  /** Stable; clients tell failures apart by it. */
  readonly status: string
  readonly reason: string
}

const words = (failure: Failure, correlation: string): Words => {
  switch (failure._tag) {
    case "RouteUnknown":
      return { code: 404, status: "not_found", reason: "There is nothing at this path." }
    case "SenderNotFound":
    case "LinkRefused":
      return { code: 404, status: "not_found", reason: "There is no such sender." }
    case "MethodUnknown":
      return {
        code: 405,
        status: "method_not_allowed",
        reason: `The path has other methods: ${failure.allow.join(", ")}.`
      }
    case "CallerUnknown":
      return { code: 401, status: "unauthorized", reason: "Send the API key of an account." }
    case "BodyTooLarge":
      return { code: 413, status: "too_large", reason: `The body may have at most ${failure.limit} bytes.` }
    case "MediaTypeUnknown":
      return {
        code: 415,
        status: "unsupported_media_type",
        reason: `Send the body as ${failure.accepted.join(" or ")}, in UTF-8 and not compressed.`
      }
    case "RequestMalformed":
      return { code: 400, status: "invalid_request", reason: failure.problem }
    case "MemberInvalid":
      return {
        code: 400,
        status: "invalid_request",
        reason: `The member ${failure.member} is ${failure.problem === "missing" ? "missing" : "not a string"}.`
      }
    case "AddressRefused":
      return { code: 400, status: "invalid_address", reason: failure.message }
    case "InvalidData":
      return { code: 400, status: "invalid_address", reason: "The request holds a value that cannot be stored." }
    case "CommandIdReused":
      return {
        code: 422,
        status: "idempotency_key_reused",
        reason: "The Idempotency-Key was used for another request."
      }
    case "CommandInFlight":
      return {
        code: 409,
        status: "in_progress",
        reason: "A request with this Idempotency-Key is still being worked on."
      }
    case "TooSoon":
      return {
        code: 429,
        status: "too_many_requests",
        reason: `Try again in ${retryAfterSeconds(failure.retryAfter)} seconds.`
      }
    case "StorageUnavailable":
    case "OutcomeUnknown":
    case "Overloaded":
      return {
        code: 503,
        status: "unavailable",
        reason: "The service is not available just now: try again in a few seconds."
      }
    case "Unexpected":
      return {
        code: 500,
        status: "internal_error",
        reason: `Something went wrong here; nothing is wrong with the request. The log has it under ${correlation}.`
      }
  }
}

const respond = ({ code, status, reason }: Words) => json({ status, error_reason: reason }, code)

/** Owns `/sender` and every path below it. */
export const Sendmachine: PathOwner = {
  owns: (path) => path === "/sender" || path.startsWith("/sender/"),
  refuse: (failure, correlation) =>
    HttpServerResponse.setHeaders(respond(words(failure, correlation)), {
      ...failureHeaders(failure),
      ...(failure._tag === "CallerUnknown"
        ? { "www-authenticate": 'Basic realm="countersign", Bearer realm="countersign"' }
        : {})
    })
}

/** The answer to adding what is there already: of the dialects with words for that, this one has these. */
export const alreadyAdded: HttpServerResponse.HttpServerResponse = respond({
  code: 409,
  status: "already_added",
  reason: "The account has this sender already."
})
