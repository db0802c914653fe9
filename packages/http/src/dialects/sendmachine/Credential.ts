/**
 * The API key of a Sendmachine request: the password of `Authorization: Basic`, whatever the user name is, or the user
 * name when there is no password; or `Bearer <key>`.
 */
import { Effect } from "effect"
import type { Dialect } from "../../Dialect.ts"
import { CredentialMissing } from "../../Failure.ts"

export const credential: Dialect["credential"] = ({ request }) => {
  const [, scheme = "", value = ""] = /^(bearer|basic) +(\S+)$/i.exec(request.headers.authorization?.trim() ?? "") ?? []
  const key = scheme.toLowerCase() === "basic" ? basicPassword(value) : value
  return key === "" ? Effect.fail(new CredentialMissing()) : Effect.succeed(key)
}

/** A user name has no colon, a password may (RFC 7617, section 2). */
const basicPassword = (value: string): string => {
  const [, user = "", password = ""] = /^([^:]*):(.*)$/s.exec(Buffer.from(value, "base64").toString("latin1")) ?? []
  return password === "" ? user : password
}
