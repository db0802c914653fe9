/**
 * Why a message is not signed and not passed on: a stable code and one sentence for whoever wrote the program that made
 * the message. The sentence never quotes the message: what was refused may hold control characters.
 */
import { Schema, Struct } from "effect"

const sentences = {
  nul: "The message contains a NUL octet: remove it, or encode the part as base64.",
  "bare-line-break": "The message contains a CR or LF that stands alone: end every line with CRLF.",
  "line-too-long":
    "The message contains a line of more than 998 octets: fold it, or encode the part as quoted-printable or base64.",
  "header-8-bit": "The header contains an octet that is not ASCII: write it as an encoded word (RFC 2047).",
  "header-control-character": "The header contains a control character: remove it.",
  "header-colon-space": "There is white space before the colon of a header field: remove it.",
  "header-blank-fold": "A header field is folded onto a line of white space only: remove the line.",
  "header-malformed":
    "The header contains a line that is not a header field: write the fields as `Name: value`, and an empty line after them.",
  "header-repeated":
    "A field that may stand once stands twice: write one From, Sender, Reply-To, To, Cc, Subject, Date and Message-ID each at most.",
  "header-resent": "The header contains a Resent field: send the message as a new one.",
  "from-missing": "The header contains no From field: add one.",
  "from-syntax":
    "From must be one address in fewer than 1,000 characters, as in `name@example.com` or `Name <name@example.com>`: no lists, groups, comments, routes or quoted local parts.",
  "from-address": "The address in From is not a valid address of a public domain: correct it.",
  "from-name-encoding":
    "The name in From cannot be decoded: write it in UTF-8, as encoded words that are complete (RFC 2047).",
  "from-name-character":
    "The name in From contains a control character or one that changes the direction of text: remove it.",
  "from-name-address": "The name in From contains an at sign but is not the address in From: remove it from the name.",
  "sender-not-from": "Sender must be the address in From: remove the field."
} as const

/** The stable code of a refusal. A code is never renamed and never changes its meaning. */
export type MessageRefusedCode = keyof typeof sentences

/** The message must not be signed or passed on. */
export class MessageRefused extends Schema.TaggedError<MessageRefused>()("MessageRefused", {
  code: Schema.Literals(Struct.keys(sentences)),
  /** What is wrong and how to put it right, in one sentence. */
  message: Schema.String
}) {
  /** The enhanced status code (RFC 3463, section 3.7): the content is at fault. It goes with the reply 550. */
  readonly enhancedCode = "5.6.0"
}

/** The refusal with the given code. */
export const refused = (code: MessageRefusedCode): MessageRefused =>
  new MessageRefused({ code, message: sentences[code] })
