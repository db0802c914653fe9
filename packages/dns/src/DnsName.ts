/**
 * Names of the DNS as canonical text, in which equal text means equal labels: lower-case, without the trailing dot,
 * each octet that a host name cannot have escaped as in zone files (RFC 1035, section 5.1; RFC 4343, section 2.1). A
 * dot in a label is `\.`, any other such octet `\DDD`. The root is the empty string.
 *
 * Decoders that join labels with dots take the one label `token.k1` for two: names are read from the packet here.
 */

const longestName = 255
const longestLabel = 63
/** A name of a real packet has one or two. Each leads backwards, so that none can be a loop. */
const mostPointers = 32

const plainOctet = /[a-z0-9_-]/

const escapedOctet = (octet: number): string => {
  const character = String.fromCharCode(octet >= 65 && octet <= 90 ? octet + 32 : octet)
  if (plainOctet.test(character)) return character
  return character === "." ? "\\." : `\\${String(octet).padStart(3, "0")}`
}

const octets = Array.from({ length: 256 }, (_, octet) => escapedOctet(octet))

/** The labels of a canonical name. A backslash within one is escaped by its number, so it stands only before a dot. */
export const labelsOf = (name: string): ReadonlyArray<string> => (name === "" ? [] : name.split(/(?<!\\)\./))

/** Whether the name is the zone's apex or lies below it. */
export const isAtOrBelow = (name: string, zone: string): boolean => {
  if (zone === "" || name === zone) return true
  const above = labelsOf(zone)
  const labels = labelsOf(name)
  return labels.length > above.length && labels.slice(-above.length).join(".") === zone
}

/** The name and all names above it without the root, the longest first. */
export const namesUpwards = (name: string): ReadonlyArray<string> =>
  labelsOf(name).map((_, at, labels) => labels.slice(at).join("."))

/** The name for people: the root is a dot. */
export const shownName = (name: string): string => (name === "" ? "." : name)

/**
 * Reads a name as it is typed or as a record's value has it: in any case, with or without the trailing dot. `undefined`
 * for what is no name, and for an octet that no host name has unless it is escaped.
 */
export const canonicalName = (text: string): string | undefined => {
  if (text === "." || text === "") return text === "." ? "" : undefined
  const labels = [""]
  let length = 0
  let total = 1
  for (const [, number, quoted, dot, plain] of text.matchAll(/\\(\d{3})|\\(.)|(\.)|(.)/gsu)) {
    if (dot !== undefined) {
      if (length === 0) return undefined
      labels.push("")
      length = 0
      continue
    }
    const octet = number === undefined ? (quoted ?? plain ?? "").charCodeAt(0) : Number(number)
    const escaped = octets[octet]
    if (escaped === undefined || (plain !== undefined && escaped.length > 1)) return undefined
    labels.push(`${labels.pop() ?? ""}${escaped}`)
    length += 1
    total += length === 1 ? 2 : 1
    if (length > longestLabel || total > longestName) return undefined
  }
  if (length === 0) labels.pop()
  return labels.join(".")
}

/** A canonical name as in a packet, uncompressed. */
export const nameOctets = (name: string): Uint8Array => {
  const labels = labelsOf(name).map((label) =>
    Uint8Array.from(label.matchAll(/\\(\d{3})|\\(.)|(.)/gs), ([, number, quoted, plain]) =>
      number === undefined ? (quoted ?? plain ?? "").charCodeAt(0) : Number(number)
    )
  )
  return Uint8Array.from([...labels.flatMap((label) => [label.length, ...label]), 0])
}

/** Reads the name at an offset of a packet, and where it ends there. `undefined` when there is none. */
export const readName = (
  packet: Uint8Array,
  start: number
): { readonly name: string; readonly end: number } | undefined => {
  const labels: Array<string> = []
  let at = start
  let end: number | undefined
  // A pointer leads before the place where the current run of labels began (RFC 1035, section 4.1.4).
  let began = start
  let pointers = 0
  let total = 1
  while (true) {
    const length = packet[at]
    if (length === undefined) return undefined
    if (length === 0) return { name: labels.join("."), end: end ?? at + 1 }
    if (length >= 0xc0) {
      const low = packet[at + 1]
      const to = ((length & 0x3f) << 8) | (low ?? 0)
      pointers += 1
      if (low === undefined || to >= began || pointers > mostPointers) return undefined
      end ??= at + 2
      at = to
      began = to
      continue
    }
    total += length + 1
    if (length > longestLabel || total > longestName || at + 1 + length > packet.length) return undefined
    let label = ""
    for (const octet of packet.subarray(at + 1, at + 1 + length)) label += octets[octet]
    labels.push(label)
    at += 1 + length
  }
}
