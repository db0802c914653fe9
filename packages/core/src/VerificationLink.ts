/**
 * The token of a verification link: made by the worker that sends the mail, read and checked by the confirmation page.
 *
 * Nothing secret is stored: the token carries the ids and a MAC over them and the canonical address, under a key
 * derived from `COUNTERSIGN_SECRET`. `readLink` needs no secret, so the server can load the sender that the token names
 * before `checkLink` decides. A token says nothing about expiry or use: the sender's events do.
 *
 * Layout: version (1 byte), key id (4), sender id (16), verification id (16), HMAC-SHA-256 (32): 69 bytes, which are 92
 * characters of base64url exactly (RFC 4648, section 5).
 */
import { createHash, createHmac, type KeyObject, timingSafeEqual } from "node:crypto"
import { Result, Schema } from "effect"
import type { CanonicalAddress } from "./EmailAddress.ts"
import { deriveKey, SenderId, uuidFromBytes, uuidToBytes } from "./Identity.ts"
import { type LinkSecrets, shortestSecret } from "./SettingRules.ts"

/** Keys to sign and check with. A key's id follows from its secret, so rotation needs no numbering. */
export interface LinkKeys {
  /** Signs new links. */
  readonly current: { readonly id: string; readonly key: KeyObject }
  /** Every key that old links may name, the current one included, by id (8 hexadecimal digits). */
  readonly byId: ReadonlyMap<string, KeyObject>
}

/** What a token says, not yet checked. */
export interface ParsedLink {
  readonly keyId: string
  readonly senderId: SenderId
  /** A UUID of any version in lower case. */
  readonly verificationId: string
  readonly mac: Uint8Array
}

/** What a link is for. `canonical` is the sender's canonical address, which the token does not reveal. */
export interface LinkSubject {
  readonly senderId: SenderId
  /** A UUID of any version in lower case. */
  readonly verificationId: string
  readonly canonical: CanonicalAddress
}

/** Why a token cannot be read. `malformed` covers every other encoding of a good token too. */
export interface LinkProblem {
  readonly code: "malformed" | "unknown-version"
  readonly message: string
}

/** Derives the keys once. The first secret signs; all of them check. A short secret is a defect and throws. */
export const makeLinkKeys = (secrets: LinkSecrets): LinkKeys => {
  const current = makeKey(secrets[0])
  const byId = new Map([[current.id, current.key]])
  for (const secret of secrets.slice(1)) {
    const older = makeKey(secret)
    if (!byId.has(older.id)) byId.set(older.id, older.key)
  }
  return { current, byId }
}

/**
 * The token of a link: 92 characters that need no escaping in a URL. A verification id that is not a UUID in lower case
 * is a defect and throws: the link could not be read back.
 */
export const signLink = (keys: LinkKeys, subject: LinkSubject): string => {
  if (!uuid.test(subject.verificationId)) throw new RangeError("A verification id must be a UUID in lower case.")
  const head = tokenHead(keys.current.id, subject.senderId, subject.verificationId)
  return Buffer.concat([head, linkMac(keys.current.key, head, subject.canonical)]).toString("base64url")
}

/** Takes a token apart. One token has one encoding: padding, other alphabets and surplus characters are refused. */
export const readLink = (token: string): Result.Result<ParsedLink, LinkProblem> => {
  if (token.length !== tokenLength) return malformed
  const bytes = Buffer.from(token, "base64url")
  // Buffer skips what it does not know and takes `+` and `/` too, so only encoding again shows what the token was.
  if (bytes.length !== 69 || bytes.toString("base64url") !== token) return malformed
  if (bytes.readUInt8(0) !== version) return unknownVersion
  const senderId = uuidFromBytes(bytes.subarray(5))
  if (!isSenderId(senderId)) return malformed
  return Result.succeed({
    keyId: bytes.toString("hex", 1, 5),
    senderId,
    verificationId: uuidFromBytes(bytes.subarray(21)),
    mac: Uint8Array.from(bytes.subarray(37))
  })
}

/** Whether one of our keys signed this link for this canonical address. Takes the same time for every wrong MAC. */
export const checkLink = (keys: LinkKeys, link: ParsedLink, canonical: CanonicalAddress): boolean => {
  const key = keys.byId.get(link.keyId)
  if (key === undefined || link.mac.length !== 32) return false
  return timingSafeEqual(linkMac(key, tokenHead(link.keyId, link.senderId, link.verificationId), canonical), link.mac)
}

const version = 1
const tokenLength = 92
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const isSenderId = Schema.is(SenderId)
const malformed = Result.fail<LinkProblem>({
  code: "malformed",
  message: "The link is incomplete or damaged: open it again from the mail, or copy all of it."
})
const unknownVersion = Result.fail<LinkProblem>({
  code: "unknown-version",
  message: "The link was made by an unknown version of this service: request a new one."
})

const makeKey = (secret: string): { readonly id: string; readonly key: KeyObject } => {
  if (secret.length < shortestSecret) throw new RangeError(`A link secret has at least ${shortestSecret} characters.`)
  const fingerprint = createHash("sha256").update(deriveKey(secret, "verification-link-key-id").export()).digest()
  return { id: fingerprint.toString("hex", 0, 4), key: deriveKey(secret, "verification-link") }
}

const tokenHead = (keyId: string, senderId: SenderId, verificationId: string): Buffer =>
  Buffer.concat([Buffer.of(version), Buffer.from(keyId, "hex"), uuidToBytes(senderId), uuidToBytes(verificationId)], 37)

// The head has a fixed length and the address comes last, so no two links give the same bytes.
const linkMac = (key: KeyObject, head: Buffer, canonical: string): Buffer =>
  createHmac("sha256", key).update(head).update(canonical, "utf8").digest()
