/**
 * Finds the access token of a request, wherever the dialects allow one to be.
 */
import { Option, Redacted } from "effect"
import type { Exchange } from "./Exchange.ts"

/**
 * The token of a Space Invoices request. The first that is given counts: `access_token` in the query, then in the body,
 * `X-Access-Token`, `Authorization`. A later one does not make up for a wrong one.
 */
export const accessToken = (
  { query, request }: Exchange,
  members: { readonly [name: string]: unknown }
): Option.Option<Redacted.Redacted> => {
  const { headers } = request
  const authorization = headers.authorization
  const candidates = [
    query.access_token,
    members.access_token,
    headers["x-access-token"],
    authorization === undefined ? undefined : authorizationToken(authorization)
  ]
  for (const candidate of candidates) {
    if (typeof candidate === "string" && candidate !== "") return Option.some(Redacted.make(candidate))
  }
  return Option.none()
}

/** The token of an `Authorization` header with a scheme: `Bearer <token>`, or `Basic` with the token in base64 or as it is. */
export const schemeToken = (header: string): Option.Option<Redacted.Redacted> =>
  Option.map(
    Option.filter(Option.some(header.trim()), (text) => /^(bearer|basic) +./i.test(text)),
    (text) => Redacted.make(authorizationToken(text))
  )
/**
 * The API key of a Sendmachine request: the password of `Authorization: Basic`, whatever the user name is, or the user name when
 * there is no password; or `Bearer <key>`.
 */
export const apiKey = ({ request }: Exchange): Option.Option<Redacted.Redacted> => {
  const [, scheme = "", value = ""] = /^(bearer|basic) +(\S+)$/i.exec(request.headers.authorization?.trim() ?? "") ?? []
  const key = scheme.toLowerCase() === "basic" ? basicPassword(value) : value
  return key === "" ? Option.none() : Option.some(Redacted.make(key))
}

/** A user name has no colon, a password may (RFC 7617, section 2). */
const basicPassword = (value: string): string => {
  const [, user = "", password = ""] = /^([^:]*):(.*)$/s.exec(Buffer.from(value, "base64").toString("latin1")) ?? []
  return password === "" ? user : password
}

/** The token of an `Authorization` header: raw, `Bearer <token>`, or `Basic <base64>`, whose longer half is the token. */
const authorizationToken = (header: string): string => {
  const [, scheme, rest = ""] = /^(bearer|basic) +(.*)$/i.exec(header.trim()) ?? []
  if (scheme === undefined) return header.trim()
  return scheme.toLowerCase() === "bearer" ? rest.trim() : basicToken(rest.trim())
}

const basicToken = (value: string): string => {
  const decoded = Buffer.from(value, "base64").toString("latin1")
  // What does not decode to printable text is the token itself, sent without base64.
  if (!/^[\x20-\x7e]+$/.test(decoded)) return value
  const colon = decoded.indexOf(":")
  const [user, password] = colon === -1 ? [decoded, ""] : [decoded.slice(0, colon), decoded.slice(colon + 1)]
  return user.length > password.length ? user : password
}
