/**
 * Cursors of lists: a place in the log that tells nobody what else is in the log.
 *
 * The places of an account's senders would say how much all accounts do, so a cursor is one block of AES under a key of
 * the installation's: the place, and a check that binds it to the account.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, type KeyObject } from "node:crypto"
import type { LinkKeys } from "@countersign/core"

export interface Cursors {
  readonly write: (account: string, position: number) => string
  /** `undefined` for anything but a cursor of this account that is signed by a key in use. */
  readonly read: (account: string, cursor: string) => number | undefined
}

const form = /^[\w-]{22}$/
const algorithm = "aes-256-ecb"

export const makeCursors = ({ current, byId }: LinkKeys): Cursors => {
  const sealing = sealingKey(current.key)
  const opening = [...byId.values()].map(sealingKey)

  const open = (key: Buffer, account: string, sealed: Buffer): number | undefined => {
    const decipher = createDecipheriv(algorithm, key, null).setAutoPadding(false)
    const block = Buffer.concat([decipher.update(sealed), decipher.final()])
    return block.subarray(8).equals(checkOf(account)) ? Number(block.readBigUInt64BE(0)) : undefined
  }

  return {
    write: (account, position) => {
      const block = Buffer.alloc(16)
      block.writeBigUInt64BE(BigInt(position), 0)
      checkOf(account).copy(block, 8)
      const cipher = createCipheriv(algorithm, sealing, null).setAutoPadding(false)
      return Buffer.concat([cipher.update(block), cipher.final()]).toString("base64url")
    },
    read: (account, cursor) => {
      if (!form.test(cursor)) return undefined
      const sealed = Buffer.from(cursor, "base64url")
      for (const key of opening) {
        const position = open(key, account, sealed)
        if (position !== undefined) return position
      }
      return undefined
    }
  }
}

const sealingKey = (key: KeyObject): Buffer => createHmac("sha256", key).update("cursor").digest()

const checkOf = (account: string): Buffer => createHash("sha256").update(account).digest().subarray(0, 8)
