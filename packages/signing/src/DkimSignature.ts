/**
 * The DKIM signature of a message (RFC 6376): rsa-sha256, relaxed/relaxed.
 *
 * `h=` names the fields that people and programs go by once more than they stand there, so that none can be added
 * later: not a second From, nor a Subject where there was none. The whole body is signed (no `l=`). What cannot be
 * signed is an error; nothing leaves here unsigned. Other people's verifiers judge it, in the tests.
 */
import { createHash, type KeyObject, sign } from "node:crypto"
import { Effect, Schema } from "effect"
import { type HeaderField, messageOctets, type PreparedMessage, unfoldedValue } from "./Message.ts"

/** Who signs, and when. */
export interface DkimSigner {
  /** `d=`: lower-case A-labels. */
  readonly domain: string
  /** `s=`: the labels before `._domainkey`. */
  readonly selector: string
  /** RSA, 2048 bits or more. */
  readonly privateKey: KeyObject
  /** `t=`, in milliseconds since the epoch. */
  readonly at: number
  /** Names, in lower case, of fields that the server after us writes anew. From is always signed. */
  readonly unsigned?: ReadonlyArray<string>
}

/** The message could not be signed, so it must not be sent. */
export class SigningFailed extends Schema.TaggedError<SigningFailed>()("SigningFailed", {
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `the message could not be signed: ${this.reason}`
  }
}

/** The message with its signature in front. The body is the same, octet for octet. */
export const signMessage = (message: PreparedMessage, signer: DkimSigner): Effect.Effect<Uint8Array, SigningFailed> =>
  Effect.suspend(() => {
    const flaw = flawOf(signer)
    if (flaw !== undefined) return Effect.fail(new SigningFailed({ reason: flaw }))
    const fields = signedFields(message, signer.unsigned ?? [])
    const unsigned = signatureField(message, signer, fields)
    // The field itself comes last, without a line end (RFC 6376, section 3.7).
    const signed = [...fields.flatMap(({ present }) => present), unsigned].map(relaxedField)
    return Effect.map(signature(Buffer.from(signed.join("\r\n"), "latin1"), signer.privateKey), (octets) =>
      messageOctets(message, `${unsigned.text}${foldedBase64(octets)}\r\n`)
    )
  })

const signature = (data: Uint8Array, privateKey: KeyObject) =>
  Effect.callback<Buffer, SigningFailed>((resume) => {
    const failed = (cause: unknown) =>
      resume(Effect.fail(new SigningFailed({ reason: "the key does not sign", cause })))
    // With a callback it runs beside the event loop; a key that cannot sign may throw at once all the same.
    try {
      sign("sha256", data, privateKey, (cause, octets) =>
        cause === null ? resume(Effect.succeed(octets)) : failed(cause)
      )
    } catch (cause) {
      failed(cause)
    }
  })

const name = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/

const flawOf = ({ domain, selector, privateKey }: DkimSigner): string | undefined => {
  if (!name.test(domain) || !name.test(selector)) return "the domain or the selector is not a name"
  if (privateKey.type !== "private" || privateKey.asymmetricKeyType !== "rsa") return "the key is not a private RSA key"
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0
  return bits < 2_048 ? "the key is shorter than 2048 bits" : undefined
}

/** Signed in any case, so that they cannot be added either. */
const always = [
  ...["from", "to", "cc", "subject", "reply-to", "date", "message-id"],
  ...["mime-version", "content-type", "content-transfer-encoding"],
  // RFC 2369, 2919 and 8058.
  ...["list-id", "list-help", "list-subscribe", "list-post", "list-owner", "list-archive"],
  ...["list-unsubscribe", "list-unsubscribe-post"]
]
const alsoSigned = /^(?:mime|content|list)-/

interface SignedName {
  readonly key: string
  /** The last one first (RFC 6376, section 5.4.2). */
  readonly present: ReadonlyArray<HeaderField>
}

const signedFields = ({ fields }: PreparedMessage, unsigned: ReadonlyArray<string>): ReadonlyArray<SignedName> => {
  const byKey = Map.groupBy(fields, ({ key }) => key)
  const keys = new Set([...always, ...[...byKey.keys()].filter((key) => alsoSigned.test(key))])
  return [...keys]
    .filter((key) => key === "from" || !unsigned.includes(key))
    .map((key) => ({ key, present: (byKey.get(key) ?? []).toReversed() }))
}

const signatureField = (
  { body }: PreparedMessage,
  { domain, selector, at }: DkimSigner,
  fields: ReadonlyArray<SignedName>
): HeaderField => {
  const names = fields.flatMap(({ key, present }) => [key, ...present.map(() => key)])
  const hash = createHash("sha256").update(relaxedBody(body)).digest("base64")
  const text = [
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;",
    ` d=${domain};`,
    ` s=${selector}; t=${Math.floor(at / 1_000)};`,
    ` h=${inLines(names)};`,
    ` bh=${hash};`,
    " b="
  ].join("\r\n")
  return { key: "dkim-signature", text }
}

/** White space may stand before each colon of the list (RFC 6376, section 3.5). */
const inLines = (names: ReadonlyArray<string>): string => {
  let column = 3
  return names
    .map((each, index) => {
      const fits = column + each.length + 1 <= 76
      column = fits ? column + each.length + 1 : each.length + 2
      return index === 0 ? each : fits ? `:${each}` : `:\r\n ${each}`
    })
    .join("")
}

const foldedBase64 = (signature: Buffer): string => signature.toString("base64").replaceAll(/.{1,72}/g, "\r\n $&")

const whiteSpace = /[ \t]+/g

/** RFC 6376, section 3.4.2. */
const relaxedField = (field: HeaderField): string =>
  `${field.key}:${unfoldedValue(field).replaceAll(whiteSpace, " ").trim()}`

/** RFC 6376, section 3.4.4. Lines end with CRLF here, and a CR stands nowhere else: `readMessage` saw to it. */
export const relaxedBody = (body: Uint8Array): Uint8Array => {
  const relaxed = Buffer.allocUnsafe(body.length + 2)
  let length = 0
  let content = 0
  let space = false
  for (const octet of body) {
    if (octet === 0x20 || octet === 0x09) space = true
    else if (octet === 0x0d || octet === 0x0a) {
      space = false
      relaxed[length++] = octet
    } else {
      if (space) relaxed[length++] = 0x20
      space = false
      relaxed[length++] = octet
      content = length
    }
  }
  if (content === 0) return new Uint8Array()
  // Empty lines at the end do not count, and the last line has an end.
  relaxed[content] = 0x0d
  relaxed[content + 1] = 0x0a
  return relaxed.subarray(0, content + 2)
}
