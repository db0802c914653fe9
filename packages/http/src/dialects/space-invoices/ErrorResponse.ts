/**
 * Answers failures in the envelope of the Space Invoices dialect: `{"error":{statusCode,name,message,code,details}}`.
 */
import { HttpServerResponse } from "effect/http"
import type { Dialect } from "../../Dialect.ts"
import type { Failure } from "../../Failure.ts"
import { messageOf } from "../../FailureMessage.ts"
import { statusOf } from "../../ProblemResponse.ts"
import { failureHeaders, json } from "../../Responses.ts"
import { errorWords, type Problem, vendorMessages } from "./ErrorWords.ts"

interface Particulars {
  readonly message: string
  readonly details?: unknown
}

// The words before the colon are the ones that clients of the dialect know; our sentence follows them.
const invalid = (code: Problem, problem: string): Particulars => ({
  message: vendorMessages.invalid(problem),
  details: { context: "EmailAddress", codes: { email: [code] }, messages: { email: [problem] } }
})

const blank = invalid("presence", vendorMessages.blank)
const unusable = (sentence: string) => invalid("format", `is invalid: ${sentence}`)

const particularsOf = (failure: Failure, correlation: string): Particulars => {
  switch (failure._tag) {
    case "SenderNotFound":
    case "LinkRefused":
      return { message: vendorMessages.notFound }
    case "CredentialMissing":
    case "CallerUnknown":
      return { message: vendorMessages.unauthorized }
    case "MemberInvalid":
      return failure.problem === "missing" ? blank : unusable("An address must be given as a string.")
    case "AddressRefused":
      return failure.code === "missing" || failure.code === "empty" ? blank : unusable(messageOf(failure))
    case "InvalidData":
      return unusable(messageOf(failure))
    case "Unexpected":
      return { message: messageOf(failure), details: { correlationId: correlation } }
    default:
      return { message: messageOf(failure) }
  }
}

export const failure: Dialect["failure"] = (failure, correlation) => {
  const statusCode = failure._tag === "LinkRefused" ? 404 : statusOf(failure)
  const { name, code } = errorWords[failure._tag]
  const { message, ...details } = particularsOf(failure, correlation)
  const error = { statusCode, name, message, code, ...details }
  return HttpServerResponse.setHeaders(json({ error }, statusCode), failureHeaders(failure))
}
