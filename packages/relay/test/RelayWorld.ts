/**
 * A relay with accounts, senders and a signer that the tests write down: what the rest of the house is to it. Signing
 * is a header, so that every other byte can be compared.
 */
import { StorageUnavailable } from "@countersign/engine"
import { Context, Effect, Layer, Option, Redacted, Result } from "effect"
import { Relay, RelayBackend, type RelayPlan, type RelaySettings, SigningFailed } from "../src/index.ts"

/** What the relay meets; a test changes it as it goes. */
export interface World {
  readonly keys: Map<string, string>
  readonly organizations: Map<string, string>
  /** The senders that are active. */
  readonly active: Set<string>
  storage: "there" | "away"
  signer: "fine" | "broken"
  /** From whom plans were asked. */
  readonly asked: Array<string>
}

const active = (from: string): RelayPlan => ({
  from,
  replyTo: undefined,
  sign: { domain: "customer.example", selector: "token", slot: 1 },
  reason: "active",
  obstacles: []
})

const fallback = (code: string, message: string): RelayPlan => ({
  from: '"Shop" <fallback@platform.example>',
  replyTo: "anna@customer.example",
  sign: undefined,
  reason: "fallback",
  obstacles: [{ code, message }]
})

const backendOf = (world: World) =>
  RelayBackend.of({
    authenticate: (user, key) => {
      if (world.storage === "away") return Effect.fail(new StorageUnavailable({ reason: "it is away" }))
      const account = world.keys.get(Redacted.value(key))
      const organization = world.organizations.get(user) === account ? user : undefined
      const isKnown = account !== undefined && (user === account || organization !== undefined)
      return Effect.succeed(isKnown ? Option.some({ account, organization }) : Option.none())
    },
    read: (message) => {
      const text = Buffer.from(message).toString("latin1")
      const from = /^From: .*?([^ <]+@[^ >\r]+)/im.exec(text)?.[1]
      if (from === undefined) return Result.fail("the message has no From")
      return Result.succeed({
        from,
        signed: ({ from, replyTo, sign }, unsigned) => {
          if (world.signer === "broken") return Effect.fail(new SigningFailed({ reason: "no key" }))
          const leftOut = unsigned.join(" ")
          const mark = sign === undefined ? `X-From: ${from}\r\nX-Reply-To: ${replyTo}` : `X-Signed: ${sign.domain}`
          return Effect.succeed(Buffer.from(`${mark} ${leftOut}\r\n${text}`, "latin1"))
        }
      })
    },
    plan: ({ account, organization }, from) =>
      Effect.sync(() => {
        world.asked.push(`${account} ${organization ?? "-"} ${from}`)
        if (world.storage === "away") return fallback("storage-unavailable", "Whether mail may be sent cannot be told.")
        return world.active.has(from)
          ? active(from)
          : fallback("sender-not-active", `${from} is not active: its status is degraded.`)
      })
  })

export const loopback = (port: number, more: Partial<RelaySettings["upstream"]> = {}): RelaySettings["upstream"] => ({
  ...{
    host: "127.0.0.1",
    port,
    encryption: "opportunistic",
    verify: true,
    credentials: undefined,
    name: "relay.example"
  },
  ...more
})

/** Starts a relay in front of a mail server. */
export const startRelay = Effect.fnUntraced(function* (
  upstream: number | RelaySettings["upstream"],
  settings: Partial<RelaySettings> = {}
) {
  const world: World = {
    keys: new Map([["key-1", "acc"]]),
    organizations: new Map([["org", "acc"]]),
    active: new Set(["anna@customer.example"]),
    storage: "there",
    signer: "fine",
    asked: []
  }
  const all: RelaySettings = {
    ...{ host: "127.0.0.1", port: 0, certificate: undefined, bounce: "bounce@platform.example" },
    ...{ upstream: typeof upstream === "number" ? loopback(upstream) : upstream, unsigned: [] },
    ...{ fallback: "refuse", maxBytes: 100_000, limits: { connections: 10, messagesPerMinute: 100 } },
    ...settings
  }
  const layer = Layer.provide(Relay.layer(all), Layer.succeed(RelayBackend, backendOf(world)))
  const { port } = Context.get(yield* Layer.build(layer), Relay)
  return { port, world }
})
