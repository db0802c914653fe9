/**
 * Says what is wrong with an answer: whether its status, its media type, its headers and its body are those that the
 * OpenAPI document has for the operation, or, where there is no operation, those of the dialect that owns the path. And
 * that nothing internal is told.
 */
import { Schema } from "effect"
import { type Destination, destinationOf } from "./Operations.ts"
import type { Sending } from "./World.ts"

export interface Verdict {
  /** `METHOD /path`, or what else the request was for. */
  readonly row: string
  readonly status: number
  readonly problems: ReadonlyArray<string>
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

type Dialect = "Native" | "Space Invoices" | "OpenTransact" | "Sendmachine" | "problem"

/** The rule of `docs/reference/errors.md`, written anew. */
const dialectOf = (target: string): Dialect => {
  const spelt = (target.split(/[?#;]/, 1)[0] ?? "").replace(/%[2-7][0-9a-f]/gi, (escaped) => {
    const character = decodeURIComponent(escaped)
    return /[\w.~-]/.test(character) ? character : escaped
  })
  const [, first = "", second = ""] = spelt.toLowerCase().split("/")
  if (first === "sender") return "Sendmachine"
  if (first !== "v1") return "problem"
  if (["senders", "send-plans", "effective-sender", "events", "webhooks"].includes(second)) return "Native"
  return second === "email-addresses" ? "OpenTransact" : "Space Invoices"
}

const Text = Schema.String
const mediaTypes: { readonly [dialect in Dialect]: string } = {
  Native: "application/problem+json",
  "Space Invoices": "application/json",
  OpenTransact: "application/vnd.api+json",
  Sendmachine: "application/json",
  problem: "application/problem+json"
}
const optional = Schema.optionalKey
const isRefusal = (schema: Schema.Codec<unknown>) => {
  const decode = Schema.decodeUnknownExit(schema, { onExcessProperty: "error" })
  return (body: unknown) => decode(body)._tag === "Success"
}
const problem = { type: Schema.Literal("about:blank"), title: Text, status: Schema.Int, detail: Text }
const refusals: { readonly [dialect in Dialect]: (body: unknown) => boolean } = {
  "Space Invoices": isRefusal(
    Schema.Struct({
      error: Schema.Struct({ statusCode: Schema.Int, name: Text, message: Text, code: Text })
    })
  ),
  OpenTransact: isRefusal(
    Schema.Struct({
      errors: Schema.NonEmptyArray(
        Schema.Struct({
          status: Text,
          code: optional(Text),
          title: Text,
          detail: Text,
          source: optional(Schema.Record(Text, Text))
        })
      )
    })
  ),
  Sendmachine: isRefusal(Schema.Struct({ status: Text, error_reason: Text })),
  Native: isRefusal(Schema.Struct({ ...problem, parameter: optional(Text) })),
  problem: isRefusal(Schema.Struct(problem))
}

/** No sentence for a caller has one of these; the requests of the fuzz test have none of them either. */
const internal =
  /^\s*at \S+.*:\d+|node:internal|node_modules|\.[jt]s:\d|\b(?:Type|Range|Syntax|Reference|URI)Error\b|Cannot read prop|is not a function|is not iterable|\[object |"_tag"|StorageUnavailable|OutcomeUnknown|InvalidData|AddressRefused|RequestMalformed|MemberInvalid|CommandId|LeaseLost|effect\/|@countersign|\bfiber\b|sqlite|\bSELECT\b|\bundefined\b|\bNaN\b/im

const headersOf: { readonly [status: number]: string } = {
  401: "www-authenticate",
  405: "allow",
  429: "retry-after",
  503: "retry-after"
}

const essence = (mediaType: string): string => mediaType.split(";", 1)[0] ?? ""

export const judge = (asSent: Sending, answer: Answered): Verdict => {
  // A `Request` has its method in capitals.
  const sending = { ...asSent, method: asSent.method.toUpperCase() }
  const destination = destinationOf(sending.method, sending.target)
  const problems: Array<string> = []
  const { status, headers, text } = answer
  const mediaType = headers.get("content-type") ?? ""

  if (headers.get("x-correlation-id") === null) problems.push("it has no correlation id")
  if (headers.get("x-content-type-options") !== "nosniff") problems.push("it may be sniffed")
  const wanted = headersOf[status]
  if (wanted !== undefined && headers.get(wanted) === null) problems.push(`it has no ${wanted}`)

  const body = bodyOf(text, mediaType)
  if (sending.method === "HEAD") {
    if (text !== "") problems.push("an answer to HEAD has a body")
  } else if (body === undefined) problems.push("its body is not the JSON that it says it is")
  const described = destination._tag === "Beside" && destination.method === "GET"
  if (!described && !/\/metrics/i.test(sending.target) && internal.test(text))
    problems.push("it tells something internal")

  const isRead = sending.method !== "HEAD" && body !== undefined
  problems.push(...wrong(destination, sending, status, mediaType, isRead ? body : nothing))
  return { row: rowOf(destination, sending), status, problems }
}

/** The body of an answer that has none to look at. */
const nothing = Symbol("nothing")

const wrong = (
  destination: Destination,
  sending: Sending,
  status: number,
  mediaType: string,
  body: unknown
): ReadonlyArray<string> => {
  switch (destination._tag) {
    case "Operation": {
      const defined = destination.operation.answers.get(status)
      if (defined === undefined) return [`${destination.operation.name} does not document ${status}`]
      if (defined.mediaTypes.length === 0) return mediaType === "" ? [] : [`${status} is documented without a body`]
      return [
        ...(defined.mediaTypes.some((each) => essence(each) === essence(mediaType))
          ? []
          : [`${status} is not documented as ${mediaType}`]),
        ...(body === nothing || defined.fits(body) ? [] : [`its body is not that of a documented ${status}`])
      ]
    }
    case "Beside":
      if (destination.method === "GET") return status === 200 ? [] : [`${destination.path} answers 200 only`]
      return [401, 403, 406, 415].includes(status)
        ? refused(sending.target, status, mediaType, body)
        : [`PATCH: ${status}`]
    case "WrongMethod":
      return status === 405 ? refused(sending.target, status, mediaType, body) : [`expected 405, not ${status}`]
    case "Unknown":
      return status === 404 ? refused(sending.target, status, mediaType, body) : [`expected 404, not ${status}`]
  }
}

/** Whether a refusal has the form of the dialect that owns the path, and says the status of the answer. */
const refused = (target: string, status: number, mediaType: string, body: unknown): ReadonlyArray<string> => {
  const dialect = dialectOf(target)
  if (essence(mediaType) !== mediaTypes[dialect]) return [`${mediaType} is not of the dialect ${dialect}`]
  if (body === nothing) return []
  const fits = refusals[dialect](body)
  return fits && (dialect === "Sendmachine" || JSON.stringify(body).includes(String(status)))
    ? []
    : [`its body is not a ${status} of the dialect ${dialect}`]
}

const bodyOf = (text: string, mediaType: string): unknown => {
  if (!/[/+]json$/.test(essence(mediaType))) return text
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const rowOf = (destination: Destination, { target }: Sending): string => {
  switch (destination._tag) {
    case "Operation":
      return destination.operation.name
    case "Beside":
      return `${destination.method} ${destination.path}`
    case "WrongMethod":
      return `wrong method, ${dialectOf(target)}`
    case "Unknown":
      return `unknown path, ${dialectOf(target)}`
  }
}
