/**
 * The private signing keys on SQLite, wrapped: read whenever somebody asks, and changed by commits only.
 */
import { type KeyChange, SigningKeys } from "@countersign/engine"
import { decodeWrappedKey } from "@countersign/engine/storage"
import type { Database } from "../connection/Database.ts"

export const makeSigningKeys = ({ read, reader }: Database): SigningKeys["Service"] => {
  const list = reader.prepare("SELECT key_id, wrapped FROM signing_keys ORDER BY key_id")
  return SigningKeys.of({ list: read(() => list.all().map(decodeWrappedKey)) })
}

/** What a commit does to the keys, inside its transaction. */
export const makeKeyChanges = ({ writer }: Database): ((change: KeyChange) => void) => {
  const put = writer.prepare(`
    INSERT INTO signing_keys (key_id, wrapped) VALUES (?, ?) ON CONFLICT (key_id) DO UPDATE SET wrapped = excluded.wrapped`)
  const drop = writer.prepare("DELETE FROM signing_keys WHERE key_id = ?")
  return (change) => {
    if (change._tag === "Put") put.run(change.keyId, change.wrapped)
    else drop.run(change.keyId)
  }
}
