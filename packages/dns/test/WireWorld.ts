/**
 * Worlds behind a wire resolver, for the contract: the servers of each domain on sockets, and a recursive server alone.
 */
import { WireResolver } from "@countersign/dns"
import type { DnsRecordType } from "@countersign/engine"
import { DnsServer } from "@countersign/sandbox"
import { DnsWorld } from "@countersign/testkit"
import type { Answer } from "dns-packet"
import { Effect, Layer } from "effect"
import { authority, first, Internet, recursive, reply, resolver, rr, type Server, second } from "./Internet.ts"
import { onLoopback } from "./Loopback.ts"

const record = (name: string, type: DnsRecordType, value: string): Answer => {
  if (type === "TXT") {
    const text = Buffer.from(value)
    const strings = Array.from({ length: Math.ceil(text.length / 255) }, (_, at) =>
      text.subarray(at * 255, at * 255 + 255)
    )
    return { name, type, ttl: 300, data: strings }
  }
  if (type !== "MX") return rr(name, type === "SOA" ? "NS" : type, value)
  const [preference, exchange = ""] = value.split(" ")
  return { name, type, ttl: 300, data: { preference: Number(preference), exchange } }
}

/** Every domain with a record is delegated to two servers. Nothing is remembered: what changes is seen at once. */
export const authoritativeWorld = Layer.unwrap(
  Effect.gen(function* () {
    const net = new Internet()
    let records: ReadonlyArray<Answer> = []
    const broken = new Set<string>()
    const domainOf = (name: string) => name.split(".").slice(-2).join(".")
    const zoneOf = (name: string) => {
      const apex = domainOf(name)
      return { apex, records: records.filter(({ name: other }) => domainOf(other) === apex) }
    }
    const unlessBroken =
      (server: Server): Server =>
      (arrived) =>
        broken.has(arrived.name) ? [reply(arrived, { rcode: 2 })] : server(arrived)
    const authoritative = unlessBroken((arrived) => authority(zoneOf(arrived.name))(arrived))
    net.servers.set(first, authoritative)
    net.servers.set(second, authoritative)
    net.servers.set(
      resolver,
      unlessBroken((arrived) => {
        const zone = zoneOf(arrived.name)
        const address = { "ns1.": first, "ns2.": second }[arrived.name.slice(0, 4)]
        if (address !== undefined && arrived.type === "A") {
          return [reply(arrived, { answers: [rr(arrived.name, "A", address, 0)], set: ["ra"] })]
        }
        if (zone.records.length === 0) return recursive([])(arrived)
        const own = zone.records.filter(({ name, type }) => name === zone.apex && type === "NS")
        const servers = own.length > 0 ? own : ["ns1", "ns2"].map((host) => rr(zone.apex, "NS", `${host}.net`, 0))
        const isCut = arrived.name === zone.apex && arrived.type === "NS"
        return isCut ? [reply(arrived, { answers: servers, set: ["ra"] })] : recursive([zone])(arrived)
      })
    )
    const { route } = yield* onLoopback(net)
    const plain = (name: string) => name.toLowerCase().replace(/\.$/, "")
    const world = DnsWorld.of({
      put: (name, type, ...values) =>
        Effect.sync(() => {
          const others = records.filter((other) => other.name !== plain(name) || other.type !== type)
          records = [...others, ...values.map((value) => record(plain(name), type, value))]
        }),
      remove: (name) => Effect.sync(() => void (records = records.filter((other) => other.name !== plain(name)))),
      breakDown: (name) => Effect.sync(() => void broken.add(name)),
      restore: Effect.sync(() => broken.clear())
    })
    return Layer.merge(
      Layer.succeed(DnsWorld, world),
      WireResolver.layer({ servers: [`${resolver}:53`], route, remember: 0, rates: { authoritative: 1_000 } })
    )
  })
)

/** The mode `resolver`, over a server that answers for every name. */
export const recursiveWorld = Layer.unwrap(
  Effect.gen(function* () {
    const server = yield* DnsServer.make()
    const broken: Array<string> = []
    const world = DnsWorld.of({
      put: (name, type, ...values) => Effect.orDie(server.zone.put(name, type, values)),
      remove: (name) => Effect.asVoid(server.zone.remove(name)),
      breakDown: (name) =>
        Effect.suspend(() => {
          broken.push(name)
          return server.setFaults(broken.map((one) => ({ kind: "servfail", name: one })))
        }),
      restore: server.setFaults(undefined)
    })
    return Layer.merge(
      Layer.succeed(DnsWorld, world),
      WireResolver.layer({ servers: [server.address], mode: "resolver" })
    )
  })
)
