/**
 * The private signing keys on PostgreSQL, wrapped: read whenever somebody asks, and changed by commits only.
 */
import { SigningKeys } from "@countersign/engine"
import { decodeWrappedKey } from "@countersign/engine/storage"
import { Effect } from "effect"
import type { Database } from "../connection/Database.ts"

export const makeSigningKeys = ({ read, names: { schema } }: Database): SigningKeys["Service"] =>
  SigningKeys.of({
    list: Effect.map(read(`SELECT key_id, wrapped FROM ${schema}.signing_keys ORDER BY key_id`), (rows) =>
      rows.map(decodeWrappedKey)
    )
  })
