/**
 * A DNS server on loopback whose zone is changed while it runs: the world's DNS of `serve --sandbox`, and the other
 * side of every resolver test. It speaks real DNS over UDP and TCP on one port (RFC 1035, EDNS by RFC 6891), is the
 * authority for every name or for the zones it is given, notes what it is asked, and can be told to misbehave. Closing
 * the scope, or `close`, closes both sockets and all connections.
 */
import { Context, type Duration, Effect, Exit, Layer, type Result, Scope, SubscriptionRef } from "effect"
import { answer, type DnsQuestion, hear, refusal } from "./DnsAnswer.ts"
import { type DnsFault, type DnsTransport, onSocket, type Reaction, reaction, strikes } from "./DnsFault.ts"
import type { ZoneApex } from "./DnsLookup.ts"
import { normalName } from "./DnsName.ts"
import { type DnsServerError, serve } from "./DnsSockets.ts"
import * as DnsZone from "./DnsZone.ts"
import { FaultScript, type Faults } from "./FaultScript.ts"
import * as Gate from "./Gate.ts"
import { awaitState, type SandboxTimeout } from "./SandboxTimeout.ts"

/** How the server is made; everything has a default. */
export interface DnsServerOptions {
  readonly host?: "127.0.0.1"
  /** 0, the default, takes any port that is free for UDP and TCP. */
  readonly port?: number
  /**
   * The zones that the server is the authority for; it refuses questions about other names. Without any it is the
   * authority for every name, nothing is delegated, and a no is kept by nobody.
   */
  readonly zones?: ReadonlyArray<DnsServerZone>
  /** The records of an earlier server, as its `list` gave them. */
  readonly records?: ReadonlyArray<DnsZone.DnsRecord>
  /** Whether TCP is served, `true` by default. */
  readonly tcp?: boolean
}

/** A zone of a server, with what its SOA record says: seconds, both 3600 by default. */
export interface DnsServerZone {
  readonly name: string
  readonly soaTtl?: number
  /** The lesser of both is how long a no may be kept (RFC 2308 section 5). */
  readonly minimum?: number
}

/** A question that the server was asked. */
export interface DnsQuery {
  /** Lower-cased, without the trailing dot; empty for the root. */
  readonly name: string
  /** Such as `CNAME`; `UNKNOWN_n` for a type without a name. */
  readonly type: string
  readonly transport: DnsTransport
}

/** The records of a running server. A change is seen by the next query. */
export interface DnsZoneHandle {
  /** Replaces the name's records of this type, as a whole or not at all. */
  readonly put: (
    name: string,
    type: string,
    values: string | ReadonlyArray<string>,
    options?: DnsZone.PutOptions
  ) => Effect.Effect<void, DnsZone.DnsRecordRefused>
  /** Takes all records of a name away; answers whether there were any. */
  readonly remove: (name: string) => Effect.Effect<boolean>
  readonly list: Effect.Effect<ReadonlyArray<DnsZone.DnsRecord>>
  /** Replaces the whole zone with records as `list` gave them, or nothing when one of them is refused. */
  readonly restore: (records: ReadonlyArray<DnsZone.DnsRecord>) => Effect.Effect<void, DnsZone.DnsRecordRefused>
}

/** A running server. */
export interface DnsServerHandle {
  readonly host: string
  readonly port: number
  /** `host:port`. */
  readonly address: string
  readonly zone: DnsZoneHandle
  /** How many questions were asked since the start, and the last 1000 of them, oldest first. */
  readonly queries: Effect.Effect<{ readonly count: number; readonly last: ReadonlyArray<DnsQuery> }>
  /** A noted question that matches, or the next one to come that does. */
  readonly awaitQuery: (
    predicate: (query: DnsQuery) => boolean,
    timeout: Duration.Input
  ) => Effect.Effect<DnsQuery, SandboxTimeout>
  /** Replaces the faults; `undefined` ends them. */
  readonly setFaults: (faults: Faults<DnsFault>) => Effect.Effect<void>
  /** Lets go of the answers that a `slow` fault without a time holds back now. */
  readonly release: Effect.Effect<void>
  /** Waits until so many answers are held back by `slow` faults. */
  readonly awaitHeld: (count: number, timeout: Duration.Input) => Effect.Effect<void, SandboxTimeout>
  /** Closes both sockets and the open connections. Doing it again does nothing. */
  readonly close: Effect.Effect<void>
}

const notedQueries = 1000

/** The sandbox as the whole of the DNS. Its TTL of 0 keeps resolvers from remembering what is missing. */
const world: ZoneApex = { apex: "", soaTtl: 0, minimum: 0, delegates: false }

const apexOf = ({ minimum = 3600, name, soaTtl = 3600 }: DnsServerZone): ZoneApex => ({
  apex: normalName(name),
  soaTtl,
  minimum,
  delegates: true
})

const serving = Effect.fnUntraced(function* (
  options: DnsServerOptions
): Effect.fn.Return<Omit<DnsServerHandle, "close">, DnsServerError | DnsZone.DnsRecordRefused, Scope.Scope> {
  const host = options.host ?? "127.0.0.1"
  const script = new FaultScript<DnsFault>()
  const gate = yield* Gate.make
  const queries = yield* SubscriptionRef.make<{ readonly count: number; readonly last: ReadonlyArray<DnsQuery> }>({
    count: 0,
    last: []
  })
  let zone = yield* Effect.fromResult(DnsZone.fromRecords(options.records ?? []))
  let serial = 1
  const zones = options.zones?.map(apexOf) ?? [world]
  const replace = (next: DnsZone.DnsZone) => {
    zone = next
    serial += 1
  }
  const become = (next: Result.Result<DnsZone.DnsZone, DnsZone.DnsRecordRefused>) =>
    Effect.map(Effect.fromResult(next), replace)

  const respond = Effect.fnUntraced(function* (packet: Buffer, transport: DnsTransport): Effect.fn.Return<Reaction> {
    const heard = hear(packet)
    if (heard.kind === "ignored") return "silence"
    if (heard.kind === "refused") return { send: refusal(heard.id, heard.rcode) }
    const { asked } = heard
    const query: DnsQuery = { name: normalName(asked.question.name), type: asked.question.type, transport }
    yield* SubscriptionRef.update(queries, ({ count, last }) => ({
      count: count + 1,
      last: [...last.slice(1 - notedQueries), query]
    }))
    const honest = (other: DnsQuestion) => answer({ zones, records: zone, serial }, other)
    for (const fault of script.spend(strikes(asked, transport))) {
      if (fault.kind !== "slow") return onSocket(reaction(fault, asked, transport, honest), asked, transport)
      yield* gate.hold(fault.wait)
    }
    return onSocket({ packet: honest(asked) }, asked, transport)
  })

  const port = yield* serve({ host, port: options.port ?? 0, tcp: options.tcp ?? true }, respond)
  return {
    host,
    port,
    address: `${host}:${port}`,
    zone: {
      put: (name, type, values, putOptions) =>
        Effect.suspend(() =>
          become(DnsZone.put(zone, name, type, typeof values === "string" ? [values] : values, putOptions))
        ),
      remove: (name) =>
        Effect.sync(() => {
          const there = zone.has(normalName(name))
          if (there) replace(DnsZone.remove(zone, name))
          return there
        }),
      list: Effect.sync(() => DnsZone.list(zone)),
      restore: (records) => Effect.suspend(() => become(DnsZone.fromRecords(records)))
    },
    queries: SubscriptionRef.get(queries),
    awaitQuery: (predicate, timeout) =>
      awaitState(queries, ({ last }) => last.findLast(predicate), timeout, "a DNS query that matches"),
    setFaults: (faults) => Effect.sync(() => script.set(faults)),
    release: gate.release,
    awaitHeld: gate.awaitHeld
  }
})

/** The sandbox's DNS server as a service. */
export class DnsServer extends Context.Service<DnsServer, DnsServerHandle>()("@countersign/sandbox/DnsServer") {
  /** Starts a server that lives as long as the scope, or until `close`. */
  static readonly make = Effect.fn("DnsServer.make")(function* (
    options: DnsServerOptions = {}
  ): Effect.fn.Return<DnsServerHandle, DnsServerError | DnsZone.DnsRecordRefused, Scope.Scope> {
    const inner = yield* Scope.fork(yield* Scope.Scope)
    const server = yield* Scope.provide(serving(options), inner)
    return { ...server, close: Scope.close(inner, Exit.void) }
  })

  static readonly layer = (
    options: DnsServerOptions = {}
  ): Layer.Layer<DnsServer, DnsServerError | DnsZone.DnsRecordRefused> =>
    Layer.effect(DnsServer, DnsServer.make(options))
}
