/**
 * The `Idempotency-Key` header of a call that changes something.
 *
 * The key counts per account, method and path; the fingerprint is of the body. The account is added by the store.
 */
import { createHash } from "node:crypto"
import type { Caller } from "@countersign/engine"
import { Effect } from "effect"
import { RequestMalformed } from "./Failure.ts"
import type { Exchange } from "./Route.ts"

const acceptable = /^[\x20-\x7e]{1,255}$/

/** A body that does not count makes no request another one. */
const noBody = new Uint8Array()

/** What the engine makes the call repeatable by; an empty object when there is no key. */
export const idempotencyOf = (
  { request, route, params }: Exchange,
  body: Uint8Array = noBody
): Effect.Effect<Pick<Caller, "idempotency">, RequestMalformed> => {
  const key = request.headers["idempotency-key"]
  if (key === undefined) return Effect.succeed({})
  if (!acceptable.test(key)) {
    const problem = "An Idempotency-Key has 1 to 255 printable ASCII characters."
    return Effect.fail(new RequestMalformed({ problem, header: "Idempotency-Key" }))
  }
  // The route with its parameters filled in is one text for all spellings of a path.
  const path = route.replace(/:(\w+)/g, (_, name: string) => params[name] ?? "")
  return Effect.sync(() => ({
    idempotency: {
      key: `${request.method} ${path} ${key}`,
      fingerprint: createHash("sha256").update(body).digest("hex")
    }
  }))
}
