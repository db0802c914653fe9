/**
 * What is done to a message before it is signed: fields go that only its author may see or that we alone may set, and
 * the two come that every message has.
 */
import { Brand } from "effect"
import { type HeaderField, type Message, type PreparedMessage, unfoldedValue } from "./Message.ts"

/** What a message is completed with, as data. */
export interface Preparation {
  /** The domain that is going to sign; `undefined` when the message leaves here unsigned. Lower-case A-labels. */
  readonly domain: string | undefined
  /** For a missing Date: milliseconds since the epoch. */
  readonly at: number
  /** For a missing Message-ID: what stands before its at sign, a dot-atom such as a UUID. The rest is From's domain. */
  readonly id: string
}

const prepared = Brand.nominal<PreparedMessage>()
const dropped = new Set(["bcc", "return-path"])
const dotAtom = /^[\w-]+(?:\.[\w-]+)*$/

/**
 * Takes out Bcc, Return-Path and what claims to be a signature of `domain`; adds Date and Message-ID where there is
 * none. An id that is not a dot-atom is a defect and throws.
 */
export const prepareMessage = ({ fields, body, from }: Message, { domain, at, id }: Preparation): PreparedMessage => {
  if (!dotAtom.test(id)) throw new RangeError("The id for a Message-ID must be a dot-atom.")
  const kept = fields.filter((field) => !dropped.has(field.key) && !isSignatureOf(field, domain))
  const added = [
    { key: "date", text: `Date: ${new Date(at).toUTCString().replace("GMT", "+0000")}` },
    { key: "message-id", text: `Message-ID: <${id}@${from.domain}>` }
  ].filter(({ key }) => !kept.some((field) => field.key === key))
  return prepared({ fields: [...kept, ...added], body, from })
}

const spaces = /[ \t]/g

const isSignatureOf = (field: HeaderField, domain: string | undefined): boolean =>
  field.key === "dkim-signature" &&
  unfoldedValue(field)
    .replaceAll(spaces, "")
    .split(";")
    .some((tag) => tag.toLowerCase() === `d=${domain}`)
