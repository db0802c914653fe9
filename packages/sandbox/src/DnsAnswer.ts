/**
 * From a query packet to the answer, purely: how a server reads a question, and the packet in which it says what it
 * looked up (`DnsLookup.ts`). Nothing here throws on a hostile packet.
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
import { type Authority, look } from "./DnsLookup.ts"

/** Response codes (RFC 1035 section 4.1.1; YXDOMAIN: RFC 6672 section 3.2). */
const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, YXDOMAIN: 6 } as const
/** A response code by its name. */
export type Rcode = keyof typeof rcodes

/** A query that was understood. */
export interface DnsQuestion {
  readonly id: number
  readonly question: Question
  readonly recursionDesired: boolean
  /** The client wants data that DNSSEC says is bogus (CD, RFC 4035 section 3.2.2). */
  readonly checkingDisabled: boolean
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
const checkingDisabled = 1 << 4
const serverPayloadSize = 1232

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
      checkingDisabled: (flags & checkingDisabled) !== 0,
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

/** The honest answer of a server with these zones. */
export const answer = (authority: Authority, asked: DnsQuestion): Packet => {
  const { question } = asked
  // BADVERS is 16: 1 in the extended part, 0 in the header (RFC 6891 section 6.1.3).
  if (asked.edns !== undefined && asked.edns.version > 0) {
    return { ...bare(asked, "NOERROR"), additionals: [optRecord(1)] }
  }
  if (question.class !== "IN" && question.class !== "ANY") return bare(asked, "REFUSED")
  if (question.type === "AXFR" || question.type === "IXFR") return bare(asked, "REFUSED")
  const { authoritative, additionals, rcode, ...sections } = look(authority, question)
  const reply = bare(asked, rcode)
  return {
    ...reply,
    ...sections,
    flags: (reply.flags ?? 0) | (authoritative ? AUTHORITATIVE_ANSWER : 0),
    additionals: [...additionals, ...(reply.additionals ?? [])]
  }
}

/** An answer without its records, marked as cut off: ask again over TCP (RFC 1035 section 4.1.1, TC). */
export const truncated = ({ answers: _answers, authorities: _authorities, ...packet }: Packet): Packet => ({
  ...packet,
  additionals: (packet.additionals ?? []).filter(({ type }) => type === "OPT"),
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
