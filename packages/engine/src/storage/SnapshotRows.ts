/**
 * Rows of the tables as rows of a snapshot.
 */
import type { StoredRow, StoredRowOf } from "../ports/StoredRow.ts"
import * as Accounts from "./AccountRows.ts"
import {
  type Row,
  readBoolean,
  readBytes,
  readInteger,
  readOptionalInteger,
  readOptionalText,
  readText
} from "./Columns.ts"
import { decodeEvent } from "./EventRows.ts"
import { decodeWrappedKey } from "./SigningKeyRows.ts"
import { readTaskState } from "./TaskRows.ts"

/** Decodes a row of each kind. */
export const decodeStoredRow: { readonly [Tag in StoredRow["_tag"]]: (row: Row) => StoredRowOf<Tag> } = {
  // With the last task's number as `last`.
  Installation: (row) => ({
    _tag: "Installation",
    id: readText(row, "id"),
    identityKey: Buffer.from(readBytes(row, "identity_key")).toString("base64url"),
    lastTask: readInteger(row, "last")
  }),
  Account: (row) => ({ _tag: "Account", ...Accounts.decodeAccount(row) }),
  Organization: (row) => ({
    _tag: "Organization",
    ...Accounts.decodeOrganization(row)
  }),
  AccessKey: (row) => ({
    _tag: "AccessKey",
    ...Accounts.decodeAccessKey(row),
    secretHash: Buffer.from(readBytes(row, "secret_hash")).toString("hex")
  }),
  // An event, with its stream's name.
  Event: (row) => ({
    _tag: "Event",
    ...decodeEvent(readText(row, "stream"), row)
  }),
  Task: (row) => {
    const state = readTaskState(row)
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
  },
  // A receipt, with its account's name.
  Receipt: (row) => ({
    _tag: "Receipt",
    account: readText(row, "account"),
    command: readText(row, "command"),
    fingerprint: readText(row, "fingerprint"),
    result: readText(row, "result"),
    at: readInteger(row, "at")
  }),
  GrantedMail: (row) => ({
    _tag: "GrantedMail",
    mail: readText(row, "mail"),
    addressHash: readText(row, "address_hash"),
    account: readText(row, "account"),
    at: readInteger(row, "at"),
    first: readBoolean(row, "first")
  }),
  SigningKey: (row) => ({ _tag: "SigningKey", ...decodeWrappedKey(row) })
}

/** A field that is there when it has a value. */
const optional = <Name extends string, Value>(
  name: Name,
  value: Value | undefined
): { readonly [N in Name]?: Value } | Record<never, never> => (value === undefined ? {} : { [name]: value })

/** The tables that are filled by nothing but what a store was told: it is empty when they are. */
export const filledTables = [
  "accounts",
  "organizations",
  "access_keys",
  "streams",
  "events",
  "tasks",
  "receipts",
  "granted_mails",
  "signing_keys"
] as const
