/**
 * Accounts, organizations and access keys in memory.
 */
import { randomUUID } from "node:crypto"
import { type AccessKey, AccountAdmin, AccountNotFound, Accounts } from "@countersign/engine"
import { accessSecretHash, makeAccessSecret } from "@countersign/engine/storage"
import { Clock, Effect, Option } from "effect"
import type { MemoryState } from "./MemoryState.ts"

export const makeAccounts = (state: MemoryState): Accounts["Service"] =>
  Accounts.of({
    authenticate: (secret) =>
      Effect.sync(() => {
        const id = state.keysByHash.get(accessSecretHash(secret).toString("hex"))
        const key = id === undefined ? undefined : state.keys.get(id)
        const account = key === undefined ? undefined : state.accounts.get(key.account)
        return key === undefined || key.revokedAt !== undefined || account === undefined
          ? Option.none()
          : Option.some({ account, key: key.id })
      }),
    account: (id) => Effect.sync(() => Option.fromUndefinedOr(state.accounts.get(id))),
    organization: (account, id) =>
      Effect.sync(() =>
        Option.filter(
          Option.fromUndefinedOr(state.organizations.get(id)),
          (organization) => organization.account === account
        )
      )
  })

export const makeAccountAdmin = (state: MemoryState): AccountAdmin["Service"] => {
  const existing = (account: string) =>
    Effect.suspend(() =>
      state.accounts.has(account) ? Effect.void : Effect.fail(new AccountNotFound({ what: "account", id: account }))
    )

  return AccountAdmin.of({
    createAccount: ({ email, name }) =>
      Effect.sync(() => {
        const account = { id: randomUUID(), email, name }
        state.accounts.set(account.id, account)
        return account
      }),
    createOrganization: Effect.fn("MemoryAccounts.createOrganization")(function* (account, name) {
      yield* existing(account)
      const organization = { id: randomUUID(), account, name }
      state.organizations.set(organization.id, organization)
      return organization
    }),
    createKey: Effect.fn("MemoryAccounts.createKey")(function* (account) {
      yield* existing(account)
      const key: AccessKey = { id: randomUUID(), account, createdAt: yield* Clock.currentTimeMillis }
      const { secret, hash } = makeAccessSecret()
      state.keys.set(key.id, key)
      state.keysByHash.set(hash.toString("hex"), key.id)
      return { key, secret }
    }),
    listAccounts: Effect.sync(() => [...state.accounts.values()]),
    listOrganizations: (account) =>
      Effect.sync(() => [...state.organizations.values()].filter((organization) => organization.account === account)),
    listKeys: (account) => Effect.sync(() => [...state.keys.values()].filter((key) => key.account === account)),
    revokeKey: Effect.fn("MemoryAccounts.revokeKey")(function* (id) {
      const revokedAt = yield* Clock.currentTimeMillis
      const key = state.keys.get(id)
      if (key === undefined) return yield* new AccountNotFound({ what: "key", id })
      // The first time stays: revoking again changes nothing.
      const revoked: AccessKey = { revokedAt, ...key }
      state.keys.set(id, revoked)
      return revoked
    })
  })
}
