/**
 * What the OpenTransact dialect says about a request that it cannot answer: error objects of JSON:API with the vendor's
 * titles and codes.
 *
 * `source` names a place that the request has: for a missing member its parent, for a parameter its name as it was
 * sent. No server in here; a client may import it.
 */
import { Data } from "effect"
import { failureMessages } from "../../FailureMessage.ts"

export type Source = { readonly pointer: string } | { readonly parameter: string } | { readonly header: string }

export interface ErrorObject {
  readonly status: string
  readonly code?: string
  /** The same for every occurrence of the problem. */
  readonly title: string
  readonly detail: string
  readonly source?: Source
  readonly meta?: { readonly "correlation-id": string }
}

/** A refusal that says where in the request the problems are. All of them have the same status. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly errors: readonly [ErrorObject, ...ReadonlyArray<ErrorObject>]
}> {}

export const notFound = (detail = "Could not locate requested resource", source?: Source): ErrorObject => ({
  status: "404",
  code: "10001",
  title: "Not Found",
  detail,
  ...(source === undefined ? {} : { source })
})

export const unauthorized: ErrorObject = {
  status: "401",
  code: "10002",
  title: "Unauthorized",
  detail: "Unauthorized request."
}

export const missingAuthorization: ErrorObject = {
  status: "401",
  code: "10003",
  title: "Missing Authorization Header",
  detail: failureMessages.CredentialMissing()
}

/** `source` is the parent, which is there. */
export const missing = (name: string, parent: string): ErrorObject => ({
  status: "422",
  code: "10006",
  title: "Missing Required Request Parameter",
  detail: `The request param ${name} is missing.`,
  source: { pointer: parent }
})

/** Codes 10007 to 10012: which JSON type a member must not have. */
export const wrongType = (name: string, value: unknown, pointer: string): ErrorObject => {
  const [code, type] = jsonTypeOf(value)
  return {
    status: "422",
    code,
    title: "Incorrect Type for Parameter",
    detail: `${name} cannot be of type ${type}.`,
    source: { pointer }
  }
}

const jsonTypeOf = (value: unknown): readonly [code: string, type: string] => {
  if (value === null) return ["10007", "null"]
  if (Array.isArray(value)) return ["10010", "Array"]
  switch (typeof value) {
    case "string":
      return ["10008", "String"]
    case "boolean":
      return ["10009", "Boolean"]
    case "number":
      return ["10012", "Number"]
    default:
      return ["10011", "Object"]
  }
}

export const notWhitelisted = (name: string, source: Source): ErrorObject => ({
  status: "422",
  code: "10013",
  title: "Invalid Param Value",
  detail: `${name} must be set to a whitelisted value.`,
  source
})

/** The vendor has no code for a value that is of the right type and cannot be used all the same. */
export const invalid = (detail: string, source: Source): ErrorObject => ({
  status: "422",
  title: "Invalid Param Value",
  detail,
  source
})

/** No store keeps NUL or lone surrogates, nor a value without end. */
export const unstorable = (pointer: string): ErrorObject =>
  invalid("The document contains a value that cannot be stored.", { pointer })

/** A whole number that would be stored as another one. */
export const inexact = (pointer: string): ErrorObject =>
  invalid("Whole numbers beyond 9007199254740991 are not kept exactly: give them as strings.", { pointer })

export const foreignType: ErrorObject = {
  status: "409",
  code: "10014",
  title: "Invalid Type Param",
  detail: "Type param must be set to 'email-addresses' for the requested resource.",
  source: { pointer: "/data/type" }
}

export const duplicate: ErrorObject = {
  status: "409",
  title: "Conflict",
  detail: "The owner already has this email address.",
  source: { pointer: "/data/attributes/email" }
}

export const clientId: ErrorObject = {
  status: "403",
  code: "10015",
  title: "Forbidden",
  detail: "The server makes the id: leave it out.",
  source: { pointer: "/data/id" }
}

export const updating: ErrorObject = {
  status: "403",
  code: "10015",
  title: "Forbidden",
  detail: "Email addresses cannot be changed: create another one."
}

export const invalidParameter = (parameter: string, detail: string): ErrorObject => ({
  status: "400",
  title: "Invalid Query Parameter",
  detail,
  source: { parameter }
})

export const notAcceptable: ErrorObject = {
  status: "406",
  title: "Not Acceptable",
  detail: "Accept application/vnd.api+json without parameters other than profile.",
  source: { header: "Accept" }
}

/** The type of JSON:API with parameters that it does not have, unless `detail` says something else. */
export const unsupportedMediaType = (
  detail = "Send application/vnd.api+json without parameters other than profile."
): ErrorObject => ({
  status: "415",
  title: "Unsupported Media Type",
  detail,
  source: { header: "Content-Type" }
})
