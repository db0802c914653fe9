/**
 * Answers failures in the envelope of the Space Invoices dialect: `{"error":{statusCode,name,message,code,details}}`.
 */

import { HttpServerResponse } from "effect/http"
import { json, type PathOwner } from "../Exchange.ts"
import { type Failure, retryAfterSeconds } from "../Failure.ts"
import { failureHeaders } from "../Problem.ts"

interface Envelope {
  readonly statusCode: number
  readonly name: string
  readonly message: string
  readonly code: string
  readonly details?: unknown
}

const envelope = (failure: Failure, correlation: string): Envelope => {
  switch (failure._tag) {
    case "RouteUnknown":
      return { statusCode: 404, name: "NotFoundError", message: "There is no such route.", code: "ROUTE_NOT_FOUND" }
    case "SenderNotFound":
    case "LinkRefused":
      return {
        statusCode: 404,
        name: "NotFoundError",
        message: 'No "EmailAddress" instance(s) found',
        code: "MODEL_NOT_FOUND"
      }
    case "MethodUnknown":
      return {
        statusCode: 405,
        name: "MethodNotAllowedError",
        message: `The path has other methods: ${failure.allow.join(", ")}.`,
        code: "METHOD_NOT_ALLOWED"
      }
    case "CallerUnknown":
      return {
        statusCode: 401,
        name: "UnauthorizedError",
        message: "Authorization Required",
        code: "AUTHORIZATION_REQUIRED"
      }
    case "BodyTooLarge":
      return {
        statusCode: 413,
        name: "PayloadTooLargeError",
        message: `The body may have at most ${failure.limit} bytes.`,
        code: "BODY_TOO_LARGE"
      }
    case "MediaTypeUnknown":
      return {
        statusCode: 415,
        name: "UnsupportedMediaTypeError",
        message: `Send the body as ${failure.accepted.join(" or ")}, in UTF-8 and not compressed.`,
        code: "UNSUPPORTED_MEDIA_TYPE"
      }
    case "RequestMalformed":
      return { statusCode: 400, name: "BadRequestError", message: failure.problem, code: "MALFORMED_REQUEST" }
    case "MemberInvalid":
      return failure.problem === "missing"
        ? invalid("presence", "can't be blank")
        : invalid("format", "is invalid: An address must be given as a string.")
    case "AddressRefused":
      return failure.code === "missing" || failure.code === "empty"
        ? invalid("presence", "can't be blank")
        : invalid("format", `is invalid: ${failure.message}`)
    case "InvalidData":
      return invalid("format", "is invalid: The request holds a value that cannot be stored.")
    case "CommandIdReused":
      return {
        statusCode: 422,
        name: "UnprocessableEntityError",
        message: "The Idempotency-Key was used for another request.",
        code: "IDEMPOTENCY_KEY_REUSED"
      }
    case "CommandInFlight":
      return {
        statusCode: 409,
        name: "ConflictError",
        message: "A request with this Idempotency-Key is still being worked on.",
        code: "IDEMPOTENCY_KEY_IN_USE"
      }
    case "TooSoon":
      return {
        statusCode: 429,
        name: "TooManyRequestsError",
        message: `A new verification mail may be requested in ${retryAfterSeconds(failure.retryAfter)} seconds.`,
        code: "TOO_MANY_REQUESTS"
      }
    case "StorageUnavailable":
    case "OutcomeUnknown":
    case "Overloaded":
      return {
        statusCode: 503,
        name: "ServiceUnavailableError",
        message: "The service is not available just now: try again in a few seconds.",
        code: "SERVICE_UNAVAILABLE"
      }
    case "Unexpected":
      return {
        statusCode: 500,
        name: "InternalServerError",
        message: "Something went wrong here; nothing is wrong with the request.",
        code: "INTERNAL_SERVER_ERROR",
        details: { correlationId: correlation }
      }
  }
}

// The words before the colon are the ones that clients of the dialect know; our sentence follows them.
const invalid = (code: "presence" | "format", message: string): Envelope => ({
  statusCode: 422,
  name: "ValidationError",
  message: `The \`EmailAddress\` instance is not valid. Details: \`email\` ${message}`,
  code: "VALIDATION_ERROR",
  details: { context: "EmailAddress", codes: { email: [code] }, messages: { email: [message] } }
})

/** Owns every path under `/v1` that no other owner claims before it. */
export const SpaceInvoices: PathOwner = {
  owns: (path) => path === "/v1" || path.startsWith("/v1/"),
  refuse: (failure, correlation) => {
    const error = envelope(failure, correlation)
    return HttpServerResponse.setHeaders(json({ error }, error.statusCode), failureHeaders(failure))
  }
}
