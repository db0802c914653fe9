/**
 * Names of the sandbox's DNS: lower-cased, without the trailing dot, in ASCII. The zone stores and compares names in
 * this form only. The targets of records may besides hold any octet, escaped as in a zone file: `\.` is a dot inside of
 * a label, `\032` a space (RFC 1035, section 5.1).
 */
import { isIP } from "node:net"

const label = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/

/** The form in which names are compared (RFC 4343: case does not matter). The root is the empty string. */
export const normalName = (name: string): string => name.toLowerCase().replace(/\.$/, "")

/** The labels of a name that may have escapes, each as its octets. */
const labelsOf = (name: string): ReadonlyArray<Buffer> => {
  const labels: Array<Array<number>> = [[]]
  for (const [part, decimal, octet] of name.matchAll(/\\(\d{3})|\\(.)|[\s\S]/gu)) {
    if (part === ".") labels.push([])
    else labels.at(-1)?.push(...(decimal === undefined ? Buffer.from(octet ?? part) : [Number(decimal) & 0xff]))
  }
  if (labels.at(-1)?.length === 0) labels.pop()
  return labels.map((label) => Buffer.from(label))
}

/** A name as it travels: each label behind its length, and the empty one of the root (RFC 1035, section 3.1). */
export const nameBytes = (name: string): Buffer =>
  Buffer.concat([...labelsOf(name).flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)])

/** Why a text is no target of a record, or `undefined` when it is one: as for a name, but octets may be escaped. */
export const targetFlaw = (target: string): string | undefined => {
  if (!target.includes("\\")) return nameFlaw(target)
  if (nameBytes(target).length > 255) return "is longer than 253 octets"
  const lengths = labelsOf(target).map((label) => label.length)
  if (lengths.includes(0)) return "has an empty label"
  return lengths.some((length) => length > 63) ? "has a label longer than 63 octets" : undefined
}

/**
 * Why a text is no name for the zone, or `undefined` when it is one (RFC 1035 section 2.3.4). Underscores are allowed,
 * and an asterisk as the first label (RFC 4592).
 */
export const nameFlaw = (name: string): string | undefined => {
  const normal = normalName(name)
  if (normal === "") return "is empty"
  if (isIP(normal) !== 0) return "is an IP address, not a name"
  if (normal.length > 253) return "is longer than 253 octets"
  for (const [index, part] of normal.split(".").entries()) {
    if (part === "*" && index === 0) continue
    if (part === "") return "has an empty label"
    if (part.length > 63) return `has a label longer than 63 octets: ${part.slice(0, 20)}...`
    if (!label.test(part)) return `has a label with something else than a-z, 0-9, "-" and "_": ${part}`
  }
  return undefined
}
