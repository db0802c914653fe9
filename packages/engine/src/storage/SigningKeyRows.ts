/**
 * Private signing keys out of their rows.
 */
import type { KeyId } from "@countersign/core"
import { Brand } from "effect"
import type { WrappedKey } from "../ports/SigningKeys.ts"
import { type Row, readText } from "./Columns.ts"

const keyId = Brand.nominal<KeyId>()

/** A private key, as it was put. */
export const decodeWrappedKey = (row: Row): WrappedKey => ({
  keyId: keyId(readText(row, "key_id")),
  wrapped: readText(row, "wrapped")
})
