/**
 * How each dialect adds, reads and removes an address, and how it refuses: for the tests of what holds in all of them.
 */
import type { Service } from "../Service.ts"

type Sent = Record<string, string>

export interface EachDialect {
  readonly name: string
  readonly authorization: (token: string) => string
  readonly add: (service: Service, email: string, headers?: Sent) => Promise<Response>
  /** The same address under another path of the dialect, where it has one. */
  readonly addElsewhere?: (service: Service, email: string, headers?: Sent) => Promise<Response>
  readonly added: number
  /** The answer to an address that is there already. */
  readonly duplicate: number
  readonly remove?: (service: Service, email: string, headers?: Sent) => Promise<Response>
  /** Every method at a path that needs a caller. */
  readonly paths: ReadonlyArray<readonly [method: string, path: string]>
  readonly challenge: string
  /** What each refusal has in its body, to the letter. */
  readonly unauthorized: { readonly missing: object; readonly unknown: object }
  readonly keyReused: object
  readonly keyInFlight: object
  readonly unavailable: object
  readonly fault: (correlation: string) => object
}

const base64 = (text: string) => Buffer.from(text).toString("base64")
const bearer = ({ token }: Service) => ({ authorization: `Bearer ${token}` })

const envelope = (statusCode: number, name: string, code: string, message: string, details?: object) => ({
  error: { statusCode, name, message, code, ...(details === undefined ? {} : { details }) }
})
const errors = (error: object) => ({ errors: [error] })
const reason = (status: string, error_reason: string) => ({ status, error_reason })

const sendKey = "Send the access key of an account."
const reused = "The Idempotency-Key was used for another request."
const inFlight = "The first request with this Idempotency-Key is still running."
const tryAgain = "The service is temporarily unavailable: try again in a few seconds."
const wentWrong = "Something went wrong on the server; the request is fine."
const idempotencyKey = { source: { header: "Idempotency-Key" } }

const required = envelope(401, "UnauthorizedError", "AUTHORIZATION_REQUIRED", "Authorization Required")
const spaceInvoices: EachDialect = {
  name: "Space Invoices",
  authorization: (token) => token,
  add: (service, email, headers) => service.call("POST", "/v1/email-address", { email }, headers),
  addElsewhere: (service, email, headers) =>
    service.call("POST", `/v1/organizations/${service.organization}/email-address`, { email }, headers),
  added: 200,
  duplicate: 200,
  remove: (service, _, headers) => service.call("DELETE", "/v1/email-address", undefined, headers),
  paths: [
    ["GET", "/v1/email-address"],
    ["POST", "/v1/email-address"],
    ["DELETE", "/v1/email-address"],
    ["GET", "/v1/email-address/status"],
    ["POST", "/v1/email-address/resend-verification"],
    ["GET", "/v1/organizations/any/email-address"]
  ],
  challenge: 'Bearer realm="countersign"',
  unauthorized: { missing: required, unknown: required },
  keyReused: envelope(422, "UnprocessableEntityError", "IDEMPOTENCY_KEY_REUSED", reused),
  keyInFlight: envelope(409, "ConflictError", "IDEMPOTENCY_KEY_IN_USE", inFlight),
  unavailable: envelope(503, "ServiceUnavailableError", "SERVICE_UNAVAILABLE", tryAgain),
  fault: (correlationId) => envelope(500, "InternalServerError", "INTERNAL_SERVER_ERROR", wentWrong, { correlationId })
}

const openTransact: EachDialect = {
  name: "OpenTransact",
  authorization: (token) => `Basic ${token}`,
  add: (service, email, headers = {}) => {
    const owner = { data: { type: "applications", id: service.account } }
    const data = { type: "email-addresses", attributes: { email }, relationships: { owner } }
    const type = { "content-type": "application/vnd.api+json" }
    return service.call("POST", "/v1/email-addresses", { data }, { ...bearer(service), ...type, ...headers })
  },
  added: 201,
  duplicate: 409,
  paths: [
    ["GET", "/v1/email-addresses"],
    ["POST", "/v1/email-addresses"],
    ["GET", "/v1/email-addresses/any"],
    ["PATCH", "/v1/email-addresses/any"]
  ],
  challenge: 'Basic realm="countersign", Bearer realm="countersign"',
  unauthorized: {
    missing: errors({ status: "401", code: "10003", title: "Missing Authorization Header", detail: sendKey }),
    unknown: errors({ status: "401", code: "10002", title: "Unauthorized", detail: "Unauthorized request." })
  },
  keyReused: errors({ status: "422", title: "Idempotency Key Reused", detail: reused, ...idempotencyKey }),
  keyInFlight: errors({ status: "409", title: "Idempotency Key In Use", detail: inFlight, ...idempotencyKey }),
  unavailable: errors({ status: "503", title: "Service Unavailable", detail: tryAgain }),
  fault: (id) =>
    errors({ status: "500", title: "Internal Server Error", detail: wentWrong, meta: { "correlation-id": id } })
}

const addSender =
  (path: string): EachDialect["add"] =>
  (service, address, headers) =>
    service.call("POST", path, { type: "email", address }, { ...bearer(service), ...headers })
const sendmachine: EachDialect = {
  name: "Sendmachine",
  authorization: (token) => `Basic ${base64(`api-user:${token}`)}`,
  add: addSender("/sender/list"),
  addElsewhere: addSender("/sender"),
  added: 200,
  duplicate: 409,
  remove: (service, email, headers) =>
    service.call("DELETE", `/sender/${email}`, undefined, { ...bearer(service), ...headers }),
  paths: [
    ["GET", "/sender/list?limit=x"],
    ["POST", "/sender/list"],
    ["GET", "/sender"],
    ["POST", "/sender"],
    ["DELETE", "/sender/a@acme.com"]
  ],
  challenge: 'Basic realm="countersign", Bearer realm="countersign"',
  unauthorized: { missing: reason("unauthorized", sendKey), unknown: reason("unauthorized", sendKey) },
  keyReused: reason("idempotency_key_reused", reused),
  keyInFlight: reason("in_progress", inFlight),
  unavailable: reason("unavailable", tryAgain),
  fault: (id) => reason("internal_error", `${wentWrong} The log has it under ${id}.`)
}

const problem = (status: number, title: string, detail: string, more: object = {}) => ({
  type: "about:blank",
  title,
  status,
  detail,
  ...more
})

/** What every dialect has, whether or not addresses are added through it. */
type Refusing = Omit<EachDialect, "add" | "added" | "duplicate">

const unauthorized = problem(401, "Unauthorized", sendKey)
/** Asks for a probe: the one call that changes something. */
export const native: Refusing = {
  name: "Native",
  authorization: (token) => token,
  paths: [
    ["GET", "/v1/senders?limit=x"],
    ["GET", "/v1/senders/any"],
    ["GET", "/v1/senders/any/dns"],
    ["POST", "/v1/senders/any/dns/probes"],
    ["GET", "/v1/senders/any/events?as-of=x"],
    ["GET", "/v1/effective-sender?organization="],
    ["POST", "/v1/send-plans"]
  ],
  challenge: 'Bearer realm="countersign"',
  unauthorized: { missing: unauthorized, unknown: unauthorized },
  keyReused: problem(422, "Unprocessable Content", reused),
  keyInFlight: problem(409, "Conflict", inFlight),
  unavailable: problem(503, "Service Unavailable", tryAgain),
  fault: (correlationId) => problem(500, "Internal Server Error", wentWrong, { correlationId })
}

/** Those through which addresses are added. */
export const eachDialect: ReadonlyArray<EachDialect> = [spaceInvoices, openTransact, sendmachine]
export const everyDialect: ReadonlyArray<Refusing> = [...eachDialect, native]
