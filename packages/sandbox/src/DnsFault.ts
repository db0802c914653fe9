/**
 * The misbehaviour that the DNS server can be told to show, by name and type and number of queries. A loop of aliases
 * needs no fault: two CNAME records make one.
 */
import { AUTHORITATIVE_ANSWER, encode, type Packet } from "dns-packet"
import type { Duration } from "effect"
import { bare, type DnsQuestion, onWire, sizeLimit, truncated } from "./DnsAnswer.ts"
import { wire } from "./DnsLookup.ts"
import { normalName } from "./DnsName.ts"
import type { DnsRecord, DnsRecordType } from "./DnsZone.ts"
import type { Limited } from "./FaultScript.ts"

/** How a question came. */
export type DnsTransport = "udp" | "tcp"

/** When a fault strikes. With a share, a `timeout` loses answers, a `servfail` fails now and then. */
interface Strikes extends Limited {
  /** The name asked for, or `*` for every name. */
  readonly name: string
  /** Only for this type; absent: for all. */
  readonly type?: DnsRecordType | "SOA"
  /** Only over this transport; absent: over both. */
  readonly transport?: DnsTransport
  /** For so many queries, each transport's counted; absent: always. */
  readonly times?: number
}

/** The server fails, refuses, cannot read the question, or knows no such operation. */
export interface DnsRcodeFault extends Strikes {
  readonly kind: "servfail" | "refused" | "formerr" | "notimp"
}

/** No answer at all. */
export interface DnsTimeoutFault extends Strikes {
  readonly kind: "timeout"
}

/**
 * Over UDP an answer that says it is cut off. Over TCP then the whole answer, or with `tcp: "reset"` a connection that
 * is reset at the question.
 */
export interface DnsTruncateFault extends Strikes {
  readonly kind: "truncate"
  readonly tcp?: "answer" | "reset"
}

/** The right answer under an id that was not asked for. */
export interface DnsWrongIdFault extends Strikes {
  readonly kind: "wrongId"
}

/**
 * The answer is about the name `instead`, as the zone has it: with `wrongQuestion` the question in the packet is that
 * one too, with `wrongOwner` the question is repeated rightly and only the records belong to somebody else.
 */
export interface DnsLieFault extends Strikes {
  readonly kind: "wrongQuestion" | "wrongOwner"
  readonly instead: string
}

/** Bytes that are no answer. By default a header that fits the question, and rubbish behind it. */
export interface DnsGarbageFault extends Strikes {
  readonly kind: "garbage"
  readonly bytes?: Uint8Array
}

/**
 * The answer comes late: after `wait`, or without one when the server's `release` is called. Faults further down the
 * list then decide what the answer is.
 */
export interface DnsSlowFault extends Strikes {
  readonly kind: "slow"
  readonly wait?: Duration.Input
}

/** The server knows only whom to ask instead, as one that is not recursive: NS records of that zone, and no AA. */
export interface DnsReferFault extends Strikes {
  readonly kind: "refer"
  readonly zone: string
  readonly nameServers: ReadonlyArray<string>
}

/**
 * The server says with authority what the zone does not hold: these records at the name, of whatever types, or that
 * there is no such name. They are not checked.
 */
export interface DnsForgeFault extends Strikes {
  readonly kind: "forge"
  readonly answer: "NXDOMAIN" | ReadonlyArray<Pick<DnsRecord, "type" | "value">>
}

/** The right answer without authority (AA): the server is lame. */
export interface DnsLameFault extends Strikes {
  readonly kind: "lame"
}

/** What the server can be told to do wrong. */
export type DnsFault =
  | DnsRcodeFault
  | DnsTimeoutFault
  | DnsTruncateFault
  | DnsWrongIdFault
  | DnsLieFault
  | DnsGarbageFault
  | DnsReferFault
  | DnsForgeFault
  | DnsLameFault
  | DnsSlowFault

/** What is done about a query: bytes to send, silence, or a connection to reset. */
export type Reaction = { readonly send: Buffer } | "silence" | "reset"

/** Whether a fault strikes at this question. */
export const strikes =
  (asked: DnsQuestion, transport: DnsTransport) =>
  (fault: DnsFault): boolean =>
    (fault.name === "*" || normalName(fault.name) === normalName(asked.question.name)) &&
    (fault.type === undefined || fault.type === asked.question.type) &&
    (fault.transport === undefined || fault.transport === transport) &&
    !(fault.kind === "truncate" && fault.tcp !== "reset" && transport === "tcp")

const garbage = (asked: DnsQuestion): Buffer => {
  const bytes = Buffer.alloc(64, 0xff)
  // The id, QR and AA, one question and one answer: it looks like an answer until the names are read.
  bytes.writeUInt16BE(asked.id, 0)
  bytes.writeUInt16BE(0x8400, 2)
  bytes.writeUInt16BE(1, 4)
  bytes.writeUInt16BE(1, 6)
  bytes.writeUInt32BE(0, 8)
  return bytes
}

const rcodeOf = { servfail: "SERVFAIL", refused: "REFUSED", formerr: "FORMERR", notimp: "NOTIMP" } as const

/** A packet as it goes to a client, or what else is done about a query. */
export const onSocket = (
  said: { readonly packet: Packet } | Reaction,
  asked: DnsQuestion,
  via: DnsTransport
): Reaction =>
  typeof said === "object" && "packet" in said ? { send: onWire(said.packet, sizeLimit(asked, via)) } : said

/** What the server does under a fault. `honest` answers any question as the zone would. */
export const reaction = (
  fault: Exclude<DnsFault, DnsSlowFault>,
  asked: DnsQuestion,
  transport: DnsTransport,
  honest: (asked: DnsQuestion) => Packet
): { readonly packet: Packet } | Reaction => {
  const send = (packet: Packet) => ({ packet })
  switch (fault.kind) {
    case "servfail":
    case "refused":
    case "formerr":
    case "notimp":
      return send(bare(asked, rcodeOf[fault.kind]))
    case "timeout":
      return "silence"
    case "truncate":
      return transport === "tcp" ? "reset" : { send: encode(truncated(honest(asked))) }
    case "wrongId":
      return send({ ...honest(asked), id: asked.id ^ 0x5555 })
    case "wrongQuestion":
    case "wrongOwner": {
      const other = honest({ ...asked, question: { ...asked.question, name: fault.instead } })
      return send(fault.kind === "wrongQuestion" ? other : { ...other, questions: [asked.question] })
    }
    case "refer": {
      const authorities = fault.nameServers.map((value) => wire({ type: "NS", value, ttl: 3600 }, fault.zone))
      return send({ ...bare(asked, "NOERROR"), authorities })
    }
    case "forge": {
      const reply = bare(asked, fault.answer === "NXDOMAIN" ? "NXDOMAIN" : "NOERROR")
      const records = fault.answer === "NXDOMAIN" ? [] : fault.answer
      const answers = records.map((record) => wire({ ...record, ttl: 0 }, asked.question.name))
      return send({ ...reply, flags: (reply.flags ?? 0) | AUTHORITATIVE_ANSWER, answers })
    }
    case "lame": {
      const right = honest(asked)
      return send({ ...right, flags: (right.flags ?? 0) & ~AUTHORITATIVE_ANSWER })
    }
    case "garbage":
      return { send: fault.bytes === undefined ? garbage(asked) : Buffer.from(fault.bytes) }
  }
}
