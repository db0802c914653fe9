/**
 * The words by which clients of the Space Invoices dialect tell errors apart, and the messages that its vendor fixes.
 * No server in here; a client may import it.
 */
import type { Failure } from "../../Failure.ts"

interface Words {
  readonly name: string
  readonly code: string
}

const unauthorized = { name: "UnauthorizedError", code: "AUTHORIZATION_REQUIRED" }
const notFound = { name: "NotFoundError", code: "MODEL_NOT_FOUND" }
const invalid = { name: "ValidationError", code: "VALIDATION_ERROR" }
const unavailable = { name: "ServiceUnavailableError", code: "SERVICE_UNAVAILABLE" }

export const errorWords = {
  RouteUnknown: { name: "NotFoundError", code: "ROUTE_NOT_FOUND" },
  MethodUnknown: { name: "MethodNotAllowedError", code: "METHOD_NOT_ALLOWED" },
  CredentialMissing: unauthorized,
  CallerUnknown: unauthorized,
  BodyTooLarge: { name: "PayloadTooLargeError", code: "BODY_TOO_LARGE" },
  MediaTypeUnknown: { name: "UnsupportedMediaTypeError", code: "UNSUPPORTED_MEDIA_TYPE" },
  RequestMalformed: { name: "BadRequestError", code: "MALFORMED_REQUEST" },
  MemberInvalid: invalid,
  AddressRefused: invalid,
  InvalidData: invalid,
  SenderNotFound: notFound,
  LinkRefused: notFound,
  CommandIdReused: { name: "UnprocessableEntityError", code: "IDEMPOTENCY_KEY_REUSED" },
  CommandInFlight: { name: "ConflictError", code: "IDEMPOTENCY_KEY_IN_USE" },
  TooSoon: { name: "TooManyRequestsError", code: "TOO_MANY_REQUESTS" },
  StorageUnavailable: unavailable,
  OutcomeUnknown: unavailable,
  Overloaded: unavailable,
  Unexpected: { name: "InternalServerError", code: "INTERNAL_SERVER_ERROR" }
} satisfies { readonly [tag in Failure["_tag"]]: Words }

/** The address is missing, or cannot be used. */
export type Problem = "presence" | "format"

export const vendorMessages = {
  unauthorized: "Authorization Required",
  notFound: 'No "EmailAddress" instance(s) found',
  blank: "can't be blank",
  invalid: (problem: string) => `The \`EmailAddress\` instance is not valid. Details: \`email\` ${problem}`
} as const
