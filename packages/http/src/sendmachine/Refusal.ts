/**
 * Answers failures in the form of the Sendmachine dialect: `{"status","error_reason"}`.
 */
import { HttpServerResponse } from "effect/http"
import { json, type PathOwner } from "../Exchange.ts"
import type { Failure } from "../Failure.ts"
import { failureHeaders } from "../Problem.ts"
import { sentenceOf } from "../Sentence.ts"

/** The status of HTTP, and the word by which clients tell failures apart: it is stable. */
const words: { readonly [tag in Failure["_tag"]]: readonly [code: number, status: string] } = {
  RouteUnknown: [404, "not_found"],
  SenderNotFound: [404, "not_found"],
  LinkRefused: [404, "not_found"],
  MethodUnknown: [405, "method_not_allowed"],
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

const reasonOf = (failure: Failure, correlation: string): string => {
  switch (failure._tag) {
    case "CallerUnknown":
      return "Send the API key of an account."
    case "Unexpected":
      return `${sentenceOf(failure)} The log has it under ${correlation}.`
    default:
      return sentenceOf(failure)
  }
}

const respond = ([code, status]: readonly [number, string], reason: string) =>
  json({ status, error_reason: reason }, code)

/** Owns `/sender` and every path below it. */
export const Sendmachine: PathOwner = {
  owns: (path) => path === "/sender" || path.startsWith("/sender/"),
  refuse: (failure, correlation) =>
    HttpServerResponse.setHeaders(respond(words[failure._tag], reasonOf(failure, correlation)), {
      ...failureHeaders(failure),
      ...(failure._tag === "CallerUnknown"
        ? { "www-authenticate": 'Basic realm="countersign", Bearer realm="countersign"' }
        : {})
    })
}

/** The answer to adding what is there already: of the dialects with words for that, this one has these. */
export const alreadyAdded: HttpServerResponse.HttpServerResponse = respond(
  [409, "already_added"],
  "The account has this sender already."
)
