/**
 * The access key of a native request: in `Authorization`, as `Bearer <key>` or as it is.
 */
import { Effect } from "effect"
import type { Dialect } from "../../Dialect.ts"
import { CredentialMissing } from "../../Failure.ts"

export const credential: Dialect["credential"] = ({ request: { headers } }) => {
  const key = (headers.authorization ?? "").trim().replace(/^bearer +/i, "")
  return key === "" ? Effect.fail(new CredentialMissing()) : Effect.succeed(key)
}
