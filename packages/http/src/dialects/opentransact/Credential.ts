/**
 * The access key of an OpenTransact request: in `Authorization`, with a scheme. The dialect tells a missing header from
 * one that holds no key.
 */
import { Effect } from "effect"
import { authorizationKey, hasScheme } from "../../AuthorizationHeader.ts"
import type { Dialect } from "../../Dialect.ts"
import { CallerUnknown, CredentialMissing } from "../../Failure.ts"

export const credential: Dialect["credential"] = ({ request }) => {
  const { authorization = "" } = request.headers
  if (authorization.trim() === "") return Effect.fail(new CredentialMissing())
  return hasScheme(authorization) ? Effect.succeed(authorizationKey(authorization)) : Effect.fail(new CallerUnknown())
}
