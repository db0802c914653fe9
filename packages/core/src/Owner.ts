/**
 * Who a sender belongs to: the account itself, or one organization inside it.
 */
import { Schema } from "effect"

/** The id that the accounts port knows an account by. */
export const AccountId = Schema.NonEmptyString.pipe(Schema.brand("AccountId"))
export type AccountId = typeof AccountId.Type

/** The id that the accounts port knows an organization by. */
export const OrganizationId = Schema.NonEmptyString.pipe(Schema.brand("OrganizationId"))
export type OrganizationId = typeof OrganizationId.Type

/** Who a sender belongs to. */
export const Owner = Schema.TaggedUnion({
  Account: {},
  Organization: { organization: OrganizationId }
})
export type Owner = typeof Owner.Type
/** The owner as it is given from outside: its id is a plain text. */
export type OwnerInput = typeof Owner.Encoded

/** The owner as one string, `account` or `organization:<id>`: a storage key, unique within an account. */
export const ownerKey = (owner: Owner): string =>
  owner._tag === "Account" ? "account" : `organization:${owner.organization}`

/** The account itself. */
export const accountOwner: Owner = { _tag: "Account" }
