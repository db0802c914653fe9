/**
 * Messages of the DNS, octet by octet (RFC 1035, section 4; EDNS by RFC 6891): the question as it is sent, and whatever
 * comes back, which may be hostile. Nothing here throws: what cannot be read is `undefined`. Reading takes time in
 * proportion to the packet.
 */
import type { DnsRecordType } from "@countersign/core"
import { nameOctets, readName, shownName } from "./DnsName.ts"

/** A question to a server. */
export interface Question {
  /** Canonical (`DnsName.ts`). */
  readonly name: string
  readonly type: DnsRecordType
}

/** What a question is sent with. */
export interface QuestionFlags {
  readonly id: number
  readonly recursionDesired: boolean
  /** CD: the answer is wanted though DNSSEC may have failed (RFC 4035, section 3.2.2). */
  readonly checkingDisabled: boolean
  readonly edns: boolean
}

/** A record as it was read. Names are canonical; the value is as `SeenRecord` has it. */
export interface WireRecord {
  readonly owner: string
  readonly type: string
  /** Seconds. */
  readonly ttl: number
  readonly value: string
  /** The MINIMUM of a SOA record, in seconds. */
  readonly minimum?: number
}

/** An answer that could be read. */
export interface DnsMessage {
  /** With the upper bits that EDNS adds. */
  readonly rcode: number
  /** AA. */
  readonly authoritative: boolean
  /** RA. */
  readonly recursionAvailable: boolean
  readonly answers: ReadonlyArray<WireRecord>
  readonly authorities: ReadonlyArray<WireRecord>
  readonly additionals: ReadonlyArray<WireRecord>
}

const headerLength = 12
/** A packet of this size travels everywhere without being cut into fragments. */
const ednsPayload = 1232

const typeNumbers = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, DNAME: 39 } as const
const opt = 41
const typeNames = new Map<number, string>(Object.entries(typeNumbers).map(([name, number]) => [number, name]))
/** RRSIG, NSEC and NSEC3 stand beside any record of a signed zone: they say nothing about what was published. */
const signatures = new Set([46, 47, 50])

const rcodes = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]

/** Such as `SERVFAIL`; `RCODE 9` where the name says too little. */
export const rcodeName = (rcode: number): string => (rcode === 16 ? "BADVERS" : (rcodes[rcode] ?? `RCODE ${rcode}`))

/** The packet that asks the question. */
export const encodeQuestion = ({ name, type }: Question, flags: QuestionFlags): Uint8Array => {
  const bits = (flags.recursionDesired ? 0x0100 : 0) | (flags.checkingDisabled ? 0x0010 : 0)
  const header = Buffer.alloc(headerLength)
  for (const [at, word] of [flags.id, bits, 1, 0, 0, flags.edns ? 1 : 0].entries()) header.writeUInt16BE(word, at * 2)
  // The OPT record: the root, its type, our size as class, no flags (DO is 0), no options.
  const edns = flags.edns ? [0, 0, opt, ednsPayload >> 8, ednsPayload & 0xff, 0, 0, 0, 0, 0, 0] : []
  return Buffer.concat([header, nameOctets(name), Uint8Array.of(0, typeNumbers[type], 0, 1), Uint8Array.from(edns)])
}

/**
 * Whether a packet answers this question: its id, its QR bit, and the question in it, whose letters may be in any case.
 * A server that could not read the question may leave it out, but then it says nothing else either.
 */
export const answersQuestion = (packet: Uint8Array, { name, type }: Question, id: number): boolean => {
  if (packet.length < headerLength || word(packet, 0) !== id || (word(packet, 2) & 0xf800) !== 0x8000) return false
  if (word(packet, 4) === 0) return ![0, 3].includes(word(packet, 2) & 0xf)
  const read = readName(packet, headerLength)
  return (
    word(packet, 4) === 1 &&
    read?.name === name &&
    word(packet, read.end) === typeNumbers[type] &&
    word(packet, read.end + 2) === 1
  )
}

/** Whether a packet that answers the question was cut off (TC). */
export const isTruncated = (packet: Uint8Array): boolean => (word(packet, 2) & 0x0200) !== 0

/** Reads a packet that answers a question. */
export const decodeAnswer = (packet: Uint8Array): DnsMessage | undefined => {
  const flags = word(packet, 2)
  let at: number | undefined = headerLength
  if (word(packet, 4) === 1) {
    const asked = readName(packet, headerLength)
    if (asked === undefined) return undefined
    at = asked.end + 4
  }
  const sections: Array<Array<WireRecord>> = []
  let extended = 0
  for (const count of [word(packet, 6), word(packet, 8), word(packet, 10)]) {
    const records: Array<WireRecord> = []
    for (let read = 0; read < count; read++) {
      const next = readRecord(packet, at)
      if (next === undefined) return undefined
      at = next.end
      if (next.type === opt) extended = next.extendedRcode
      else if (next.record !== undefined) records.push(next.record)
    }
    sections.push(records)
  }
  const [answers = [], authorities = [], additionals = []] = sections
  return {
    rcode: (extended << 4) | (flags & 0xf),
    authoritative: (flags & 0x0400) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    answers,
    authorities,
    additionals
  }
}

/** Beyond the end of the packet it is 0: whoever needs more has compared the length. */
const word = (packet: Uint8Array, at: number): number => ((packet[at] ?? 0) << 8) | (packet[at + 1] ?? 0)
const longWord = (packet: Uint8Array, at: number): number => word(packet, at) * 0x1_0000 + word(packet, at + 2)

interface Read {
  readonly end: number
  readonly type: number
  readonly extendedRcode: number
  /** Absent for what is no record of the zone. */
  readonly record: WireRecord | undefined
}

const readRecord = (packet: Uint8Array, start: number): Read | undefined => {
  const owner = readName(packet, start)
  if (owner === undefined || owner.end + 10 > packet.length) return undefined
  const type = word(packet, owner.end)
  const data = owner.end + 10
  const end = data + word(packet, owner.end + 8)
  if (end > packet.length) return undefined
  const read = { end, type, extendedRcode: packet[owner.end + 4] ?? 0 }
  if (type === opt || signatures.has(type) || word(packet, owner.end + 2) !== 1) return { ...read, record: undefined }
  const value = readValue(packet, type, data, end)
  if (value === undefined) return undefined
  const seconds = longWord(packet, owner.end + 4)
  // A TTL with its highest bit set is zero (RFC 2181, section 8).
  const ttl = seconds > 0x7fff_ffff ? 0 : seconds
  const minimum = type === typeNumbers.SOA ? { minimum: longWord(packet, end - 4) } : {}
  return { ...read, record: { owner: owner.name, type: typeNames.get(type) ?? `TYPE${type}`, ttl, value, ...minimum } }
}

const readValue = (packet: Uint8Array, type: number, data: number, end: number): string | undefined => {
  switch (type) {
    case typeNumbers.A:
      return end - data === 4 ? packet.subarray(data, end).join(".") : undefined
    case typeNumbers.AAAA:
      return end - data === 16 ? addressText(packet, data) : undefined
    case typeNumbers.NS:
    case typeNumbers.CNAME:
    case typeNumbers.DNAME: {
      const target = readName(packet, data)
      return target?.end === end ? shownName(target.name) : undefined
    }
    case typeNumbers.MX: {
      const exchange = readName(packet, data + 2)
      return exchange?.end === end ? `${word(packet, data)} ${shownName(exchange.name)}` : undefined
    }
    case typeNumbers.SOA: {
      const primary = readName(packet, data)
      const mailbox = primary === undefined ? undefined : readName(packet, primary.end)
      if (primary === undefined || mailbox === undefined || mailbox.end + 20 !== end) return undefined
      const numbers = [0, 4, 8, 12, 16].map((at) => longWord(packet, mailbox.end + at))
      return [shownName(primary.name), shownName(mailbox.name), ...numbers].join(" ")
    }
    case typeNumbers.TXT:
      return readText(packet, data, end)
    default:
      // A type without a form of its own (RFC 3597, section 5).
      return `\\# ${end - data} ${Buffer.from(packet.subarray(data, end)).toString("hex")}`.trimEnd()
  }
}

/** In the canonical form (RFC 5952), as `node:dns` has it. */
const addressText = (packet: Uint8Array, at: number): string => {
  const groups = Array.from({ length: 8 }, (_, group) => word(packet, at + group * 2).toString(16))
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1)
}

/** The strings of a text joined. */
const readText = (packet: Uint8Array, data: number, end: number): string | undefined => {
  const strings: Array<string> = []
  let at = data
  while (at < end) {
    const next = at + 1 + (packet[at] ?? 0)
    if (next > end) return undefined
    strings.push(printable(packet.subarray(at + 1, next)))
    at = next
  }
  return strings.join("")
}

/** Text whose octets outside of printable ASCII are escaped. */
export const printable = (text: Uint8Array): string =>
  Array.from(text, (octet) =>
    octet >= 32 && octet <= 126 ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, "0")}`
  ).join("")
