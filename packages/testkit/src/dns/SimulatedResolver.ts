/**
 * A recursive resolver in the simulation. It keeps what it heard: records for their TTL, a no for the lesser of the
 * SOA's TTL and MINIMUM (RFC 2308, section 5), by the time that it is given. It asks the servers of a zone one after
 * another until one gives an answer that can be used; when none does, it answers SERVFAIL.
 */
import { type Answer, bare, type DnsQuestion, normalName, type Packet } from "@countersign/sandbox/dns"

/** What a resolver asks. Answers `undefined` when nothing comes back. */
export interface Upstream {
  /** The addresses of the servers of the zone that the name is in, or that there is no such zone. */
  readonly serversOf: (
    name: string
  ) => { readonly bogus: boolean; readonly addresses: ReadonlyArray<string> } | undefined
  /** The records that the names of servers have without a zone. */
  readonly addressOf: (name: string) => string | undefined
  readonly ask: (address: string, asked: DnsQuestion, at: number) => Packet | undefined
}

type DnsRecord = Exclude<Answer, { readonly type: "OPT" }>

interface Known {
  readonly missing: boolean
  readonly records: ReadonlyArray<DnsRecord>
  readonly soa: DnsRecord | undefined
  readonly since: number
  /** Seconds. */
  readonly ttl: number
}

const recursionAvailable = 1 << 7
const longestChain = 16

const rcodeOf = ({ flags = 0 }: Packet): number => flags & 0xf
// An alias whose target has escaped octets comes as raw bytes: see `wire` in the sandbox.
const isAlias = ({ type }: Answer): boolean => type === "CNAME" || String(type) === "UNKNOWN_5"

/** A resolver with its cache. */
export class SimulatedResolver {
  readonly #cache = new Map<string, Known>()
  readonly #upstream: Upstream

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  /** Forgets everything. */
  flush(): void {
    this.#cache.clear()
  }

  /** The answer to a question at a time. */
  answer(asked: DnsQuestion, at: number): Packet {
    const { type } = asked.question
    const answers: Array<Answer> = []
    let owner = asked.question.name
    for (let hop = 0; hop < longestChain; hop++) {
      const known = this.#look({ ...asked, question: { ...asked.question, name: owner } }, at)
      if (known === undefined) return available(bare(asked, "SERVFAIL"))
      const left = known.ttl - Math.floor((at - known.since) / 1000)
      for (const record of known.records) answers.push({ ...record, name: owner, ttl: left })
      const [alias] = known.records.filter(isAlias)
      const ends = alias === undefined || type === "CNAME" || alias.type !== "CNAME"
      if (ends) {
        const soa = known.soa === undefined ? [] : [{ ...known.soa, ttl: left }]
        return { ...available(bare(asked, known.missing ? "NXDOMAIN" : "NOERROR")), answers, authorities: soa }
      }
      owner = alias.data
    }
    return available(bare(asked, "SERVFAIL"))
  }

  /** What the cache or somebody else knows of exactly this name. */
  #look(asked: DnsQuestion, at: number): Known | undefined {
    const name = normalName(asked.question.name)
    const zone = this.#upstream.serversOf(name)
    if (zone?.bogus === true && !asked.checkingDisabled) return undefined
    const fresh = (key: string) => {
      const known = this.#cache.get(key)
      return known !== undefined && at < known.since + known.ttl * 1000 ? known : undefined
    }
    const alias = fresh(`${name} CNAME`)
    const known = fresh(`${name} ${asked.question.type}`) ?? ((alias?.records.length ?? 0) > 0 ? alias : undefined)
    if (known !== undefined) return known
    const heard = zone === undefined ? this.#outside(asked, at) : this.#ask(asked, zone.addresses, at)
    if (heard === undefined) return undefined
    const type = heard.records.some(isAlias) ? "CNAME" : asked.question.type
    this.#cache.set(`${name} ${type}`, heard)
    return heard
  }

  #ask(asked: DnsQuestion, addresses: ReadonlyArray<string>, at: number): Known | undefined {
    const name = normalName(asked.question.name)
    for (const address of addresses) {
      const packet = this.#upstream.ask(address, { ...asked, recursionDesired: false }, at)
      if (packet === undefined || (rcodeOf(packet) !== 0 && rcodeOf(packet) !== 3)) continue
      const records = (packet.answers ?? []).filter(
        (record): record is DnsRecord =>
          record.type !== "OPT" &&
          normalName(record.name) === name &&
          (record.type === asked.question.type || isAlias(record))
      )
      const soa = packet.authorities?.find((record) => record.type === "SOA")
      const missing = rcodeOf(packet) === 3 && records.length === 0
      if (records.length > 0) {
        return {
          missing,
          records,
          soa: undefined,
          since: at,
          ttl: Math.min(...records.map((record) => record.ttl ?? 0))
        }
      }
      // Without an SOA it is a referral to somewhere else, or a lie: neither is a no.
      if (soa?.type !== "SOA") continue
      return { missing, records, soa, since: at, ttl: Math.min(soa.ttl ?? 0, soa.data.minimum ?? 0) }
    }
    return undefined
  }

  /** Names that no zone of the simulation holds: the servers' own, and what does not exist. */
  #outside({ question: { name, type } }: DnsQuestion, at: number): Known {
    const address = this.#upstream.addressOf(normalName(name))
    if (address !== undefined && type === "A") {
      const records: ReadonlyArray<DnsRecord> = [{ name, type, ttl: 86_400, data: address }]
      return { missing: false, records, soa: undefined, since: at, ttl: 86_400 }
    }
    const top = normalName(name).split(".").at(-1) ?? ""
    const soa: DnsRecord = {
      name: top === "" ? "." : top,
      type: "SOA",
      ttl: 900,
      data: {
        mname: "a.nic.invalid",
        rname: "hostmaster.nic.invalid",
        serial: 1,
        refresh: 1800,
        retry: 900,
        expire: 604_800,
        minimum: 900
      }
    }
    return { missing: address === undefined, records: [], soa, since: at, ttl: 900 }
  }
}

const available = (packet: Packet): Packet => ({ ...packet, flags: (packet.flags ?? 0) | recursionAvailable })
