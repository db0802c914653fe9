/**
 * Why a request is not answered as it wished, before any dialect puts it into its own words: what the edge itself
 * refuses, and what a use case of the engine fails with.
 */
import type {
  AddressRefused,
  LinkRefused,
  ReceiptFailure,
  SenderNotFound,
  TooSoon,
  WriteFailure
} from "@countersign/engine"
import { Data } from "effect"

/** No such path. */
export class RouteUnknown extends Data.TaggedError("RouteUnknown") {}

/** The path does not have this method. */
export class MethodUnknown extends Data.TaggedError("MethodUnknown")<{ readonly allow: ReadonlyArray<string> }> {}

/** No credential was sent. Most dialects answer it as they answer a credential that nobody has. */
export class CredentialMissing extends Data.TaggedError("CredentialMissing") {}

/** A credential that nobody has, or something that does not belong to its account. Says no more. */
export class CallerUnknown extends Data.TaggedError("CallerUnknown") {}

/** `limit` is in bytes. */
export class BodyTooLarge extends Data.TaggedError("BodyTooLarge")<{ readonly limit: number }> {}

/** `accepted` are the media types that the endpoint reads. */
export class MediaTypeUnknown extends Data.TaggedError("MediaTypeUnknown")<{
  readonly accepted: ReadonlyArray<string>
}> {}

/**
 * The request cannot be read. `problem` is one sentence for its author and quotes nothing of it; `header` is the one to
 * blame.
 */
export class RequestMalformed extends Data.TaggedError("RequestMalformed")<{
  readonly problem: string
  readonly header?: string
}> {}

/** A member that is missing, or not a string. */
export class MemberInvalid extends Data.TaggedError("MemberInvalid")<{
  readonly member: string
  readonly problem: "missing" | "not-a-string"
}> {}

/** A fault of ours. The log has the cause under the same correlation id. */
export class Unexpected extends Data.TaggedError("Unexpected") {}

/** Every reason. A dialect has an answer for each: one that is missing does not compile. */
export type Failure =
  | RouteUnknown
  | MethodUnknown
  | CredentialMissing
  | CallerUnknown
  | BodyTooLarge
  | MediaTypeUnknown
  | RequestMalformed
  | MemberInvalid
  | Unexpected
  | AddressRefused
  | SenderNotFound
  | LinkRefused
  | TooSoon
  | ReceiptFailure
  | WriteFailure

/** Milliseconds as the whole seconds of `Retry-After` (RFC 9110, section 10.2.3): rounded up, at least one. */
export const retryAfterSeconds = (milliseconds: number): number => Math.max(1, Math.ceil(milliseconds / 1_000))

/** When to come back after a failure that passes by itself, in milliseconds; none for the others. */
export const retryAfter = (failure: Failure): number | undefined => {
  switch (failure._tag) {
    case "TooSoon":
    case "Overloaded":
      return failure.retryAfter
    case "StorageUnavailable":
    case "OutcomeUnknown":
      return 5_000
    case "CommandInFlight":
      return 1_000
    default:
      return undefined
  }
}
