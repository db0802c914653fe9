/**
 * The simulated DNS behind a wire resolver, in process and under virtual time; and servers that say what no honest one
 * does, each a function from a packet to packets. Every packet that arrives is noted. Answers are made by `dns-packet`,
 * so that our own codec is never tested against itself.
 */
import { DnsTransport, TransportFailed, WireResolver, type WireResolverOptions } from "@countersign/dns"
import { type DnsQuestionOptions, type DnsRecordType, DnsResolver } from "@countersign/engine"
import { SimulatedDns } from "@countersign/testkit/dns"
import { type Answer, type DecodedPacket, decode, encode, type Packet, type RecordType } from "dns-packet"
import { Clock, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"

/** What a server does about a packet: packets in this order, silence, or what the system says to it. */
export type Reaction = ReadonlyArray<Uint8Array> | "silence" | "refused" | "unreachable"
export type Script = (asked: Asked) => Reaction

/** A packet that arrived. */
export interface Asked {
  /** The address of the server. */
  readonly at: string
  readonly via: "udp" | "tcp"
  readonly name: string
  readonly type: string
  readonly edns: boolean
  /** Milliseconds. */
  readonly time: number
  readonly packet: DecodedPacket
  readonly bytes: Uint8Array
}

export const read = (at: string, via: "udp" | "tcp", bytes: Uint8Array, time = 0): Asked => {
  const packet = decode(Buffer.from(bytes))
  const { name = "", type = "" } = packet.questions?.[0] ?? {}
  const edns = packet.additionals?.some((record) => record.type === "OPT") === true
  return { at, via, name, type, edns, time, packet, bytes }
}

/** Name servers that a resolver under test can reach. */
export class Internet {
  readonly dns = new SimulatedDns()
  /** By address; these come first. */
  readonly scripts = new Map<string, Script>()
  readonly arrived: Array<Asked> = []
  /** How many exchanges are open, and the most that were. */
  open = 0
  mostOpen = 0

  /** What the servers at these addresses were asked, as `name type`. */
  askedOf(...addresses: ReadonlyArray<string>): ReadonlyArray<string> {
    return this.arrived.filter(({ at }) => addresses.includes(at)).map(({ name, type }) => `${name} ${type}`)
  }

  /** What the simulated DNS answers. */
  honest({ at, bytes, time, via }: Asked): Reaction {
    const answer = this.dns.exchange(at, via, bytes, time)
    return answer === undefined ? "silence" : [answer]
  }

  react(at: string, via: "udp" | "tcp", bytes: Uint8Array, now: number): Reaction {
    const asked = read(at, via, bytes, now)
    this.arrived.push(asked)
    return this.scripts.get(at)?.(asked) ?? this.honest(asked)
  }

  /** An answer takes no time, silence lasts for ever. */
  get layer(): Layer.Layer<DnsTransport> {
    return Layer.succeed(DnsTransport, {
      exchange: (server, packet, via, accept) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const at = server.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1")
          const reaction = this.react(at, via, packet, now)
          if (reaction === "refused") return failed("nobody answers there", false)
          if (reaction === "unreachable") return failed("there is no way to its network", true)
          const accepted = reaction === "silence" ? undefined : reaction.find(accept)
          this.open += 1
          this.mostOpen = Math.max(this.mostOpen, this.open)
          return Effect.ensuring(
            accepted === undefined ? Effect.never : Effect.succeed(accepted),
            Effect.sync(() => {
              this.open -= 1
            })
          )
        })
    })
  }

  /** Runs it with a new resolver, which asks the one of this internet. */
  with<A, E>(options: WireResolverOptions, use: Effect.Effect<A, E, DnsResolver>): Effect.Effect<A, E> {
    const layer = WireResolver.layerTransport({ servers: [resolver], ...options })
    return Effect.provide(use, Layer.orDie(Layer.provide(layer, this.layer)))
  }
}

const failed = (reason: string, unreachable: boolean) => Effect.fail(new TransportFailed({ reason, unreachable }))

export const resolver = "192.0.2.53"
export const otherResolver = "192.0.2.54"
export const [first, second, third] = ["198.51.100.1", "198.51.100.2", "198.51.100.3"] as const

/** The domain `shop.com` at two name servers, and a resolver that knows everything. */
export const smallInternet = (more: { readonly bogus?: boolean } = {}) => {
  const net = new Internet()
  const shop = net.dns.zone({
    name: "shop.com",
    servers: [
      { name: "ns1.hosting.net", address: first },
      { name: "ns2.hosting.net", address: second }
    ],
    soaTtl: 900,
    minimum: 600,
    ...more
  })
  net.dns.resolver(resolver)
  return { net, shop }
}

/** One question to the resolver, with time passing as fast as it is waited for. */
export const ask = (name: string, type: DnsRecordType = "CNAME", options: DnsQuestionOptions = {}) =>
  passing(DnsResolver.use((resolver) => resolver.ask(name, type, options)))

/** Runs it while virtual time passes in steps of 100 ms, for a minute at most. */
export const passing = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const running = yield* Effect.forkChild(effect, { startImmediately: true })
  for (let step = 0; step < 600 && running.pollUnsafe() === undefined; step++) yield* TestClock.adjust("100 millis")
  return yield* Fiber.join(running)
})

export const rr = (name: string, type: "A" | "AAAA" | "NS" | "CNAME", data: string, ttl = 300): Answer => ({
  name,
  type,
  data,
  ttl
})

export const soa = (apex: string, ttl = 900, minimum = 600): Answer => ({
  name: apex,
  type: "SOA",
  ttl,
  data: { mname: `ns.${apex}`, rname: `root.${apex}`, serial: 1, refresh: 1, retry: 1, expire: 1, minimum }
})

const bits = { aa: 0x0400, tc: 0x0200, ra: 0x0080 }

/** A packet that answers, without AA unless told. */
export const reply = (
  { name, packet, type }: Pick<Asked, "name" | "type" | "packet">,
  answer: Omit<Packet, "flags"> & { readonly rcode?: number; readonly flags?: ReadonlyArray<keyof typeof bits> }
): Buffer => {
  const { flags = [], rcode = 0, ...sections } = answer
  return encode({
    type: "response",
    id: packet.id ?? 0,
    // Callers hand on what was asked, whatever type that is.
    questions: [{ name, type: type as RecordType, class: "IN" }],
    ...sections,
    flags: flags.reduce((all, flag) => all | bits[flag], rcode)
  })
}
