/**
 * The error envelope of the Space Invoices dialect, one schema per status. No server in here; a client may import it.
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"

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
  {
    name: "BadRequestError",
    message: "The body is not valid JSON.",
    code: "MALFORMED_REQUEST"
  }
)
export const Unauthorized = envelope(
  401,
  "No access token, an unknown or revoked one, or an organization that is not of this account. `WWW-Authenticate` is sent.",
  {},
  { name: "UnauthorizedError", message: "Authorization Required", code: "AUTHORIZATION_REQUIRED" }
)
export const NotFound = envelope(
  404,
  "There is no email address in this scope, or no such route.",
  {},
  {
    name: "NotFoundError",
    message: 'No "EmailAddress" instance(s) found',
    code: "MODEL_NOT_FOUND"
  }
)
export const Conflict = envelope(
  409,
  "The first request with this `Idempotency-Key` is still being worked on.",
  {},
  {
    name: "ConflictError",
    message: "A request with this Idempotency-Key is still being worked on.",
    code: "IDEMPOTENCY_KEY_IN_USE"
  }
)
export const BodyTooLarge = envelope(
  413,
  "The body is larger than 64 KiB.",
  {},
  {
    name: "PayloadTooLargeError",
    message: "The body may have at most 65536 bytes.",
    code: "BODY_TOO_LARGE"
  }
)
export const UnsupportedMediaType = envelope(
  415,
  "The body has another media type than the two that are read.",
  {},
  {
    name: "UnsupportedMediaTypeError",
    message: "Send the body as application/json or application/x-www-form-urlencoded.",
    code: "UNSUPPORTED_MEDIA_TYPE"
  }
)
export const Invalid = envelope(
  422,
  "The address is missing (`presence`) or cannot be used (`format`); or the `Idempotency-Key` was used for another request (then without `details`).",
  { details: Schema.optionalKey(ValidationDetails) },
  {
    name: "ValidationError",
    message: "The `EmailAddress` instance is not valid. Details: `email` can't be blank.",
    code: "VALIDATION_ERROR"
  }
)
export const TooManyRequests = envelope(
  429,
  "`Retry-After` says in how many seconds a new link may be asked for.",
  {},
  {
    name: "TooManyRequestsError",
    message: "A new verification mail may be requested in 42 seconds.",
    code: "TOO_MANY_REQUESTS"
  }
)
export const Fault = envelope(
  500,
  "Something is wrong with the server.",
  { details: FaultDetails },
  {
    name: "InternalServerError",
    message: "Something went wrong here; nothing is wrong with the request.",
    code: "INTERNAL_SERVER_ERROR"
  }
)
export const Unavailable = envelope(
  503,
  "Nothing can be read or written just now. `Retry-After` says when to try again, with the same `Idempotency-Key` where one was sent.",
  {},
  {
    name: "ServiceUnavailableError",
    message: "The service is not available just now: try again in a few seconds.",
    code: "SERVICE_UNAVAILABLE"
  }
)
