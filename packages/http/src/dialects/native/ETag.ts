/**
 * Conditional requests (RFC 9110, section 13): whoever has what is still there is told so, and gets no body.
 */
import { hash } from "node:crypto"
import { HttpServerResponse } from "effect/http"
import { json, plainHeaders } from "../../Responses.ts"
import type { Exchange } from "../../Route.ts"

/** A caller may keep it, and asks each time whether it is still so. */
const revalidated = "private, no-cache"

/** The body, with its entity tag; or 304 when the caller has it. */
export const conditional = ({ request }: Exchange, body: unknown): HttpServerResponse.HttpServerResponse => {
  const etag = `"${hash("sha256", JSON.stringify(body), "base64url").slice(0, 22)}"`
  const headers = { etag, "cache-control": revalidated }
  return matches(request.headers["if-none-match"], etag)
    ? HttpServerResponse.empty({ status: 304, headers: { ...plainHeaders, ...headers } })
    : HttpServerResponse.setHeaders(json(body), headers)
}

/** Compared weakly (section 13.1.2); `*` is whatever is there. */
const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === "*" || header.split(",").some((each) => each.trim().replace(/^W\//, "") === etag))
