/**
 * A row of a store, of everything that does not follow from something else: what a snapshot answers and a load takes.
 *
 * Encoded, as the ports have it: events and payloads are JSON texts, and the directory is missing, because it follows
 * from the log. The form is that of an exported line, so a change of it is a new format (`operations/ExportFormat.ts`).
 * Times are whole milliseconds since the epoch.
 */
import { Schema } from "effect"

/** What was made once with the store. */
const InstallationRow = Schema.TaggedStruct("Installation", {
  id: Schema.String,
  /** 32 bytes as base64url. Always there in a snapshot; an export leaves it out unless asked. */
  identityKey: Schema.optionalKey(Schema.String),
  /** The number of the task that was put last: the next one gets a greater one, although the last may be gone. */
  lastTask: Schema.Int
})

const AccountRow = Schema.TaggedStruct("Account", { id: Schema.String, email: Schema.String, name: Schema.String })

const OrganizationRow = Schema.TaggedStruct("Organization", {
  id: Schema.String,
  account: Schema.String,
  name: Schema.String
})

const AccessKeyRow = Schema.TaggedStruct("AccessKey", {
  id: Schema.String,
  account: Schema.String,
  /** The SHA-256 of the secret, in lower-case hexadecimal. */
  secretHash: Schema.String,
  createdAt: Schema.Int,
  revokedAt: Schema.optionalKey(Schema.Int)
})

const EventRow = Schema.TaggedStruct("Event", {
  position: Schema.Int,
  stream: Schema.String,
  version: Schema.Int,
  type: Schema.String,
  schemaVersion: Schema.Int,
  data: Schema.String,
  meta: Schema.String,
  recordedAt: Schema.Int
})

const TaskRow = Schema.TaggedStruct("Task", {
  /** Tells it from every task that ever was; tasks are in the order of their numbers. */
  number: Schema.Int,
  kind: Schema.String,
  key: Schema.optionalKey(Schema.String),
  state: Schema.Literals(["waiting", "running", "buried"]),
  due: Schema.Int,
  attempts: Schema.Int,
  /** A JSON text. */
  payload: Schema.String,
  error: Schema.optionalKey(Schema.String),
  fence: Schema.Int,
  /** While it is running. */
  leasedUntil: Schema.optionalKey(Schema.Int),
  lastRunAt: Schema.optionalKey(Schema.Int),
  rerunAt: Schema.optionalKey(Schema.Int)
})

const ReceiptRow = Schema.TaggedStruct("Receipt", {
  account: Schema.String,
  command: Schema.String,
  fingerprint: Schema.String,
  result: Schema.String,
  at: Schema.Int
})

/** A mail that counts for the mail budget. */
const GrantedMailRow = Schema.TaggedStruct("GrantedMail", {
  mail: Schema.String,
  addressHash: Schema.String,
  account: Schema.String,
  at: Schema.Int,
  first: Schema.Boolean
})

/** A private signing key, wrapped. Always there in a snapshot; an export leaves it out unless asked. */
const SigningKeyRow = Schema.TaggedStruct("SigningKey", { keyId: Schema.String, wrapped: Schema.String })

/** One row. */
export const StoredRow = Schema.Union([
  InstallationRow,
  AccountRow,
  OrganizationRow,
  AccessKeyRow,
  EventRow,
  TaskRow,
  ReceiptRow,
  GrantedMailRow,
  SigningKeyRow
])
export type StoredRow = typeof StoredRow.Type

/** A row of one kind. */
export type StoredRowOf<Tag extends StoredRow["_tag"]> = Extract<StoredRow, { readonly _tag: Tag }>
