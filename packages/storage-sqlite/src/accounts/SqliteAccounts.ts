/**
 * Accounts, organizations and access keys on SQLite.
 */
import { randomUUID } from "node:crypto"
import {
  type AccessKey,
  type Account,
  AccountAdmin,
  AccountNotFound,
  Accounts,
  type Organization
} from "@countersign/engine"
import {
  accessSecretHash,
  decodeAccessKey,
  decodeAccount,
  decodeOrganization,
  makeAccessSecret,
  readText
} from "@countersign/engine/storage"
import { Effect, Option } from "effect"
import type { Database } from "../connection/Database.ts"

export const makeAccounts = ({ read, reader }: Database): Accounts["Service"] => {
  const findKey = reader.prepare(`
    SELECT a.id, a.email, a.name, k.id AS key FROM access_keys k CROSS JOIN accounts a ON a.id = k.account
    WHERE k.secret_hash = ? AND k.revoked_at IS NULL`)
  const findAccount = reader.prepare("SELECT id, email, name FROM accounts WHERE id = ?")
  const findOrganization = reader.prepare("SELECT id, account, name FROM organizations WHERE id = ? AND account = ?")

  return Accounts.of({
    authenticate: (secret) =>
      read(() =>
        Option.map(Option.fromUndefinedOr(findKey.get(accessSecretHash(secret))), (row) => ({
          account: decodeAccount(row),
          key: readText(row, "key")
        }))
      ),
    account: (id) => read(() => Option.map(Option.fromUndefinedOr(findAccount.get(id)), decodeAccount)),
    organization: (account, id) =>
      read(() => Option.map(Option.fromUndefinedOr(findOrganization.get(id, account)), decodeOrganization))
  })
}

export const makeAccountAdmin = ({ read, reader, write, writer }: Database): AccountAdmin["Service"] => {
  const hasAccount = writer.prepare("SELECT 1 FROM accounts WHERE id = ?")
  const addAccount = writer.prepare("INSERT INTO accounts (id, email, name) VALUES (?, ?, ?)")
  const addOrganization = writer.prepare("INSERT INTO organizations (id, account, name) VALUES (?, ?, ?)")
  const addKey = writer.prepare("INSERT INTO access_keys (id, account, secret_hash, created_at) VALUES (?, ?, ?, ?)")
  // The first time stays: revoking again changes nothing.
  const revoke = writer.prepare("UPDATE access_keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?")
  const keyColumns = "id, account, created_at, revoked_at"
  const findKey = writer.prepare(`SELECT ${keyColumns} FROM access_keys WHERE id = ?`)
  const accounts = reader.prepare("SELECT id, email, name FROM accounts ORDER BY number")
  const organizations = reader.prepare("SELECT id, account, name FROM organizations WHERE account = ? ORDER BY number")
  const keys = reader.prepare(`SELECT ${keyColumns} FROM access_keys WHERE account = ? ORDER BY number`)

  const ofAccount = <A>(account: string, body: (now: number) => A) =>
    write(({ now }) => (hasAccount.get(account) === undefined ? Option.none<A>() : Option.some(body(now)))).pipe(
      Effect.flatMap(orNotFound("account", account))
    )

  return AccountAdmin.of({
    createAccount: ({ email, name }) =>
      write(() => {
        const account: Account = { id: randomUUID(), email, name }
        addAccount.run(account.id, email, name)
        return account
      }),
    createOrganization: (account, name) =>
      ofAccount(account, () => {
        const organization: Organization = { id: randomUUID(), account, name }
        addOrganization.run(organization.id, account, name)
        return organization
      }),
    createKey: (account) =>
      ofAccount(account, (now) => {
        const key: AccessKey = { id: randomUUID(), account, createdAt: now }
        const { secret, hash } = makeAccessSecret()
        addKey.run(key.id, account, hash, now)
        return { key, secret }
      }),
    listAccounts: read(() => accounts.all().map(decodeAccount)),
    listOrganizations: (account) => read(() => organizations.all(account).map(decodeOrganization)),
    listKeys: (account) => read(() => keys.all(account).map(decodeAccessKey)),
    revokeKey: (id) =>
      write(({ now }) => {
        revoke.run(now, id)
        return Option.map(Option.fromUndefinedOr(findKey.get(id)), decodeAccessKey)
      }).pipe(Effect.flatMap(orNotFound("key", id)))
  })
}

const orNotFound =
  (what: string, id: string) =>
  <A>(found: Option.Option<A>): Effect.Effect<A, AccountNotFound> =>
    Option.isSome(found) ? Effect.succeed(found.value) : Effect.fail(new AccountNotFound({ what, id }))
