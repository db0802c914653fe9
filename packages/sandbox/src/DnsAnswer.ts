/**
 * From a query packet to the answer, purely: the sandbox's DNS server is the authority for the root zone and so for
 * every name. Missing names are answered NXDOMAIN, missing types NOERROR without records, both with the zone's SOA
 * (RFC 2308), and CNAME chains are followed inside the zone (RFC 1034 section 4.3.2). Nothing here throws on a hostile
 * packet.
 */
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  type Question,
  TRUNCATED_RESPONSE
} from "dns-packet"
import { normalName } from "./DnsName.ts"
import { type DnsRecord, type DnsZone, isEmptyNonTerminal, isRecordType } from "./DnsZone.ts"

/** Response codes (RFC 1035 section 4.1.1). */
const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const
export type Rcode = keyof typeof rcodes

/** A query that was understood. */
export interface DnsQuestion {
  readonly id: number
  readonly question: Question
  readonly recursionDesired: boolean
  /** The largest answer over UDP that the client takes, when it speaks EDNS (RFC 6891). */
  readonly edns: { readonly udpPayloadSize: number; readonly version: number } | undefined
}

/** What a packet turned out to be. */
export type Heard =
  | { readonly kind: "question"; readonly asked: DnsQuestion }
  /** To be answered with this code and nothing else. */
  | { readonly kind: "refused"; readonly id: number; readonly rcode: Rcode }
  /** Too short to have an id, or itself an answer: answering could start a loop. */
  | { readonly kind: "ignored" }

const headerLength = 12
const recursionDesired = 1 << 8
const serverPayloadSize = 1232
const longestChain = 16

const decoded = (bytes: Buffer): Packet | undefined => {
  try {
    return decode(bytes)
  } catch {
    // dns-packet throws on every malformed packet; "malformed" is all there is to know.
    return undefined
  }
}

/**
 * Whether the question reads back as the bytes it came from: a label may hold a dot or no text, and then it does not.
 */
const readsBack = (question: Question, bytes: Buffer): boolean => {
  const again = encode({ type: "query", questions: [question] }).subarray(headerLength)
  return again.equals(bytes.subarray(headerLength, headerLength + again.length))
}

/** Reads a packet as a server does. */
export const hear = (bytes: Buffer): Heard => {
  if (bytes.length < headerLength || (bytes.readUInt16BE(2) & 0x8000) !== 0) return { kind: "ignored" }
  const id = bytes.readUInt16BE(0)
  const flags = bytes.readUInt16BE(2)
  if (((flags >> 11) & 0xf) !== 0) return { kind: "refused", id, rcode: "NOTIMP" }
  const packet = decoded(bytes)
  const [question, ...more] = packet?.questions ?? []
  const options = (packet?.additionals ?? []).filter((record) => record.type === "OPT")
  if (question === undefined || more.length > 0 || options.length > 1 || !readsBack(question, bytes)) {
    return { kind: "refused", id, rcode: "FORMERR" }
  }
  const [opt] = options
  return {
    kind: "question",
    asked: {
      id,
      question,
      recursionDesired: (flags & recursionDesired) !== 0,
      edns: opt === undefined ? undefined : { udpPayloadSize: opt.udpPayloadSize, version: opt.ednsVersion }
    }
  }
}

/** An answer with a code and no records. */
export const bare = (asked: DnsQuestion, rcode: Rcode): Packet => ({
  type: "response",
  id: asked.id,
  flags: (asked.recursionDesired ? recursionDesired : 0) | rcodes[rcode],
  questions: [asked.question],
  ...(asked.edns === undefined ? {} : { additionals: [optRecord(0)] })
})

/** The answer to a packet that was not understood as a question. */
export const refusal = (id: number, rcode: Rcode): Buffer => encode({ type: "response", id, flags: rcodes[rcode] })

const optRecord = (extendedRcode: number): Answer => ({
  type: "OPT",
  name: ".",
  udpPayloadSize: serverPayloadSize,
  extendedRcode,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: []
})

/** Texts travel in strings of at most 255 octets (RFC 1035 section 3.3). */
const textStrings = (text: string): Array<Buffer> => {
  const bytes = Buffer.from(text)
  const strings: Array<Buffer> = []
  for (let start = 0; start === 0 || start < bytes.length; start += 255)
    strings.push(bytes.subarray(start, start + 255))
  return strings
}

const wire = (record: DnsRecord, owner: string): Answer => {
  const { ttl, type, value } = record
  if (type === "TXT") return { name: owner, type, ttl, data: textStrings(value) }
  if (type !== "MX") return { name: owner, type, ttl, data: value }
  const [preference, exchange = "."] = value.split(" ")
  return { name: owner, type, ttl, data: { preference: Number(preference), exchange } }
}

/** The root's SOA; its TTL of 0 keeps resolvers from remembering what is missing (RFC 2308 section 5). */
const soa = (serial: number): Answer => ({
  name: ".",
  type: "SOA",
  ttl: 0,
  data: {
    mname: "ns.sandbox.invalid",
    rname: "hostmaster.sandbox.invalid",
    serial,
    refresh: 3600,
    retry: 600,
    expire: 86_400,
    minimum: 0
  }
})

interface Found {
  readonly rcode: Rcode
  readonly answers: Array<Answer>
  readonly authorities: Array<Answer>
}

const apex = (type: string, serial: number): Found => {
  const ns: Answer = { name: ".", type: "NS", ttl: 0, data: "ns.sandbox.invalid" }
  const answers = [
    ...(type === "SOA" || type === "ANY" ? [soa(serial)] : []),
    ...(type === "NS" || type === "ANY" ? [ns] : [])
  ]
  return { rcode: "NOERROR", answers, authorities: answers.length === 0 ? [soa(serial)] : [] }
}

const look = (zone: DnsZone, serial: number, question: Question): Found => {
  const { type } = question
  const answers: Array<Answer> = []
  const missing = (rcode: Rcode): Found => ({ rcode, answers, authorities: [soa(serial)] })
  const seen = new Set<string>()
  let owner = question.name
  while (!seen.has(normalName(owner)) && seen.size < longestChain) {
    const name = normalName(owner)
    seen.add(name)
    if (name === "") return apex(type, serial)
    const types = zone.get(name)
    if (types === undefined) return missing(isEmptyNonTerminal(zone, name) ? "NOERROR" : "NXDOMAIN")
    const own = isRecordType(type) ? (types.get(type) ?? []) : String(type) === "ANY" ? [...types.values()].flat() : []
    const aliases = own.length > 0 ? [] : (types.get("CNAME") ?? [])
    for (const record of [...own, ...aliases]) answers.push(wire(record, owner))
    if (own.length > 0) return { rcode: "NOERROR", answers, authorities: [] }
    const [alias] = aliases
    if (alias === undefined) return missing("NOERROR")
    owner = alias.value
  }
  // The chain bites its tail or has no end: what there is of it, as authoritative servers answer.
  return { rcode: "NOERROR", answers, authorities: [] }
}

/** The honest answer. `serial` is the zone's version. */
export const answer = (zone: DnsZone, serial: number, asked: DnsQuestion): Packet => {
  const { question } = asked
  // BADVERS is 16: 1 in the extended part, 0 in the header (RFC 6891 section 6.1.3).
  if (asked.edns !== undefined && asked.edns.version > 0) {
    return { ...bare(asked, "NOERROR"), additionals: [optRecord(1)] }
  }
  if (question.class !== "IN" && question.class !== "ANY") return bare(asked, "REFUSED")
  if (question.type === "AXFR" || question.type === "IXFR") return bare(asked, "REFUSED")
  const found = look(zone, serial, question)
  const reply = bare(asked, found.rcode)
  return {
    ...reply,
    flags: (reply.flags ?? 0) | AUTHORITATIVE_ANSWER,
    answers: found.answers,
    authorities: found.authorities
  }
}

/** An answer without its records, marked as cut off: ask again over TCP (RFC 1035 section 4.1.1, TC). */
export const truncated = ({ answers: _answers, authorities: _authorities, ...packet }: Packet): Packet => ({
  ...packet,
  flags: (packet.flags ?? 0) | TRUNCATED_RESPONSE
})

/** The largest packet that may be sent: what UDP and the client allow, or what the length of a TCP frame can say. */
export const sizeLimit = (asked: DnsQuestion, transport: "udp" | "tcp"): number =>
  transport === "tcp" ? 65_535 : Math.max(512, Math.min(asked.edns?.udpPayloadSize ?? 512, serverPayloadSize))

/** The packet on the wire, truncated when it is larger than the limit. */
export const onWire = (packet: Packet, limit: number): Buffer => {
  const bytes = encode(packet)
  return bytes.length <= limit ? bytes : encode(truncated(packet))
}
