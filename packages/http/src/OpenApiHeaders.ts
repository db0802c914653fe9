/**
 * Writes the headers of the answers into an OpenAPI document: they follow from the status alone, so they are said once, here.
 */

const header = (description: string, type: "string" | "integer" = "string") => ({ description, schema: { type } })

const correlation = header("Names the request in the server's log.")
const byStatus: { readonly [status: string]: { readonly [name: string]: unknown } } = {
  "201": { Location: header("Where the new resource is (RFC 9110, section 10.2.2).") },
  "401": { "WWW-Authenticate": header("The schemes that are understood (RFC 9110, section 11.6.1).") },
  "405": { Allow: header("The methods of the path (RFC 9110, section 10.2.1).") },
  "409": {
    "Retry-After": header(
      "While the first request with an `Idempotency-Key` is in flight: seconds until a new try makes sense (RFC 9110, section 10.2.3).",
      "integer"
    )
  },
  "429": { "Retry-After": header("Seconds until a new try makes sense (RFC 9110, section 10.2.3).", "integer") },
  "503": { "Retry-After": header("Seconds until a new try makes sense (RFC 9110, section 10.2.3).", "integer") }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const values = (value: unknown): ReadonlyArray<unknown> => (isRecord(value) ? Object.values(value) : [])

export const withResponseHeaders = (document: Record<string, unknown>): Record<string, unknown> => {
  for (const operation of values(document.paths).flatMap(values)) {
    if (!isRecord(operation) || !isRecord(operation.responses)) continue
    for (const [status, response] of Object.entries(operation.responses)) {
      if (isRecord(response)) response.headers = { "X-Correlation-Id": correlation, ...byStatus[status] }
    }
  }
  return document
}
