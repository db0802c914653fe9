/**
 * Names that follow from what they name: the id of a sender and the DKIM tokens of a domain.
 *
 * Both are HMAC-SHA-256 under keys derived from the installation's identity key, so the same address always meets the
 * same stream without a look-up, and nobody outside can guess a token or an id. The results are stored and published in
 * other people's DNS: they must never change (`Identity.test.ts` holds frozen values).
 */
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from "node:crypto"
import { Brand, Schema } from "effect"
import type { DomainName } from "./DomainName.ts"
import type { CanonicalAddress } from "./EmailAddress.ts"
import { type AccountId, type Owner, ownerKey } from "./Owner.ts"

/** The id of a sender and the name of its stream: a UUID of version 8 (RFC 9562, section 5.8) in lower case. */
export const SenderId = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u)
).pipe(Schema.brand("SenderId"))
export type SenderId = typeof SenderId.Type

/** A sender's id that was made here, as rows and tasks have it. */
export const StoredSenderId = Schema.String.pipe(Schema.brand("SenderId"))

/**
 * What makes a sender this sender. `canonical` is the canonical address, or the domain of a sender of kind `domain`.
 */
export interface SenderName {
  readonly account: AccountId
  readonly owner: Owner
  readonly kind: "email" | "domain"
  readonly canonical: CanonicalAddress
}

/** Derives names under one identity key. */
export interface Identity {
  readonly senderId: (name: SenderName) => SenderId
  /** Three DKIM selectors (RFC 6376, section 3.1) of 32 characters, bound to this account and this domain. */
  readonly dkimTokens: (account: AccountId, domain: DomainName) => readonly [string, string, string]
}

/**
 * Derives the working keys once (HKDF-SHA-256, RFC 5869, without salt) and answers the functions that use them.
 *
 * @param identityKey the installation's 32 random bytes; it is copied. Any other length is a defect and throws.
 */
export const makeIdentity = (identityKey: Uint8Array): Identity => {
  if (identityKey.length !== 32) throw new RangeError("The identity key must have 32 bytes.")
  const senderKey = deriveKey(identityKey, "sender-id")
  const tokenKey = deriveKey(identityKey, "dkim-token")

  const token = (account: string, domain: string, index: "0" | "1" | "2"): string =>
    base32(mac(tokenKey, [account, domain, index]).subarray(0, 20))

  return {
    senderId: ({ account, owner, kind, canonical }) => {
      return senderIdBrand(uuidV8(mac(senderKey, [account, ownerKey(owner), kind, canonical])))
    },
    dkimTokens: (account, domain) => [
      token(account, domain, "0"),
      token(account, domain, "1"),
      token(account, domain, "2")
    ]
  }
}

/**
 * The first 52 bits of a sender's id as a decimal number, the form in which the Sendmachine dialect names senders. The
 * last four of them are the UUID's version, so 48 bits tell senders apart.
 */
export const senderNumber = (senderId: SenderId): string =>
  String(Number.parseInt(senderId.slice(0, 8) + senderId.slice(9, 13) + senderId.slice(14, 15), 16))

/** A key of 32 bytes for one purpose (HKDF-SHA-256, RFC 5869, without salt). */
export const deriveKey = (secret: string | Uint8Array, purpose: string): KeyObject =>
  createSecretKey(new Uint8Array(hkdfSync("sha256", secret, "", purpose, 32)))

/** The text of the UUID in the first 16 bytes (RFC 9562, section 4), in lower case. */
export const uuidFromBytes = (bytes: Buffer): string => {
  const hex = bytes.toString("hex", 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The 16 bytes of a UUID's text. */
export const uuidToBytes = (uuid: string): Buffer => Buffer.from(uuid.replaceAll("-", ""), "hex")

const senderIdBrand = Brand.nominal<SenderId>()

/** The UUID of version 8 (RFC 9562, section 5.8) made of the first 16 bytes of a digest, which are changed for it. */
export const uuidV8 = (digest: Buffer): string => {
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6)
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8)
  return uuidFromBytes(digest)
}

/** Every field behind its length in octets (4 bytes, big-endian): no two lists of fields give the same bytes. */
export const framed = (fields: ReadonlyArray<string>): Buffer => {
  let size = 0
  for (const field of fields) size += 4 + Buffer.byteLength(field)
  const message = Buffer.allocUnsafe(size)
  let offset = 0
  for (const field of fields) {
    const length = message.write(field, offset + 4)
    message.writeUInt32BE(length, offset)
    offset += 4 + length
  }
  return message
}

const mac = (key: KeyObject, fields: ReadonlyArray<string>): Buffer =>
  createHmac("sha256", key).update(framed(fields)).digest()

// RFC 4648, section 6, in lower case. 20 bytes fill 32 characters exactly, so there is no padding.
const base32 = (bytes: Uint8Array): string => {
  let text = ""
  let buffer = 0
  let bits = 0
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += "abcdefghijklmnopqrstuvwxyz234567".charAt((buffer >>> bits) & 31)
    }
  }
  return text
}
