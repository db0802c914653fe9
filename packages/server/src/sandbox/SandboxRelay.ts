/**
 * Where the sandbox's relay listens. It stands in front of the sandbox's own mail server.
 */
import { isIPv6 } from "node:net"
import { Context, Effect, Layer } from "effect"

export class SandboxRelay extends Context.Service<
  SandboxRelay,
  {
    /** `host:port`. */
    readonly address: string
  }
>()("countersign/SandboxRelay") {
  static readonly layer = Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("@countersign/relay")),
      ({ Relay }) =>
        Layer.effect(
          SandboxRelay,
          Effect.map(Relay, ({ host, port }) => ({ address: `${isIPv6(host) ? `[${host}]` : host}:${port}` }))
        )
    )
  )
}
