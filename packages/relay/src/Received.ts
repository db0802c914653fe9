/**
 * The Received line that the relay adds (RFC 5321, section 4.4), and the count of those that are there: a message that
 * comes round again and again has to stop somewhere (section 6.3).
 */

/** Whom a message came from. */
export interface Hop {
  /** What the client called itself. */
  readonly helo: string
  /** The client's IP address. */
  readonly address: string
  /** How the relay calls itself. */
  readonly by: string
  /** `ESMTPA`, or `ESMTPSA` over TLS (RFC 3848). */
  readonly protocol: string
  readonly id: string
  readonly at: Date
}

const atom = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/

/** The line, with its CRLF. It names neither the account nor a recipient: receivers need to know of neither. */
export const receivedLine = ({ helo, address, by, protocol, id, at }: Hop): Uint8Array => {
  const literal = address.includes(":") ? `[IPv6:${address}]` : `[${address}]`
  // What a client calls itself may be anything.
  const from = helo.length <= 253 && atom.test(helo) ? helo : literal
  const date = at.toUTCString().replace("GMT", "+0000")
  return Buffer.from(`Received: from ${from} (${literal})\r\n\tby ${by} with ${protocol} id ${id};\r\n\t${date}\r\n`)
}

/** How many Received lines a message has. */
export const countReceived = (message: Uint8Array): number => {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const end = bytes.indexOf("\r\n\r\n")
  return bytes.toString("latin1", 0, end === -1 ? bytes.length : end).match(/^received[ \t]*:/gim)?.length ?? 0
}
