/**
 * The simulated DNS on sockets, as the world behind a wire resolver that asks the servers of each domain.
 */
import { WireResolver } from "@countersign/dns"
import { DnsWorld } from "@countersign/testkit"
import { SimulatedDns } from "@countersign/testkit/dns"
import { Effect, Layer } from "effect"

const servers = [
  { name: "ns1.shop.example", address: "198.51.100.1" },
  { name: "ns2.shop.example", address: "198.51.100.2" }
]
const resolver = "192.0.2.53"

/** The zone of the contract at two servers, and a resolver beside them. */
export const authoritativeWorld = Layer.unwrap(
  Effect.gen(function* () {
    const dns = new SimulatedDns()
    const zone = dns.zone({ name: "shop.example", servers, soaTtl: 0, minimum: 0 })
    dns.resolver(resolver)
    const broken: Array<string> = []
    const breakAll = () => {
      for (const address of [resolver, ...servers.map((server) => server.address)]) {
        dns.fail(
          address,
          broken.map((name) => ({ kind: "servfail", name }))
        )
      }
    }
    const world = DnsWorld.of({
      put: (name, type, ...values) => Effect.orDie(zone.put(name, type, values, { ttl: 0 })),
      remove: (name) =>
        Effect.forEach(zone.at(name), ({ type }) => Effect.orDie(zone.put(name, type, [])), { discard: true }),
      breakDown: (name) =>
        Effect.sync(() => {
          broken.push(name)
          breakAll()
        }),
      restore: Effect.sync(() => {
        broken.length = 0
        breakAll()
      })
    })
    const { route } = yield* dns.mount
    return Layer.merge(
      Layer.succeed(DnsWorld, world),
      WireResolver.layer({ servers: [resolver], route, remember: 0, rates: { authoritative: 1_000 } })
    )
  })
)
