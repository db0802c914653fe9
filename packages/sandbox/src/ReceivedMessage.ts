/**
 * A mail that the SMTP sink has received: the envelope as it was typed and the content decoded. Plain JSON data, so
 * that a server can store a sink's messages and give them back to the next one.
 */
import { Data, Effect } from "effect"
import PostalMime, { type Email } from "postal-mime"

export interface ReceivedMessage {
  /** Unique within a sink and the messages restored into it; a later message has a higher number. */
  readonly id: string
  /** The bare address of MAIL FROM as typed; empty for the null reverse-path `<>`. The From header is in `headers`. */
  readonly from: string
  /** The bare addresses of the accepted RCPT TO commands, exactly as typed and in order. */
  readonly to: ReadonlyArray<string>
  /** Decoded (RFC 2047); empty without a Subject header. */
  readonly subject: string
  /** The decoded text/plain part; empty when there is none. */
  readonly text: string
  /** The decoded text/html part; empty when there is none. */
  readonly html: string
  /** ISO 8601, UTC. */
  readonly receivedAt: string
  /** Lower-cased name to its unfolded, otherwise unprocessed values in the order of the message. */
  readonly headers: Readonly<Record<string, ReadonlyArray<string>>>
  /** The Message-ID header with its angle brackets; empty when there is none. */
  readonly messageId: string
  /** The whole message after dot-unstuffing, read as UTF-8. */
  readonly raw: string
  /** Whether it came over TLS. */
  readonly secure: boolean
  /** The user that had authenticated, if any. */
  readonly user: string | null
}

/** What is known of a message before its content is read. */
export interface Envelope {
  readonly from: string
  readonly to: ReadonlyArray<string>
  readonly secure: boolean
  readonly user: string | null
}

/** The bytes after DATA are no message that can be decoded, such as parts nested without end. */
export class MessageUnreadable extends Data.TaggedError("MessageUnreadable")<{ readonly cause: unknown }> {}

const headerValues = (email: Email): Record<string, ReadonlyArray<string>> =>
  Object.fromEntries(
    Array.from(
      Map.groupBy(email.headers, (header) => header.key),
      ([name, headers]) => [name, headers.map((header) => header.value)]
    )
  )

/** Decodes a message (RFC 5322, MIME). */
export const read = (
  bytes: Uint8Array,
  envelope: Envelope,
  stamp: { readonly id: string; readonly receivedAt: string }
): Effect.Effect<ReceivedMessage, MessageUnreadable> =>
  Effect.tryPromise({
    try: () => PostalMime.parse(bytes),
    catch: (cause) => new MessageUnreadable({ cause })
  }).pipe(
    Effect.map((email) => ({
      id: stamp.id,
      from: envelope.from,
      to: envelope.to,
      subject: email.subject ?? "",
      text: email.text ?? "",
      html: email.html ?? "",
      receivedAt: stamp.receivedAt,
      headers: headerValues(email),
      messageId: email.messageId ?? "",
      raw: new TextDecoder().decode(bytes),
      secure: envelope.secure,
      user: envelope.user
    }))
  )
