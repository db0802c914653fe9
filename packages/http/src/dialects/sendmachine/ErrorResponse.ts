/**
 * Answers failures in the form of the Sendmachine dialect: `{"status","error_reason"}`.
 */
import { HttpServerResponse } from "effect/http"
import type { Dialect } from "../../Dialect.ts"
import type { Failure } from "../../Failure.ts"
import { messageOf } from "../../FailureMessage.ts"
import { failureHeaders, json } from "../../Responses.ts"
import { alreadyAddedMessage } from "./ErrorSchemas.ts"

/** The status of HTTP, and the word by which clients tell failures apart: it is stable. */
const statuses: { readonly [tag in Failure["_tag"]]: readonly [code: number, status: string] } = {
  RouteUnknown: [404, "not_found"],
  SenderNotFound: [404, "not_found"],
  LinkRefused: [404, "not_found"],
  MethodUnknown: [405, "method_not_allowed"],
  CredentialMissing: [401, "unauthorized"],
  CallerUnknown: [401, "unauthorized"],
  BodyTooLarge: [413, "too_large"],
  MediaTypeUnknown: [415, "unsupported_media_type"],
  RequestMalformed: [400, "invalid_request"],
  MemberInvalid: [400, "invalid_request"],
  AddressRefused: [400, "invalid_address"],
  InvalidData: [400, "invalid_address"],
  CommandIdReused: [422, "idempotency_key_reused"],
  CommandInFlight: [409, "in_progress"],
  TooSoon: [429, "too_many_requests"],
  StorageUnavailable: [503, "unavailable"],
  OutcomeUnknown: [503, "unavailable"],
  Overloaded: [503, "unavailable"],
  Unexpected: [500, "internal_error"]
}

const respond = ([code, status]: readonly [number, string], reason: string) =>
  json({ status, error_reason: reason }, code)

export const failure: Dialect["failure"] = (failure, correlation) => {
  const message = messageOf(failure)
  const reason = failure._tag === "Unexpected" ? `${message} The log has it under ${correlation}.` : message
  return HttpServerResponse.setHeaders(
    respond(statuses[failure._tag], reason),
    failureHeaders(failure, "basicAndBearer")
  )
}

/** The answer to adding what is there already: of the dialects with words for that, this one has these. */
export const alreadyAdded: HttpServerResponse.HttpServerResponse = respond([409, "already_added"], alreadyAddedMessage)
