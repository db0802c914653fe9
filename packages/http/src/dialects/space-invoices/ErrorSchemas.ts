/**
 * The error envelope of the Space Invoices dialect, one schema per status. No server in here; a client may import it.
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import { failureMessages } from "../../FailureMessage.ts"
import { errorWords, vendorMessages } from "./ErrorWords.ts"

const members = {
  name: Schema.String,
  message: Schema.String.annotate({ description: "One sentence for a person." }),
  code: Schema.String.annotate({ description: "Stable; meant for programs." })
}

const envelope = <const S extends number, const D extends Schema.Struct.Fields>(
  status: S,
  description: string,
  details: D,
  example: { readonly name: string; readonly message: string; readonly code: string }
) =>
  Schema.Struct({
    error: Schema.Struct({ statusCode: Schema.Literal(status), ...members, ...details })
  })
    .annotate({
      identifier: `Error${status}`,
      description: `${description} For example \`${example.code}\`: ${example.message}`
    })
    .pipe(HttpApiSchema.status(status))

const ValidationDetails = Schema.Struct({
  context: Schema.Literal("EmailAddress"),
  codes: Schema.Struct({ email: Schema.Array(Schema.Literals(["presence", "format"])) }),
  messages: Schema.Struct({ email: Schema.Array(Schema.String) })
}).annotate({ identifier: "ValidationDetails" })

const FaultDetails = Schema.Struct({
  correlationId: Schema.String.annotate({ description: "Names the entry in the server's log." })
}).annotate({ identifier: "FaultDetails" })

export const BadRequest = envelope(
  400,
  "The body is not readable JSON, or a header has no valid value.",
  {},
  { ...errorWords.RequestMalformed, message: "The body is not valid JSON." }
)
export const Unauthorized = envelope(
  401,
  "No access token, an unknown or revoked one, or an organization that is not of this account. `WWW-Authenticate` is sent.",
  {},
  { ...errorWords.CallerUnknown, message: vendorMessages.unauthorized }
)
export const NotFound = envelope(
  404,
  "There is no email address in this scope, or no such route.",
  {},
  { ...errorWords.SenderNotFound, message: vendorMessages.notFound }
)
export const Conflict = envelope(
  409,
  "The first request with this `Idempotency-Key` is still running.",
  {},
  { ...errorWords.CommandInFlight, message: failureMessages.CommandInFlight() }
)
export const BodyTooLarge = envelope(
  413,
  "The body is larger than 64 KiB.",
  {},
  { ...errorWords.BodyTooLarge, message: failureMessages.BodyTooLarge({ limit: 65_536 }) }
)
export const UnsupportedMediaType = envelope(
  415,
  "The body has another media type than the two that are read.",
  {},
  {
    ...errorWords.MediaTypeUnknown,
    message: failureMessages.MediaTypeUnknown({ accepted: ["application/json", "application/x-www-form-urlencoded"] })
  }
)
export const Invalid = envelope(
  422,
  "The address is missing (`presence`) or cannot be used (`format`); or the `Idempotency-Key` was used for another request (then without `details`).",
  { details: Schema.optionalKey(ValidationDetails) },
  { ...errorWords.MemberInvalid, message: vendorMessages.invalid(`${vendorMessages.blank}.`) }
)
export const TooManyRequests = envelope(
  429,
  "`Retry-After` says in how many seconds a new link may be requested.",
  {},
  { ...errorWords.TooSoon, message: failureMessages.TooSoon({ retryAfter: 42_000 }) }
)
export const Fault = envelope(
  500,
  "The server failed.",
  { details: FaultDetails },
  { ...errorWords.Unexpected, message: failureMessages.Unexpected() }
)
export const Unavailable = envelope(
  503,
  "The storage is temporarily unavailable. `Retry-After` says when to try again, with the same `Idempotency-Key` where one was sent.",
  {},
  { ...errorWords.StorageUnavailable, message: failureMessages.StorageUnavailable() }
)
