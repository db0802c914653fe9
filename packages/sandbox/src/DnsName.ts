/**
 * Names of the sandbox's DNS: lower-cased, without the trailing dot, in ASCII. The zone stores and compares names in
 * this form only.
 */
import { isIP } from "node:net"

const label = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/

/** The form in which names are compared (RFC 4343: case does not matter). The root is the empty string. */
export const normalName = (name: string): string => name.toLowerCase().replace(/\.$/, "")

/** Why a text is no name for the zone, or `undefined` when it is one (RFC 1035 section 2.3.4; underscores allowed). */
export const nameFlaw = (name: string): string | undefined => {
  const normal = normalName(name)
  if (normal === "") return "is empty"
  if (isIP(normal) !== 0) return "is an IP address, not a name"
  if (normal.length > 253) return "is longer than 253 octets"
  for (const part of normal.split(".")) {
    if (part === "") return "has an empty label"
    if (part.length > 63) return `has a label longer than 63 octets: ${part.slice(0, 20)}...`
    if (!label.test(part)) return `has a label with something else than a-z, 0-9, "-" and "_": ${part}`
  }
  return undefined
}
