/**
 * Completes an OpenAPI document with what follows from the rest of it: the headers of the answers, which follow from
 * the status alone, and the descriptions of the parameters, which many readers (generators of clients, linters) look
 * for at the parameter only and not at its schema.
 */

const header = (description: string, type: "string" | "integer" = "string") => ({ description, schema: { type } })

const retryAfter = header("Seconds until a new try makes sense (RFC 9110, section 10.2.3).", "integer")
const correlation = header("Names the request in the server's log.")
const byStatus: { readonly [status: string]: { readonly [name: string]: unknown } } = {
  "201": { Location: header("Where the new resource is (RFC 9110, section 10.2.2).") },
  "202": { Location: header("Where the outcome is seen (RFC 9110, section 10.2.2).") },
  "304": { ETag: header("Names what was answered before (RFC 9110, section 8.8.3).") },
  "401": { "WWW-Authenticate": header("The schemes that are understood (RFC 9110, section 11.6.1).") },
  "405": { Allow: header("The methods of the path (RFC 9110, section 10.2.1).") },
  "409": {
    "Retry-After": header(
      "While the first request with an `Idempotency-Key` is in flight: seconds until a new try makes sense (RFC 9110, section 10.2.3).",
      "integer"
    )
  },
  "429": { "Retry-After": retryAfter },
  "503": { "Retry-After": retryAfter }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const values = (value: unknown): ReadonlyArray<unknown> => (isRecord(value) ? Object.values(value) : [])

export const completeDocument = (document: Record<string, unknown>): Record<string, unknown> => {
  for (const operation of values(document.paths).flatMap(values)) {
    if (!isRecord(operation)) continue
    for (const [status, response] of Object.entries(isRecord(operation.responses) ? operation.responses : {})) {
      if (isRecord(response)) response.headers = { "X-Correlation-Id": correlation, ...byStatus[status] }
    }
    for (const parameter of values(operation.parameters)) {
      if (!isRecord(parameter) || !isRecord(parameter.schema)) continue
      const [refined] = values(parameter.schema.allOf)
      parameter.description ??= parameter.schema.description ?? (isRecord(refined) ? refined.description : undefined)
    }
  }
  return document
}
