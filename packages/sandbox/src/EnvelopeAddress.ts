/**
 * The addresses of an SMTP envelope, read from the command line as the client typed it. smtp-server hands its handlers
 * an address whose domain it has decoded to Unicode; a sink that reported that one would hide whether a client really
 * sent A-labels. So the sink reads the line itself, and is strict about it (RFC 5321 section 4.1.2).
 */
import { isIPv4, isIPv6 } from "node:net"

const envelopeCommand = /^(?:MAIL FROM|RCPT TO)\s*:\s*<([^<>]*)>/i
const dotString = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const hostName = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/
const addressLiteral = /^\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]$/i

/** What stands between the angle brackets of a MAIL or RCPT command, or `undefined` when there is no such thing. */
export const typedAddress = (line: string): string | undefined => envelopeCommand.exec(line)?.[1]

/**
 * Why an address is no deliverable mailbox, or `undefined` when it is one. Lengths in octets by RFC 5321 section
 * 4.5.3.1: local part 64, domain 253, both with the at sign 254. Quoted local parts and non-ASCII addresses (SMTPUTF8)
 * are not offered by this sink.
 */
export const mailboxFlaw = (address: string): string | undefined => {
  if (address.toLowerCase() === "postmaster") return undefined
  const at = address.lastIndexOf("@")
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)]
  if (at < 1 || domain === "") return "the address needs a local part and a domain"
  if (!dotString.test(local)) return "the local part is not an ASCII dot-string"
  if (local.length > 64) return "the local part is longer than 64 octets"
  if (address.length > 254) return "the address is longer than 254 octets"
  const literal = addressLiteral.exec(domain)?.[1]
  if (literal !== undefined)
    return isIPv4(literal) || isIPv6(literal) ? undefined : "the address literal is not an IP address"
  return hostName.test(domain) ? undefined : "the domain is not an ASCII host name"
}
