/**
 * What the answers of every dialect have in common: their headers, and JSON.
 */
import { HttpServerResponse } from "effect/http"
import { type Failure, retryAfter, retryAfterSeconds } from "./Failure.ts"

/** Nothing that is answered here may be kept by a cache, or be taken for another type than it says. */
export const plainHeaders = { "cache-control": "no-store", "x-content-type-options": "nosniff" }

/** An answer in JSON that no cache keeps. */
export const json = (body: unknown, status = 200): HttpServerResponse.HttpServerResponse => {
  const type = "application/json; charset=utf-8"
  let response = HttpServerResponse.text(JSON.stringify(body), { status, contentType: type })
  // Headers that are given with the body are copied with a prototype of their own, which takes twice as long.
  for (const [name, value] of plainEntries) response = HttpServerResponse.setHeader(response, name, value)
  return response
}

const plainEntries = Object.entries(plainHeaders)

/** The value of `WWW-Authenticate`, by the schemes that are understood. */
export const challenges = {
  bearer: 'Bearer realm="countersign"',
  basicAndBearer: 'Basic realm="countersign", Bearer realm="countersign"'
} as const

/** The headers that follow from a failure, in whatever form its body is. */
export const failureHeaders = (
  failure: Failure,
  challenge: keyof typeof challenges = "bearer"
): { readonly [name: string]: string } => {
  const wait = retryAfter(failure)
  return {
    ...plainHeaders,
    ...(wait === undefined ? {} : { "retry-after": String(retryAfterSeconds(wait)) }),
    ...(failure._tag === "MethodUnknown" ? { allow: failure.allow.join(", ") } : {}),
    ...(isUnauthorized(failure) ? { "www-authenticate": challenges[challenge] } : {})
  }
}

const isUnauthorized = ({ _tag }: Failure): boolean => _tag === "CallerUnknown" || _tag === "CredentialMissing"
