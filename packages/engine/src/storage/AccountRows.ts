/**
 * Accounts, organizations and access keys out of their rows, and the secret of a key. The secret is never kept: only
 * its SHA-256 is, which is enough for a secret of 256 random bits.
 */
import { hash, randomBytes } from "node:crypto"
import { Redacted } from "effect"
import type { AccessKey, Account, Organization } from "../ports/Accounts.ts"
import type { Installation } from "../ports/Installation.ts"
import { type Row, readBytes, readInteger, readOptionalInteger, readText } from "./Columns.ts"

/** A new secret, and what is kept of it. */
export const makeAccessSecret = (): { readonly secret: Redacted.Redacted; readonly hash: Buffer } => {
  const secret = Redacted.make(`cs_${randomBytes(32).toString("base64url")}`)
  return { secret, hash: accessSecretHash(secret) }
}

/** What is kept of a secret. */
export const accessSecretHash = (secret: Redacted.Redacted): Buffer => hash("sha256", Redacted.value(secret), "buffer")

/** An account. */
export const decodeAccount = (row: Row): Account => ({
  id: readText(row, "id"),
  email: readText(row, "email"),
  name: readText(row, "name")
})

/** An organization. */
export const decodeOrganization = (row: Row): Organization => ({
  id: readText(row, "id"),
  account: readText(row, "account"),
  name: readText(row, "name")
})

/** A key without its secret. */
export const decodeAccessKey = (row: Row): AccessKey => {
  const revokedAt = readOptionalInteger(row, "revoked_at")
  return {
    id: readText(row, "id"),
    account: readText(row, "account"),
    createdAt: readInteger(row, "created_at"),
    ...(revokedAt === undefined ? {} : { revokedAt })
  }
}

/** What was made once with the store. */
export const decodeInstallation = (row: Row | undefined): Installation["Service"] => ({
  id: readText(row, "id"),
  identityKey: Redacted.make(readBytes(row, "identity_key"))
})
