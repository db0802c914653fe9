/**
 * Private signing keys as they are stored: PKCS#8 under AES-256-GCM, with a wrapping key that follows from a secret of
 * `COUNTERSIGN_SECRET` (HKDF-SHA-256). Who reads the store alone can sign nothing.
 *
 * A wrapped key opens only in its installation, its slot and under its id, so that no row can stand in for another. The
 * text names its wrapping key: with the secrets `new,old` both open what they wrapped, and the new one wraps.
 *
 * Layout: `1.<wrapping key id, 8 hexadecimal digits>.<base64url of nonce (12 octets), ciphertext and tag (16)>`.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  type KeyObject,
  randomBytes
} from "node:crypto"
import { deriveKey, framed, type KeyId, type KeySlot, type LinkSecrets } from "@countersign/core"
import { Result, Schema } from "effect"

/** The keys that wrap. A key's id follows from its secret, so rotation needs no numbering. */
export interface WrappingKeys {
  /** Wraps. */
  readonly current: { readonly id: string; readonly key: KeyObject }
  /** Every key that a wrapped key may name, by id. */
  readonly byId: ReadonlyMap<string, KeyObject>
}

/** Where a wrapped key belongs. */
export interface KeyPlace {
  /** The id of the installation. */
  readonly installation: string
  readonly slot: KeySlot
  readonly keyId: KeyId
}

const sentences = {
  malformed: "The stored signing key is not in a form that this version reads: restore the store from a backup.",
  "secret-missing":
    "The signing key was wrapped with a secret that is not in COUNTERSIGN_SECRET: list the secret behind the new one, as `new,old`.",
  "does-not-open":
    "The stored signing key is damaged, or belongs to another installation, slot or id: restore the store from a backup."
} as const

/** A stored key cannot be used. The sentence is for the operator and holds nothing of the key or the secrets. */
export class UnwrapFailed extends Schema.TaggedError<UnwrapFailed>()("UnwrapFailed", {
  code: Schema.Literals(["malformed", "secret-missing", "does-not-open"]),
  message: Schema.String
}) {}

const failed = (code: UnwrapFailed["code"]) => Result.fail(new UnwrapFailed({ code, message: sentences[code] }))

/** Derives the keys once. The first secret wraps; all of them unwrap. */
export const makeWrappingKeys = (secrets: LinkSecrets): WrappingKeys => {
  const current = makeKey(secrets[0])
  // Backwards, so that the first of two equal ids stays.
  const all = secrets.map(makeKey).reverse()
  return { current, byId: new Map(all.map(({ id, key }) => [id, key])) }
}

const makeKey = (secret: string) => {
  const fingerprint = createHash("sha256").update(deriveKey(secret, "signing-key-id").export()).digest()
  return { id: fingerprint.toString("hex", 0, 4), key: deriveKey(secret, "signing-key") }
}

const cipher = "aes-256-gcm"
const nonceLength = 12
const tagLength = 16
const layout = /^1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/

/** The text to store for a private key. Printable ASCII, about 1,700 characters. */
export const wrapKey = ({ current }: WrappingKeys, place: KeyPlace, privateKey: KeyObject): string => {
  const nonce = randomBytes(nonceLength)
  const sealing = createCipheriv(cipher, current.key, nonce, { authTagLength: tagLength }).setAAD(boundTo(place))
  const plain = privateKey.export({ type: "pkcs8", format: "der" })
  const sealed = Buffer.concat([nonce, sealing.update(plain), sealing.final(), sealing.getAuthTag()])
  plain.fill(0)
  return `1.${current.id}.${sealed.toString("base64url")}`
}

/** The private key of a stored text. */
export const unwrapKey = (
  { byId }: WrappingKeys,
  place: KeyPlace,
  wrapped: string
): Result.Result<KeyObject, UnwrapFailed> => {
  const [, id = "", text = ""] = layout.exec(wrapped) ?? []
  const sealed = Buffer.from(text, "base64url")
  if (sealed.length <= nonceLength + tagLength) return failed("malformed")
  const key = byId.get(id)
  if (key === undefined) return failed("secret-missing")
  const opening = createDecipheriv(cipher, key, sealed.subarray(0, nonceLength), { authTagLength: tagLength })
    .setAAD(boundTo(place))
    .setAuthTag(sealed.subarray(-tagLength))
  const opened = Result.try(() => {
    const plain = Buffer.concat([opening.update(sealed.subarray(nonceLength, -tagLength)), opening.final()])
    return createPrivateKey({ key: plain, type: "pkcs8", format: "der" })
  })
  // The cause says no more than that the tag is wrong.
  return Result.isSuccess(opened) ? Result.succeed(opened.success) : failed("does-not-open")
}

/** Whether the newest secret wrapped a stored text. If not, it has to be wrapped again. */
export const isWrappedByNewest = ({ current }: WrappingKeys, wrapped: string): boolean =>
  layout.exec(wrapped)?.[1] === current.id

const boundTo = ({ installation, slot, keyId }: KeyPlace): Buffer => framed([installation, String(slot), keyId])
