/**
 * Brings a database file to the schema of this program. Run once at start, by whichever process comes first; the others
 * wait and find it done.
 *
 * Migrations are numbered and never edited once released. The file itself says what it is (`application_id`) and how
 * far it got (`user_version`), both written in the transaction of the migration.
 */
import { randomBytes, randomUUID } from "node:crypto"
import type { DatabaseSync } from "node:sqlite"
import { readInteger } from "@countersign/engine/storage"
import { initial } from "./0001-initial.ts"
import { signingKeys } from "./0002-signing-keys.ts"

/** The file is not ours to write to; thrown while it is opened. */
export class ForeignDatabase extends Error {
  override readonly name = "ForeignDatabase"
}

/** In order: the first makes version 1. */
export const migrations: ReadonlyArray<string> = [initial, signingKeys]

/** "CNTS": what the file is, for this program and for `file(1)`. */
const applicationId = 0x43_4e_54_53

/**
 * Throws `ForeignDatabase` for a file of another program, or of a newer version of this one; nothing is changed then.
 */
export const migrate = (db: DatabaseSync): void => {
  if (schemaVersion(db) === migrations.length) return
  db.exec("BEGIN IMMEDIATE")
  try {
    // Again, now that nobody else can change it.
    const version = schemaVersion(db)
    for (const sql of migrations.slice(version)) db.exec(sql)
    if (version === 0) {
      db.prepare("INSERT INTO installation (one, id, identity_key) VALUES (1, ?, ?)").run(randomUUID(), randomBytes(32))
    }
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`)
    db.exec("COMMIT")
  } catch (cause) {
    if (db.isTransaction) db.exec("ROLLBACK")
    throw cause
  }
}

/** The schema version of the file; 0 when it is empty. Throws `ForeignDatabase` like `migrate`. */
export const schemaVersion = (db: DatabaseSync): number => {
  const application = readInteger(db.prepare("PRAGMA application_id").get(), "application_id")
  const version = readInteger(db.prepare("PRAGMA user_version").get(), "user_version")
  if (application === applicationId) {
    if (version <= migrations.length) return version
    throw new ForeignDatabase(
      `the database is of version ${version}, and this program knows versions up to ${migrations.length}: use a newer one`
    )
  }
  const tables = readInteger(db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get(), "tables")
  if (application !== 0 || version !== 0 || tables > 0) {
    throw new ForeignDatabase("the file is a database of another program")
  }
  return 0
}
