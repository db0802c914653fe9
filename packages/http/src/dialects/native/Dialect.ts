/**
 * The native dialect: the API of Countersign's own, which has all that there is to say about a sender.
 */
import type { Dialect } from "../../Dialect.ts"
import { problemOwner } from "../../ProblemResponse.ts"
import { credential } from "./Credential.ts"
import { SendersGroup } from "./Definition.ts"
import { routes } from "./Endpoints.ts"

/** Served at `/v1/senders`, `/v1/send-plans` and `/v1/effective-sender`. */
export const Native: Dialect = {
  name: "Native",
  definition: [SendersGroup],
  credential,
  owns: ["/v1/senders", "/v1/send-plans", "/v1/effective-sender", "/v1/events", "/v1/webhooks"],
  routes,
  failure: problemOwner.failure
}
