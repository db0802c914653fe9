/**
 * The sandbox's DNS server as the world behind a resolver under test.
 */
import { SystemResolver } from "@countersign/dns"
import { DnsServer } from "@countersign/sandbox"
import { DnsWorld } from "@countersign/testkit"
import { Effect, Layer } from "effect"

/** A resolver that asks a new server, and the handle to change its zone. Fails fast: no test waits for seconds. */
export const sandboxWorld = Layer.unwrap(
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
      SystemResolver.layer({ servers: [server.address], timeout: "2 seconds" })
    )
  })
)
