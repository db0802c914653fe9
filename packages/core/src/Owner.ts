/**
 * Who a sender belongs to: the account itself, or one organization inside it.
 */
import { Schema } from "effect"

/** `organization` is the id that the accounts port knows the organization by. */
export const Owner = Schema.TaggedUnion({
  Account: {},
  Organization: { organization: Schema.NonEmptyString }
})
export type Owner = typeof Owner.Type

/** The owner as one string, `account` or `organization:<id>`: a storage key, unique within an account. */
export const ownerKey = (owner: Owner): string =>
  owner._tag === "Account" ? "account" : `organization:${owner.organization}`

/** The account itself. */
export const accountOwner: Owner = { _tag: "Account" }
