/**
 * The error form of the Sendmachine dialect, one schema per status. No server in here; a client may import it.
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import { failureMessages } from "../../FailureMessage.ts"

export const alreadyAddedMessage = "The account already has this sender."

const envelope = <const S extends number, const W extends readonly [string, ...ReadonlyArray<string>]>(
  code: S,
  words: W,
  description: string,
  reason: string
) =>
  Schema.Struct({
    status: Schema.Literals(words).annotate({ description: "Stable; meant for programs." }),
    error_reason: Schema.String.annotate({ description: "One sentence for a person.", examples: [reason] })
  })
    .annotate({ identifier: `SenderError${code}`, description })
    .pipe(HttpApiSchema.status(code))

export const BadRequest = envelope(
  400,
  ["invalid_request", "invalid_address"],
  "A parameter or member has no valid value, the body is not readable, or the address or domain cannot be a sender.",
  "The parameter status must be one of active, pending, active+pending, all."
)
export const Unauthorized = envelope(
  401,
  ["unauthorized"],
  "No API key, or an unknown or revoked one. `WWW-Authenticate` is sent.",
  failureMessages.CredentialMissing()
)
export const NotFound = envelope(
  404,
  ["not_found"],
  "The account has no sender with this address, or there is no such path.",
  failureMessages.SenderNotFound()
)
export const Conflict = envelope(
  409,
  ["in_progress"],
  "The first request with this `Idempotency-Key` is still running.",
  failureMessages.CommandInFlight()
)
export const AddConflict = envelope(
  409,
  ["already_added", "in_progress"],
  "The account already has this sender: nothing changes and nothing is mailed. Or the first request with this `Idempotency-Key` is still running.",
  alreadyAddedMessage
).annotate({ identifier: "SenderConflict" })
export const BodyTooLarge = envelope(
  413,
  ["too_large"],
  "The body is larger than 64 KiB.",
  failureMessages.BodyTooLarge({ limit: 65_536 })
)
export const UnsupportedMediaType = envelope(
  415,
  ["unsupported_media_type"],
  "The body has another media type than the two that are read.",
  failureMessages.MediaTypeUnknown({ accepted: ["application/json", "application/x-www-form-urlencoded"] })
)
export const KeyReused = envelope(
  422,
  ["idempotency_key_reused"],
  "The `Idempotency-Key` was used for another request.",
  failureMessages.CommandIdReused()
)
export const Fault = envelope(
  500,
  ["internal_error"],
  "The server failed. The sentence names the entry in its log.",
  `${failureMessages.Unexpected()} The log has it under 8e03978e-40d5-43dd-bc93-6894a57f9324.`
)
export const Unavailable = envelope(
  503,
  ["unavailable"],
  "The storage is temporarily unavailable. `Retry-After` says when to try again, with the same `Idempotency-Key` where one was sent.",
  failureMessages.StorageUnavailable()
)
