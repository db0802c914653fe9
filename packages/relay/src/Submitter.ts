/**
 * Who submits: the user and the access key of AUTH, looked up anew each time they count.
 */
import { Accounts, type StorageUnavailable } from "@countersign/engine"
import type { MailOwner } from "@countersign/signing"
import { Effect, Option, type Redacted } from "effect"

/** None for a wrong key, and for a user that is neither the key's account nor one of its organizations. */
export type FindSubmitter = (
  user: string,
  key: Redacted.Redacted
) => Effect.Effect<Option.Option<MailOwner>, StorageUnavailable>

export const makeFindSubmitter = Effect.map(
  Accounts,
  (accounts): FindSubmitter =>
    Effect.fnUntraced(function* (user, key) {
      const found = yield* accounts.authenticate(key)
      if (Option.isNone(found)) return Option.none()
      const { id } = found.value.account
      if (user === id) return Option.some({ account: id })
      const organization = yield* accounts.organization(id, user)
      return Option.map(organization, () => ({ account: id, organization: user }))
    })
)
