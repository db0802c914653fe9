/**
 * The OpenTransact dialect, JSON:API 1.1: the email addresses of the account and of its organizations as one
 * collection.
 */
import type { Dialect } from "../../Dialect.ts"
import { credential } from "./Credential.ts"
import { EmailAddressesGroup } from "./Definition.ts"
import { routes } from "./Endpoints.ts"
import { failure } from "./ErrorResponse.ts"

/** Served at `/v1/email-addresses`. */
export const OpenTransact: Dialect = {
  name: "OpenTransact",
  definition: [EmailAddressesGroup],
  credential,
  owns: ["/v1/email-addresses"],
  routes,
  failure
}
