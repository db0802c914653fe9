/**
 * Rows of a snapshot as rows of the tables, inside the transaction that loads them.
 */
import type { DatabaseSync } from "node:sqlite"
import type { StoredRow, StoredRowOf } from "@countersign/engine"
import { readInteger, readText, taskStates } from "@countersign/engine/storage"
import type { Transaction } from "../connection/Transaction.ts"
import type { SurrogateKeys } from "../directory/SurrogateKeys.ts"

export interface LoadRows {
  readonly put: (tx: Transaction, row: StoredRow) => void
}

export const makeLoadRows = (db: DatabaseSync, keys: SurrogateKeys): LoadRows => {
  const addAccount = db.prepare("INSERT INTO accounts (id, email, name) VALUES (?, ?, ?)")
  const addOrganization = db.prepare("INSERT INTO organizations (id, account, name) VALUES (?, ?, ?)")
  const addKey = db.prepare(`
    INSERT INTO access_keys (id, account, secret_hash, created_at, revoked_at) VALUES (?, ?, ?, ?, ?)`)
  const addReceipt = db.prepare(
    "INSERT INTO receipts (account, command, fingerprint, result, at) VALUES (?, ?, ?, ?, ?)"
  )
  const addMail = db.prepare(
    "INSERT INTO granted_mails (mail, address_hash, account, at, first) VALUES (?, ?, ?, ?, ?)"
  )
  const addSigningKey = db.prepare("INSERT INTO signing_keys (key_id, wrapped) VALUES (?, ?)")
  const addTask = db.prepare(`
    INSERT INTO tasks (number, kind, key, state, due, attempts, payload, error, fence, leased_until, last_run_at, rerun_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const putEvent = makePutEvent(db)

  const putTask = (row: StoredRowOf<"Task">): void => {
    addTask.run(
      row.number,
      row.kind,
      row.key ?? null,
      taskStates.indexOf(row.state),
      row.due,
      row.attempts,
      row.payload,
      row.error ?? null,
      row.fence,
      row.leasedUntil ?? null,
      row.lastRunAt ?? null,
      row.rerunAt ?? null
    )
  }

  const put = (tx: Transaction, row: StoredRow): void => {
    switch (row._tag) {
      case "Installation":
        replaceInstallation(db, row)
        return
      case "Account":
        addAccount.run(row.id, row.email, row.name)
        return
      case "Organization":
        addOrganization.run(row.id, row.account, row.name)
        return
      case "AccessKey":
        addKey.run(row.id, row.account, Buffer.from(row.secretHash, "hex"), row.createdAt, row.revokedAt ?? null)
        return
      case "Event":
        putEvent(row)
        return
      case "Task":
        putTask(row)
        return
      case "Receipt":
        addReceipt.run(keys.ofAccount(tx, row.account), row.command, row.fingerprint, row.result, row.at)
        return
      case "GrantedMail":
        addMail.run(row.mail, row.addressHash, row.account, row.at, row.first ? 1 : 0)
        return
      case "SigningKey":
        addSigningKey.run(row.keyId, row.wrapped)
    }
  }

  return { put }
}

const makePutEvent = (db: DatabaseSync) => {
  const findStream = db.prepare("SELECT number FROM streams WHERE stream = ?")
  const addStream = db.prepare("INSERT INTO streams (stream, version) VALUES (?, ?)")
  const setVersion = db.prepare("UPDATE streams SET version = ? WHERE number = ?")
  const addEvent = db.prepare(`
    INSERT INTO events (position, stream, version, type, schema_version, data, meta, recorded_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)

  return (row: StoredRowOf<"Event">): void => {
    const known = findStream.get(row.stream)
    const stream =
      known === undefined
        ? Number(addStream.run(row.stream, row.version).lastInsertRowid)
        : readInteger(known, "number")
    if (known !== undefined) setVersion.run(row.version, stream)
    addEvent.run(row.position, stream, row.version, row.type, row.schemaVersion, row.data, row.meta, row.recordedAt)
  }
}

const guard = "installation_is_never_changed"

/**
 * What was made with the empty store gives way, once: the trigger that forbids it is made again by the same
 * transaction.
 */
const replaceInstallation = (db: DatabaseSync, row: StoredRowOf<"Installation">): void => {
  const trigger = readText(db.prepare("SELECT sql FROM sqlite_schema WHERE name = ?").get(guard), "sql")
  db.exec(`DROP TRIGGER ${guard}`)
  db.prepare("UPDATE installation SET id = ?, identity_key = coalesce(?, identity_key)").run(
    row.id,
    row.identityKey === undefined ? null : Buffer.from(row.identityKey, "base64url")
  )
  db.exec(trigger)
  db.prepare("UPDATE task_numbers SET last = ?").run(row.lastTask)
}
