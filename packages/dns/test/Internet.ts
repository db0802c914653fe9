/**
 * A small internet for tests: name servers at addresses, each a function from a question to packets, and a note of every
 * packet that arrives. It is reached in process, under virtual time, or over sockets on loopback (`Loopback.ts`). Packets
 * are made by `dns-packet`, so that our own codec is never tested against itself.
 */
import { DnsTransport, TransportFailed } from "@countersign/dns"
import { type Answer, decode, encode, type Packet } from "dns-packet"
import { Effect, Layer } from "effect"

/** A question as it arrived. */
export interface Arrived {
  /** The address of the server. */
  readonly at: string
  readonly name: string
  readonly type: string
  readonly via: "udp" | "tcp"
  readonly id: number
  readonly recursionDesired: boolean
  readonly checkingDisabled: boolean
  readonly edns: boolean
}

/** What a server does: packets in this order, silence, or a connection that breaks. */
export type Reaction = ReadonlyArray<Buffer> | "silence" | "refused" | "unreachable"
export type Server = (arrived: Arrived) => Reaction

export class Internet {
  readonly servers = new Map<string, Server>()
  readonly arrived: Array<Arrived> = []

  receive(at: string, packet: Uint8Array, via: "udp" | "tcp"): Reaction {
    const { additionals = [], flag_cd, flag_rd, id = 0, questions = [] } = decode(Buffer.from(packet))
    const [question] = questions
    const arrived = {
      at,
      via,
      id,
      name: question?.name ?? "",
      type: question?.type ?? "",
      recursionDesired: flag_rd === true,
      checkingDisabled: flag_cd === true,
      edns: additionals.some(({ type }) => type === "OPT")
    }
    this.arrived.push(arrived)
    return this.servers.get(at)?.(arrived) ?? "silence"
  }

  /** What a server was asked, as `name type`. */
  askedOf(...addresses: ReadonlyArray<string>): ReadonlyArray<string> {
    return this.arrived.filter(({ at }) => addresses.includes(at)).map(({ name, type }) => `${name} ${type}`)
  }

  /** In process: an answer takes no time, silence lasts for ever. */
  get layer(): Layer.Layer<DnsTransport> {
    return Layer.succeed(DnsTransport, {
      exchange: (server, packet, via, accept) =>
        Effect.suspend(() => {
          const reaction = this.receive(hostOf(server), packet, via)
          if (reaction === "refused") return failed("nobody answers there", false)
          if (reaction === "unreachable") return failed("there is no way to its network", true)
          const accepted = reaction === "silence" ? undefined : reaction.find(accept)
          return accepted === undefined ? Effect.never : Effect.succeed(accepted)
        })
    })
  }
}

const failed = (reason: string, unreachable: boolean) => Effect.fail(new TransportFailed({ reason, unreachable }))

const hostOf = (server: string): string => server.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1")

export interface Zone {
  readonly apex: string
  readonly records: Array<Answer>
}

export const rr = (name: string, type: "A" | "AAAA" | "NS" | "CNAME" | "DNAME", data: string, ttl = 300): Answer => ({
  name,
  type,
  data,
  ttl
})

const below = (name: string, zone: string) => name === zone || name.endsWith(`.${zone}`) || zone === ""
const flags = { aa: 0x0400, ra: 0x0080, tc: 0x0200 }

/** A packet that answers. */
export const reply = (
  { id, name, type }: Pick<Arrived, "id" | "name" | "type">,
  packet: Packet & { readonly rcode?: number; readonly set?: ReadonlyArray<keyof typeof flags> }
): Buffer =>
  encode({
    type: "response",
    id,
    questions: [{ name, type: type as "A", class: "IN" }],
    ...packet,
    flags: (packet.rcode ?? 0) | (packet.set ?? []).reduce((bits, flag) => bits | flags[flag], 0)
  })

const soa = (apex: string, minimum: number): Answer => ({
  name: apex,
  type: "SOA",
  ttl: 900,
  data: { mname: `ns.${apex}`, rname: `root.${apex}`, serial: 1, refresh: 1, retry: 1, expire: 1, minimum }
})

/** The answer about a name from the zone that holds it. */
const fromZone = (zone: Zone, arrived: Arrived, set: ReadonlyArray<"aa" | "ra">): Buffer => {
  const { name, type } = arrived
  const own = zone.records.filter((record) => record.name === name && [type, "CNAME"].includes(record.type))
  if (own.length > 0) return reply(arrived, { answers: own, set })
  const exists = name === zone.apex || zone.records.some((record) => below(record.name, name))
  return reply(arrived, { rcode: exists ? 0 : 3, authorities: [soa(zone.apex, 600)], set })
}

const deepest = (zones: ReadonlyArray<Zone>, name: string): Zone | undefined =>
  zones.filter(({ apex }) => below(name, apex)).sort((one, other) => other.apex.length - one.apex.length)[0]

/** A name server for these zones: it delegates where NS records stand below an apex. */
export const authority =
  (...zones: ReadonlyArray<Zone>): Server =>
  (arrived) => {
    const zone = deepest(zones, arrived.name)
    if (zone === undefined) return [reply(arrived, { rcode: 5 })]
    const cut = zone.records.find(
      ({ name, type }) => type === "NS" && name !== zone.apex && below(arrived.name, name)
    )?.name
    if (cut === undefined) return [fromZone(zone, arrived, ["aa"])]
    const authorities = zone.records.filter(({ name, type }) => type === "NS" && name === cut)
    const hosts = authorities.map((record) => (record.type === "NS" ? record.data : ""))
    return [reply(arrived, { authorities, additionals: zone.records.filter(({ name }) => hosts.includes(name)) })]
  }

/** A recursive resolver that knows these zones. */
export const recursive =
  (zones: ReadonlyArray<Zone>): Server =>
  (arrived) => {
    const zone = deepest(zones, arrived.name)
    return [zone === undefined ? reply(arrived, { rcode: 3, set: ["ra"] }) : fromZone(zone, arrived, ["ra"])]
  }

export const resolver = "192.0.2.53"
export const [first, second] = ["198.51.100.1", "198.51.100.2"] as const

/** One domain at two name servers, the name servers' own zone, and one resolver that knows everything. */
export const smallInternet = () => {
  const net = new Internet()
  const shop: Zone = {
    apex: "shop.com",
    records: [rr("shop.com", "NS", "ns1.hosting.net"), rr("shop.com", "NS", "ns2.hosting.net")]
  }
  const hosting: Zone = {
    apex: "hosting.net",
    records: [rr("ns1.hosting.net", "A", first), rr("ns2.hosting.net", "A", second)]
  }
  const zones = [shop, hosting]
  net.servers.set(resolver, recursive(zones))
  net.servers.set(first, authority(shop))
  net.servers.set(second, authority(shop))
  return { net, shop, hosting, zones }
}
