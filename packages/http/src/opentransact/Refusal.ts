/**
 * Answers failures as JSON:API error documents: the form of every error at `/v1/email-addresses` and below.
 */
import { HttpServerResponse } from "effect/http"
import { type PathOwner, plainHeaders } from "../Exchange.ts"
import { type Failure, retryAfterSeconds } from "../Failure.ts"
import { failureHeaders } from "../Problem.ts"
import { jsonApi } from "./MediaType.ts"
import {
  type ErrorObject,
  invalid,
  missing,
  notFound,
  type Refused,
  unauthorized,
  unstorable,
  unsupportedMediaType
} from "./Problems.ts"

/** A JSON:API document. What it is depends on `Accept`, by its parameters. */
export const document = (
  body: unknown,
  status = 200,
  headers: { readonly [name: string]: string } = plainHeaders
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify(body), {
    status,
    contentType: jsonApi,
    headers: { ...headers, vary: "Accept" }
  })

const challenge = { "www-authenticate": 'Basic realm="countersign", Bearer realm="countersign"' }

export const refused = ({ errors }: Refused): HttpServerResponse.HttpServerResponse => {
  const [{ status }] = errors
  return document({ errors }, Number(status), { ...plainHeaders, ...(status === "401" ? challenge : {}) })
}

const errorOf = (failure: Failure, correlation: string): ErrorObject => {
  switch (failure._tag) {
    case "RouteUnknown":
      return notFound("There is nothing at this path.")
    case "SenderNotFound":
    case "LinkRefused":
      return notFound()
    case "MethodUnknown":
      return {
        status: "405",
        title: "Method Not Allowed",
        detail: `The path has other methods: ${failure.allow.join(", ")}.`
      }
    case "CallerUnknown":
      return unauthorized
    case "BodyTooLarge":
      return {
        status: "413",
        title: "Content Too Large",
        detail: `The body may have at most ${failure.limit} bytes.`
      }
    case "MediaTypeUnknown":
      return unsupportedMediaType(`Send the body as ${failure.accepted.join(" or ")}, not compressed.`)
    case "RequestMalformed":
      return {
        status: "400",
        title: "Bad Request",
        detail: failure.problem,
        ...(failure.header === undefined ? {} : { source: { header: failure.header } })
      }
    case "MemberInvalid":
      return failure.problem === "missing"
        ? missing(failure.member, "")
        : invalid(`${failure.member} must be a string.`, { pointer: "" })
    case "AddressRefused":
      return invalid(failure.message, { pointer: "/data/attributes/email" })
    case "InvalidData":
      return unstorable("/data")
    case "CommandIdReused":
      return {
        status: "422",
        title: "Idempotency Key Reused",
        detail: "The Idempotency-Key was used for another request.",
        source: { header: "Idempotency-Key" }
      }
    case "CommandInFlight":
      return {
        status: "409",
        title: "Idempotency Key In Use",
        detail: "A request with this Idempotency-Key is still being worked on.",
        source: { header: "Idempotency-Key" }
      }
    case "TooSoon":
      return {
        status: "429",
        title: "Too Many Requests",
        detail: `Try again in ${retryAfterSeconds(failure.retryAfter)} seconds.`
      }
    case "StorageUnavailable":
    case "OutcomeUnknown":
    case "Overloaded":
      return {
        status: "503",
        title: "Service Unavailable",
        detail: "The service is not available just now: try again in a few seconds."
      }
    case "Unexpected":
      return {
        status: "500",
        title: "Internal Server Error",
        detail: "Something went wrong here; nothing is wrong with the request.",
        meta: { "correlation-id": correlation }
      }
  }
}

/** Owns the collection and everything below it. */
export const OpenTransact: PathOwner = {
  owns: (path) => path === "/v1/email-addresses" || path.startsWith("/v1/email-addresses/"),
  refuse: (failure, correlation) => {
    const error = errorOf(failure, correlation)
    const headers = { ...failureHeaders(failure), ...(error.status === "401" ? challenge : {}) }
    return document({ errors: [error] }, Number(error.status), headers)
  }
}
