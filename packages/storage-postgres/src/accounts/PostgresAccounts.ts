/**
 * Accounts, organizations and access keys on PostgreSQL.
 */
import { randomUUID } from "node:crypto"
import { type Account, AccountAdmin, AccountNotFound, Accounts } from "@countersign/engine"
import {
  accessSecretHash,
  decodeAccessKey,
  decodeAccount,
  decodeOrganization,
  makeAccessSecret,
  type Row,
  readText
} from "@countersign/engine/storage"
import { Effect, Option } from "effect"
import type { Database } from "../connection/Database.ts"
import { databaseNow } from "../connection/DatabaseClock.ts"
import { long } from "../connection/Parameters.ts"

export const makeAccounts = ({ read, names: { schema } }: Database): Accounts["Service"] => {
  const findKey = `SELECT a.id, a.email, a.name, k.id AS key FROM ${schema}.access_keys k
    JOIN ${schema}.accounts a ON a.id = k.account WHERE k.secret_hash = $1 AND k.revoked_at IS NULL`
  const findAccount = `SELECT id, email, name FROM ${schema}.accounts WHERE id = $1`
  const findOrganization = `SELECT id, account, name FROM ${schema}.organizations WHERE id = $1 AND account = $2`

  return Accounts.of({
    authenticate: (secret) =>
      Effect.map(read(findKey, [accessSecretHash(secret)]), ([row]) =>
        Option.map(Option.fromUndefinedOr(row), (found) => ({
          account: decodeAccount(found),
          key: readText(found, "key")
        }))
      ),
    account: (id) =>
      Effect.map(read(findAccount, [id]), ([row]) => Option.map(Option.fromUndefinedOr(row), decodeAccount)),
    organization: (account, id) =>
      Effect.map(read(findOrganization, [id, account]), ([row]) =>
        Option.map(Option.fromUndefinedOr(row), decodeOrganization)
      )
  })
}

export const makeAccountAdmin = (database: Database): AccountAdmin["Service"] => {
  const { read, write, given } = database
  const { schema } = database.names
  const keyColumns = "id, account, created_at, revoked_at"
  const addAccount = `INSERT INTO ${schema}.accounts (id, email, name) VALUES ($1, $2, $3)`
  // Nothing is added to an account that is not there, and nothing deletes accounts.
  const addOrganization = `INSERT INTO ${schema}.organizations (id, account, name)
    SELECT $1, a.id, $3 FROM ${schema}.accounts a WHERE a.id = $2 RETURNING id, account, name`
  const addKey = `INSERT INTO ${schema}.access_keys (id, account, secret_hash, created_at)
    SELECT $1, a.id, $3, ${databaseNow("$4")} FROM ${schema}.accounts a WHERE a.id = $2 RETURNING ${keyColumns}`
  // The first time stays: revoking again changes nothing.
  const revoke = `UPDATE ${schema}.access_keys SET revoked_at = coalesce(revoked_at, ${databaseNow("$2")}) WHERE id = $1
    RETURNING ${keyColumns}`
  const accounts = `SELECT id, email, name FROM ${schema}.accounts ORDER BY number`
  const organizations = `SELECT id, account, name FROM ${schema}.organizations WHERE account = $1 ORDER BY number`
  const keys = `SELECT ${keyColumns} FROM ${schema}.access_keys WHERE account = $1 ORDER BY number`

  return AccountAdmin.of({
    createAccount: ({ email, name }) => {
      const account: Account = { id: randomUUID(), email, name }
      return Effect.as(write(addAccount, [account.id, email, name]), account)
    },
    createOrganization: (account, name) =>
      Effect.flatMap(write(addOrganization, [randomUUID(), account, name]), ([row]) =>
        orNotFound("account", account, row, decodeOrganization)
      ),
    createKey: (account) =>
      Effect.gen(function* () {
        const { secret, hash } = makeAccessSecret()
        const values = [randomUUID(), account, hash, long(yield* given)]
        const [row] = yield* write(addKey, values)
        const key = yield* orNotFound("account", account, row, decodeAccessKey)
        return { key, secret }
      }),
    listAccounts: Effect.map(read(accounts), (rows) => rows.map(decodeAccount)),
    listOrganizations: (account) => Effect.map(read(organizations, [account]), (rows) => rows.map(decodeOrganization)),
    listKeys: (account) => Effect.map(read(keys, [account]), (rows) => rows.map(decodeAccessKey)),
    revokeKey: (id) =>
      Effect.flatMap(given, (now) => write(revoke, [id, long(now)])).pipe(
        Effect.flatMap(([row]) => orNotFound("key", id, row, decodeAccessKey))
      )
  })
}

const orNotFound = <A>(
  what: string,
  id: string,
  row: Row | undefined,
  decode: (row: Row) => A
): Effect.Effect<A, AccountNotFound> =>
  row === undefined ? Effect.fail(new AccountNotFound({ what, id })) : Effect.succeed(decode(row))
