/**
 * The Sendmachine dialect: one list of senders, whoever in the account has them.
 */
import type { Dialect } from "../../Dialect.ts"
import { credential } from "./Credential.ts"
import { SenderGroup } from "./Definition.ts"
import { routes } from "./Endpoints.ts"
import { failure } from "./ErrorResponse.ts"

/** Served at `/sender`. */
export const Sendmachine: Dialect = {
  name: "Sendmachine",
  definition: [SenderGroup],
  credential,
  owns: ["/sender"],
  routes,
  failure
}
