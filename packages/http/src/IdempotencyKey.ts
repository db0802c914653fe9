/**
 * The `Idempotency-Key` header of a call that changes something.
 *
 * The key counts per account, method and path; the fingerprint is of the body. The account is added by the store.
 */
import { createHash } from "node:crypto"
import type { Caller } from "@countersign/engine"
import { Effect } from "effect"
import type { Exchange } from "./Exchange.ts"
import { RequestMalformed } from "./Failure.ts"

const acceptable = /^[\x20-\x7e]{1,255}$/

/**
 * What the engine makes the call repeatable by; an empty object when there is no key.
 *
 * @param path the path of the route with its parameters filled in: one text for all spellings of a path.
 */
export const idempotencyOf = (
  { request }: Exchange,
  path: string,
  body: Uint8Array
): Effect.Effect<Pick<Caller, "idempotency">, RequestMalformed> => {
  const key = request.headers["idempotency-key"]
  if (key === undefined) return Effect.succeed({})
  if (!acceptable.test(key)) {
    const problem = "An Idempotency-Key has 1 to 255 printable ASCII characters."
    return Effect.fail(new RequestMalformed({ problem, header: "Idempotency-Key" }))
  }
  return Effect.sync(() => ({
    idempotency: {
      key: `${request.method} ${path} ${key}`,
      fingerprint: createHash("sha256").update(body).digest("hex")
    }
  }))
}
