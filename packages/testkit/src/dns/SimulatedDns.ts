/**
 * A small internet of name servers, for tests of whatever asks the DNS: zones that change over time and reach their
 * servers with a delay, servers that fail, lie, refer or die, and recursive resolvers with caches.
 *
 * Every server has an address that looks public and answers real packets there, in process at any time that the caller
 * names (`exchange`), or over sockets of loopback at the time of the Clock (`mount`). It notes every question. There is
 * no root: the resolvers know which zones are delegated.
 */
import type { DnsFault, DnsServerError, DnsSlowFault, DnsTransport, Faults } from "@countersign/sandbox"
import {
  answer,
  type DnsQuestion,
  FaultScript,
  hear,
  isWithin,
  normalName,
  onSocket,
  type Packet,
  type Reaction,
  reaction,
  refusal,
  serve,
  strikes
} from "@countersign/sandbox/dns"
import { Clock, Effect, type Scope } from "effect"
import { SimulatedResolver } from "./SimulatedResolver.ts"
import { SimulatedZone, type SimulatedZoneOptions } from "./SimulatedZone.ts"

/** What a simulated server can be told to do wrong: it has no other time than the caller's, so it is never slow. */
export type SimulatedFault = Exclude<DnsFault, DnsSlowFault>

/** A question that was asked. */
export interface AskedQuestion {
  /** The server's address. */
  readonly server: string
  /** Lower-case, without the trailing dot. */
  readonly name: string
  readonly type: string
  readonly via: DnsTransport
  /** Milliseconds since the epoch. */
  readonly at: number
  /** The address of the simulated resolver that asks, or `undefined` for the program under test. */
  readonly by: string | undefined
}

interface Server {
  readonly faults: FaultScript<SimulatedFault>
  readonly honest: (asked: DnsQuestion, at: number) => Packet
}

/** The simulated DNS. */
export class SimulatedDns {
  /** Every question so far, oldest first. */
  readonly log: Array<AskedQuestion> = []
  readonly #servers = new Map<string, Server>()
  /** Those that are delegated, and all that a server has, by their apex: a simulation may have thousands. */
  readonly #delegated = new Map<string, SimulatedZone>()
  readonly #served = new Map<string, Map<string, SimulatedZone>>()
  readonly #addresses = new Map<string, string>()
  readonly #resolvers = new Map<string, SimulatedResolver>()

  /**
   * Adds a zone, and its servers where they are new. A zone of the simulation that it lies in delegates to it. The
   * addresses of its servers are in the zone that their names are in; without one, the resolvers just know them.
   */
  zone(options: SimulatedZoneOptions): SimulatedZone {
    const zone = new SimulatedZone(options)
    const above = closestZone(this.#delegated, zone.apex)
    const names = zone.servers.map(({ name }) => name)
    zone.always(zone.apex, "NS", names)
    if (zone.isDelegated) above?.always(zone.apex, "NS", names)
    if (zone.isDelegated) this.#delegated.set(zone.apex, zone)
    for (const [name, address] of this.#addresses)
      if (closestZone(this.#delegated, name) === zone) zone.always(name, "A", [address])
    for (const { address, name } of zone.servers) {
      this.#addresses.set(normalName(name), address)
      closestZone(this.#delegated, normalName(name))?.always(name, "A", [address])
      // Glue: below the cut, the zone above knows the address too.
      if (zone.isDelegated && above !== undefined && isWithin(normalName(name), zone.apex))
        above.always(name, "A", [address])
      const served = this.#served.get(address) ?? new Map<string, SimulatedZone>()
      this.#served.set(address, served.set(zone.apex, zone))
      if (!this.#servers.has(address))
        this.#add(address, (asked, at) => {
          const closest = closestZone(served, normalName(asked.question.name))
          const shown = closest?.shown(address, at)
          return answer(
            closest === undefined || shown === undefined
              ? { zones: [], records: new Map(), serial: 0 }
              : { zones: [closest], ...shown },
            asked
          )
        })
    }
    return zone
  }

  /** Adds a recursive resolver. */
  resolver(address: string): void {
    const resolver = new SimulatedResolver({
      serversOf: (name) => {
        const zone = closestZone(this.#delegated, name)
        return zone === undefined
          ? undefined
          : { bogus: zone.bogus, addresses: zone.servers.map((server) => server.address) }
      },
      addressOf: (name) => this.#addresses.get(name),
      ask: (server, asked, at) => {
        const said = this.#ask(server, "tcp", asked, at, address)
        return typeof said === "object" && "packet" in said ? said.packet : undefined
      }
    })
    this.#resolvers.set(address, resolver)
    this.#add(address, (asked, at) => resolver.answer(asked, at))
  }

  /** Empties the cache of a resolver. */
  flush(address: string): void {
    this.#resolvers.get(address)?.flush()
  }

  /** Replaces the faults of a server or resolver; `undefined` ends them. A dead one is `timeout` for every name. */
  fail(address: string, faults: Faults<SimulatedFault>): void {
    this.#servers.get(address)?.faults.set(faults)
  }

  /** The questions to a server, or to all. */
  asked(server?: string): ReadonlyArray<AskedQuestion> {
    return this.log.filter((question) => server === undefined || question.server === server)
  }

  /** What comes back for a packet to an address at a time, in milliseconds. Nothing, when nobody answers. */
  readonly exchange = (address: string, via: DnsTransport, bytes: Uint8Array, at: number): Buffer | undefined => {
    const said = this.#react(address, via, Buffer.from(bytes), at)
    return typeof said === "object" ? said.send : undefined
  }

  /**
   * Opens sockets for all servers and resolvers there are now, until the scope closes. `route` tells where the one of
   * an address listens, as `host:port`.
   */
  readonly mount: Effect.Effect<
    { readonly route: (address: string) => string | undefined },
    DnsServerError,
    Scope.Scope
  > = Effect.gen({ self: this }, function* () {
    const listening = new Map<string, string>()
    for (const address of this.#servers.keys()) {
      const port = yield* serve({ host: "127.0.0.1", port: 0, tcp: true }, (packet, via) =>
        Effect.map(Clock.currentTimeMillis, (at) => this.#react(address, via, packet, at))
      )
      listening.set(address, `127.0.0.1:${port}`)
    }
    return { route: (address) => listening.get(address) }
  })

  #add(address: string, honest: Server["honest"]): void {
    this.#servers.set(address, { faults: new FaultScript(), honest })
  }

  #react(address: string, via: DnsTransport, packet: Buffer, at: number): Reaction {
    if (!this.#servers.has(address)) return "silence"
    const heard = hear(packet)
    if (heard.kind === "ignored") return "silence"
    if (heard.kind === "refused") return { send: refusal(heard.id, heard.rcode) }
    return onSocket(this.#ask(address, via, heard.asked, at, undefined), heard.asked, via)
  }

  #ask(
    address: string,
    via: DnsTransport,
    asked: DnsQuestion,
    at: number,
    by: string | undefined
  ): { readonly packet: Packet } | Reaction {
    const { name, type } = asked.question
    this.log.push({ server: address, name: normalName(name), type, via, at, by })
    const server = this.#servers.get(address)
    if (server === undefined) return "silence"
    const honest = (other: DnsQuestion) => server.honest(other, at)
    for (const fault of server.faults.spend(strikes(asked, via))) return reaction(fault, asked, via, honest)
    return { packet: honest(asked) }
  }
}

/** The zone of a name: of those that it is in, the one that is furthest down. */
const closestZone = (zones: ReadonlyMap<string, SimulatedZone>, name: string): SimulatedZone | undefined => {
  for (let apex: string | undefined = name; apex !== undefined; apex = apex.split(/\.(.*)/s, 2)[1]) {
    const zone = zones.get(apex)
    if (zone !== undefined) return zone
  }
  return zones.get("")
}
