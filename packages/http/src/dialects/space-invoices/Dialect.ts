/**
 * The Space Invoices dialect: one address for the account, and one for each of its organizations.
 */
import type { Dialect } from "../../Dialect.ts"
import { credential } from "./Credential.ts"
import { AccountEmailAddressGroup, OrganizationEmailAddressGroup } from "./Definition.ts"
import { routes } from "./Endpoints.ts"
import { failure } from "./ErrorResponse.ts"

/** Served at `/v1/email-address` and `/v1/organizations/{id}/email-address`. */
export const SpaceInvoices: Dialect = {
  name: "Space Invoices",
  definition: [AccountEmailAddressGroup, OrganizationEmailAddressGroup],
  credential,
  owns: ["/v1"],
  routes,
  failure
}
