/**
 * The errors of the native dialect: problem details, one schema per status. No server in here; a client may import it.
 */
import { problem } from "../../ProblemSchema.ts"

export const BadRequest = problem(
  400,
  "A query parameter or a member is not known or given twice, the body is not readable JSON, or the `Idempotency-Key` cannot be read."
)
export const Unauthorized = problem(401, "No access key, or one that nobody has. `WWW-Authenticate` is sent.")
export const NotFound = problem(404, "There is no such sender, or no such path.")
export const Conflict = problem(409, "The first request with this `Idempotency-Key` is still running.")
export const BodyTooLarge = problem(413, "The body is larger than 64 KiB.")
export const UnsupportedMediaType = problem(415, "The body has another media type than JSON.")
export const Invalid = problem(422, "A query parameter has a value that cannot be used.")
export const UnusableMember = problem(422, "A member of the body has a value that cannot be used.")
export const KeyReused = problem(422, "The `Idempotency-Key` was used for another request.")
export const Fault = problem(500, "The server failed.")
export const Unavailable = problem(
  503,
  "The storage is temporarily unavailable. `Retry-After` says when to try again, with the same `Idempotency-Key` where one was sent."
)
