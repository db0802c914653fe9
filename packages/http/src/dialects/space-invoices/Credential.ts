/**
 * Where the access token of a Space Invoices request may be. The first that is given counts: `access_token` in the
 * query, then in the body, `X-Access-Token`, `Authorization`. A later one does not make up for a wrong one.
 */
import { Effect } from "effect"
import { authorizationKey } from "../../AuthorizationHeader.ts"
import type { Dialect } from "../../Dialect.ts"
import { CredentialMissing } from "../../Failure.ts"

export const credential: Dialect["credential"] = ({ query, request: { headers } }, members) => {
  const candidates = [
    query.access_token,
    members.access_token,
    headers["x-access-token"],
    headers.authorization === undefined ? undefined : authorizationKey(headers.authorization)
  ]
  for (const candidate of candidates) {
    if (typeof candidate === "string" && candidate !== "") return Effect.succeed(candidate)
  }
  return Effect.fail(new CredentialMissing())
}
