/**
 * Rows of the tables as rows of a snapshot.
 */
import type { StoredRowOf } from "@countersign/engine"
import {
  type Row,
  readBoolean,
  readBytes,
  readInteger,
  readOptionalInteger,
  readOptionalText,
  readText
} from "../connection/Columns.ts"

export const installation = (row: Row): StoredRowOf<"Installation"> => ({
  _tag: "Installation",
  id: readText(row, "id"),
  identityKey: Buffer.from(readBytes(row, "identity_key")).toString("base64url"),
  lastTask: readInteger(row, "last")
})

export const account = (row: Row): StoredRowOf<"Account"> => ({
  _tag: "Account",
  id: readText(row, "id"),
  email: readText(row, "email"),
  name: readText(row, "name")
})

export const organization = (row: Row): StoredRowOf<"Organization"> => ({
  _tag: "Organization",
  id: readText(row, "id"),
  account: readText(row, "account"),
  name: readText(row, "name")
})

export const accessKey = (row: Row): StoredRowOf<"AccessKey"> => ({
  _tag: "AccessKey",
  id: readText(row, "id"),
  account: readText(row, "account"),
  secretHash: Buffer.from(readBytes(row, "secret_hash")).toString("hex"),
  createdAt: readInteger(row, "created_at"),
  ...optional("revokedAt", readOptionalInteger(row, "revoked_at"))
})

export const event = (row: Row): StoredRowOf<"Event"> => ({
  _tag: "Event",
  position: readInteger(row, "position"),
  stream: readText(row, "stream"),
  version: readInteger(row, "version"),
  type: readText(row, "type"),
  schemaVersion: readInteger(row, "schema_version"),
  data: readText(row, "data"),
  meta: readText(row, "meta"),
  recordedAt: readInteger(row, "recorded_at")
})

const states = ["waiting", "running", "buried"] as const

export const task = (row: Row): StoredRowOf<"Task"> => {
  const state = states[readInteger(row, "state")] ?? "buried"
  return {
    _tag: "Task",
    number: readInteger(row, "number"),
    kind: readText(row, "kind"),
    state,
    due: readInteger(row, "due"),
    attempts: readInteger(row, "attempts"),
    payload: readText(row, "payload"),
    fence: readInteger(row, "fence"),
    ...optional("key", readOptionalText(row, "key")),
    ...optional("error", readOptionalText(row, "error")),
    // Left in the row after the run, where it says nothing.
    ...optional("leasedUntil", state === "running" ? readOptionalInteger(row, "leased_until") : undefined),
    ...optional("lastRunAt", readOptionalInteger(row, "last_run_at")),
    ...optional("rerunAt", readOptionalInteger(row, "rerun_at"))
  }
}

export const receipt = (row: Row): StoredRowOf<"Receipt"> => ({
  _tag: "Receipt",
  account: readText(row, "account"),
  command: readText(row, "command"),
  fingerprint: readText(row, "fingerprint"),
  result: readText(row, "result"),
  at: readInteger(row, "at")
})

export const grantedMail = (row: Row): StoredRowOf<"GrantedMail"> => ({
  _tag: "GrantedMail",
  mail: readText(row, "mail"),
  addressHash: readText(row, "address_hash"),
  account: readText(row, "account"),
  at: readInteger(row, "at"),
  first: readBoolean(row, "first")
})

export const silence = (row: Row): StoredRowOf<"Silence"> => ({
  _tag: "Silence",
  addressHash: readText(row, "address_hash"),
  account: readText(row, "account"),
  until: readInteger(row, "until")
})

/** A field that is there when it has a value. */
const optional = <Name extends string, Value>(
  name: Name,
  value: Value | undefined
): { readonly [N in Name]?: Value } | Record<never, never> => (value === undefined ? {} : { [name]: value })
