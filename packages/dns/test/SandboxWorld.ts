/**
 * The sandbox's DNS server as the world behind a resolver under test.
 */
import type { NameServerInvalid } from "@countersign/dns"
import type { DnsResolver } from "@countersign/engine"
import { DnsServer } from "@countersign/sandbox"
import { DnsWorld } from "@countersign/testkit"
import { Effect, Layer } from "effect"

/** A resolver that asks a new server, and the handle to change its zone. */
export const sandboxWorld = (resolverAt: (address: string) => Layer.Layer<DnsResolver, NameServerInvalid>) =>
  Layer.unwrap(
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
      return Layer.merge(Layer.succeed(DnsWorld, world), resolverAt(server.address))
    })
  )
