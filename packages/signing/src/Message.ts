/**
 * A message that passed the rules (`readMessage`): its header fields as they were written, its body untouched, and the
 * one address that it says it is from.
 */
import type { EmailAddress } from "@countersign/core"
import type { Brand } from "effect"

/** A header field. The text is ASCII. */
export interface HeaderField {
  /** The name in lower case. */
  readonly key: string
  /** The whole field as it was written, with its folds, without the CRLF at its end. */
  readonly text: string
}

interface Parts {
  readonly fields: ReadonlyArray<HeaderField>
  /** Everything behind the empty line. */
  readonly body: Uint8Array
  /** The address in From. What senders are told by is `from.canonical`. */
  readonly from: EmailAddress
}

/** A message that `readMessage` accepted. */
export type Message = Parts & Brand.Brand<"Message">

/** A message that is complete, and says nothing that is not for its recipients: see `prepareMessage`. */
export type PreparedMessage = Parts & Brand.Brand<"PreparedMessage">

const foldedLine = /\r\n(?=[ \t])/g

/** What stands behind the colon, on one line (RFC 5322, section 2.2.3). */
export const unfoldedValue = ({ key, text }: HeaderField): string =>
  text.slice(key.length + 1).replaceAll(foldedLine, "")

/** The message in octets, with `first` before its header. */
export const messageOctets = ({ fields, body }: Message | PreparedMessage, first = ""): Uint8Array => {
  const header = fields.map(({ text }) => `${text}\r\n`).join("")
  return Buffer.concat([Buffer.from(`${first}${header}\r\n`, "latin1"), body])
}
