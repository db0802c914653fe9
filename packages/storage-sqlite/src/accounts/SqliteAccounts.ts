/**
 * Accounts, organizations and access keys on SQLite. A key's secret is never kept: only its SHA-256 is, which is enough
 * for a secret of 256 random bits.
 */
import { hash as oneShot, randomBytes, randomUUID } from "node:crypto"
import {
  type AccessKey,
  type Account,
  AccountAdmin,
  AccountNotFound,
  Accounts,
  type Organization
} from "@countersign/engine"
import { Effect, Option, Redacted } from "effect"
import { type Row, readInteger, readOptionalInteger, readText } from "../connection/Columns.ts"
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
        Option.map(Option.fromUndefinedOr(findKey.get(hash(Redacted.value(secret)))), (row) => ({
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
        const secret = `cs_${randomBytes(32).toString("base64url")}`
        addKey.run(key.id, account, hash(secret), now)
        return { key, secret: Redacted.make(secret) }
      }),
    listAccounts: read(() => accounts.all().map(decodeAccount)),
    listOrganizations: (account) => read(() => organizations.all(account).map(decodeOrganization)),
    listKeys: (account) => read(() => keys.all(account).map(decodeKey)),
    revokeKey: (id) =>
      write(({ now }) => {
        revoke.run(now, id)
        return Option.map(Option.fromUndefinedOr(findKey.get(id)), decodeKey)
      }).pipe(Effect.flatMap(orNotFound("key", id)))
  })
}

const orNotFound =
  (what: string, id: string) =>
  <A>(found: Option.Option<A>): Effect.Effect<A, AccountNotFound> =>
    Option.isSome(found) ? Effect.succeed(found.value) : Effect.fail(new AccountNotFound({ what, id }))

const hash = (secret: string): Buffer => oneShot("sha256", secret, "buffer")

const decodeAccount = (row: Row): Account => ({
  id: readText(row, "id"),
  email: readText(row, "email"),
  name: readText(row, "name")
})

const decodeOrganization = (row: Row): Organization => ({
  id: readText(row, "id"),
  account: readText(row, "account"),
  name: readText(row, "name")
})

const decodeKey = (row: Row): AccessKey => {
  const revokedAt = readOptionalInteger(row, "revoked_at")
  return {
    id: readText(row, "id"),
    account: readText(row, "account"),
    createdAt: readInteger(row, "created_at"),
    ...(revokedAt === undefined ? {} : { revokedAt })
  }
}
