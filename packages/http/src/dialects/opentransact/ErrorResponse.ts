/**
 * Answers failures as JSON:API error documents: the form of every error at `/v1/email-addresses` and below.
 */
import { HttpServerResponse } from "effect/http"
import type { Dialect } from "../../Dialect.ts"
import type { Failure } from "../../Failure.ts"
import { messageOf } from "../../FailureMessage.ts"
import { statusOf, titles } from "../../ProblemResponse.ts"
import { failureHeaders, plainHeaders } from "../../Responses.ts"
import {
  type ErrorObject,
  invalid,
  missing,
  missingAuthorization,
  notFound,
  type Refused,
  unauthorized,
  unstorable,
  unsupportedMediaType
} from "./ErrorObject.ts"
import { jsonApi } from "./MediaType.ts"

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

export const refused = ({ errors }: Refused): HttpServerResponse.HttpServerResponse => {
  const [{ status }] = errors
  return document({ errors }, Number(status))
}

/** With the title of its status and our message, where the vendor has neither. */
const plainError = (failure: Failure, particulars: Partial<ErrorObject> = {}): ErrorObject => {
  const status = statusOf(failure)
  return { status: String(status), title: titles[status], detail: messageOf(failure), ...particulars }
}

const idempotencyKey = { header: "Idempotency-Key" }

const errorOf = (failure: Failure, correlation: string): ErrorObject => {
  switch (failure._tag) {
    case "RouteUnknown":
      return notFound(messageOf(failure))
    case "SenderNotFound":
    case "LinkRefused":
      return notFound()
    case "CredentialMissing":
      return missingAuthorization
    case "CallerUnknown":
      return unauthorized
    case "MediaTypeUnknown":
      return unsupportedMediaType(messageOf(failure))
    case "RequestMalformed":
      return plainError(failure, failure.header === undefined ? {} : { source: { header: failure.header } })
    case "MemberInvalid":
      return failure.problem === "missing"
        ? missing(failure.member, "")
        : invalid(`${failure.member} must be a string.`, { pointer: "" })
    case "AddressRefused":
      return invalid(messageOf(failure), { pointer: "/data/attributes/email" })
    case "InvalidData":
      return unstorable("/data")
    case "CommandIdReused":
      return plainError(failure, { title: "Idempotency Key Reused", source: idempotencyKey })
    case "CommandInFlight":
      return plainError(failure, { title: "Idempotency Key In Use", source: idempotencyKey })
    case "Unexpected":
      return plainError(failure, { meta: { "correlation-id": correlation } })
    default:
      return plainError(failure)
  }
}

export const failure: Dialect["failure"] = (failure, correlation) => {
  const error = errorOf(failure, correlation)
  return document({ errors: [error] }, Number(error.status), failureHeaders(failure, "basicAndBearer"))
}
