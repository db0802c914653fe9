/**
 * Who calls, and what belongs to them. The storage adapters bring `Accounts` for the server, and `AccountAdmin` for the
 * operator's commands. A host service that has accounts of its own provides `Accounts` itself, beside the adapter's
 * `layerWithoutAccounts`: the adapter's `layer` has an `Accounts`, which would take the place of one that is provided
 * below it.
 */
import { Context, type Effect, type Option, type Redacted, Schema } from "effect"
import type { StorageUnavailable } from "./EventStore.ts"

/** A tenant. */
export const Account = Schema.Struct({
  id: Schema.String,
  /** Where notices to the account are mailed; empty: nowhere. */
  email: Schema.String,
  /** Set by the operator, shown on the confirmation page. Never free text of the tenant. */
  name: Schema.String
})
export type Account = typeof Account.Type

/** A customer's organization inside an account. */
export const Organization = Schema.Struct({ id: Schema.String, account: Schema.String, name: Schema.String })
export type Organization = typeof Organization.Type

/** An access key without its secret. Times are milliseconds since the epoch. */
export const AccessKey = Schema.Struct({
  id: Schema.String,
  account: Schema.String,
  createdAt: Schema.Number,
  revokedAt: Schema.optionalKey(Schema.Number)
})
export type AccessKey = typeof AccessKey.Type

/** There is no such account, organization or key. */
export class AccountNotFound extends Schema.TaggedError<AccountNotFound>()("AccountNotFound", {
  what: Schema.String,
  id: Schema.String
}) {
  override get message(): string {
    return `there is no ${this.what} ${this.id}`
  }
}

/** Looks up callers and what belongs to them. */
export class Accounts extends Context.Service<
  Accounts,
  {
    /** The account that holds the key; none for an unknown or revoked one. The HTTP API remembers it for a second. */
    readonly authenticate: (
      secret: Redacted.Redacted
    ) => Effect.Effect<Option.Option<{ readonly account: Account; readonly key: string }>, StorageUnavailable>
    readonly account: (id: string) => Effect.Effect<Option.Option<Account>, StorageUnavailable>
    /** None for an unknown organization and for another account's alike. */
    readonly organization: (
      account: string,
      id: string
    ) => Effect.Effect<Option.Option<Organization>, StorageUnavailable>
  }
>()("countersign/Accounts") {}

/** Makes, lists and revokes what `Accounts` looks up. */
export class AccountAdmin extends Context.Service<
  AccountAdmin,
  {
    readonly createAccount: (input: {
      readonly email: string
      readonly name: string
    }) => Effect.Effect<Account, StorageUnavailable>
    readonly createOrganization: (
      account: string,
      name: string
    ) => Effect.Effect<Organization, AccountNotFound | StorageUnavailable>
    /** The secret is shown here once; only its hash is kept. */
    readonly createKey: (
      account: string
    ) => Effect.Effect<
      { readonly key: AccessKey; readonly secret: Redacted.Redacted },
      AccountNotFound | StorageUnavailable
    >
    readonly listAccounts: Effect.Effect<ReadonlyArray<Account>, StorageUnavailable>
    readonly listOrganizations: (account: string) => Effect.Effect<ReadonlyArray<Organization>, StorageUnavailable>
    readonly listKeys: (account: string) => Effect.Effect<ReadonlyArray<AccessKey>, StorageUnavailable>
    readonly revokeKey: (id: string) => Effect.Effect<AccessKey, AccountNotFound | StorageUnavailable>
  }
>()("countersign/AccountAdmin") {}
