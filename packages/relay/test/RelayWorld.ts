/**
 * A relay with accounts, senders and a key that the tests write down: what the rest of the house is to it.
 */
import { generateKeyPairSync } from "node:crypto"
import { DomainName } from "@countersign/core"
import {
  Accounts,
  KeysServed,
  type Obstacle,
  Senders,
  type SendPlan,
  Settings,
  StorageUnavailable
} from "@countersign/engine"
import { KeyRingKeys, SigningKeyMissing } from "@countersign/signing"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { authenticate } from "mailauth"
import { Relay, type RelaySettings } from "../src/index.ts"

/** What the relay meets; a test changes it as it goes. */
export interface World {
  readonly keys: Map<string, string>
  readonly organizations: Map<string, string>
  /** The senders that are active. */
  readonly active: Set<string>
  /** `half`: access keys can be looked up, send plans cannot. */
  storage: "there" | "half" | "away"
  /** `slow`: the plan has expired, and the sender is not active any more, when the key is there. */
  signer: "fine" | "slow" | "broken"
  /** How often an access key was looked up. */
  lookUps: number
  /** From whom plans were asked. */
  readonly asked: Array<string>
}

const accountsOf = (world: World) =>
  Accounts.of({
    authenticate: (key) => {
      world.lookUps += 1
      if (world.storage === "away") return Effect.fail(new StorageUnavailable({ reason: "it is away" }))
      const id = world.keys.get(Redacted.value(key))
      const account = (known: string) => ({ account: { id: known, email: "", name: "" }, key: "" })
      return Effect.succeed(Option.map(Option.fromUndefinedOr(id), account))
    },
    account: () => Effect.succeed(Option.none()),
    organization: (account, id) =>
      Effect.succeed(world.organizations.get(id) === account ? Option.some({ id, account, name: "" }) : Option.none())
  })

const customer = DomainName.make("customer.example")

const planOf = (world: World, from: string): Omit<SendPlan, "sender" | "validUntil"> => {
  const fallback = (code: Obstacle["code"], message: string) => ({
    ...{ from: '"Shop" <fallback@platform.example>', replyTo: "anna@customer.example", sign: undefined },
    ...{ reason: "fallback" as const, obstacles: [{ code, message }] }
  })
  if (world.storage !== "there") return fallback("storage-unavailable", "Whether mail may be sent cannot be told.")
  if (!world.active.has(from)) return fallback("sender-not-active", `${from} is not active: its status is degraded.`)
  const sign = { domain: customer, selector: "token", slot: 1 as const }
  return { from, replyTo: undefined, sign, reason: "active", obstacles: [] }
}

const sendersOf = (world: World) =>
  Layer.mock(Senders, {
    sendPlan: ({ account, organization, from = "" }) =>
      Effect.sync(() => {
        world.asked.push(`${account} ${organization ?? "-"} ${from}`)
        return { ...planOf(world, from), sender: undefined, validUntil: world.signer === "slow" ? 0 : Infinity }
      })
  })

const keyPair = generateKeyPairSync("rsa", { modulusLength: 2048 })
const privateKey = Redacted.make(keyPair.privateKey)
const record = `v=DKIM1; k=rsa; p=${keyPair.publicKey.export({ type: "spki", format: "der" }).toString("base64")}`

/** What a receiver of mail says of its signatures. */
export const judged = (mail: Uint8Array) =>
  Effect.promise(() =>
    authenticate(Buffer.from(mail), {
      ...{ ip: "192.0.2.1", helo: "mx.invalid", sender: "bounce@invalid.invalid", mta: "mx.invalid" },
      ...{ disableArc: true, disableBimi: true, disableDmarc: true, resolver: async () => [[record]] }
    })
  ).pipe(Effect.map(({ dkim }) => dkim.results.map(({ signingDomain, status }) => [signingDomain, status.result])))

const keysOf = (world: World) =>
  KeyRingKeys.of({
    privateKey: (slot) => {
      if (world.signer === "slow") world.active.clear()
      return world.signer === "broken" ? Effect.fail(new SigningKeyMissing({ slot })) : Effect.succeed(privateKey)
    }
  })

const houseOf = (world: World) =>
  Layer.mergeAll(
    Layer.succeed(Accounts, accountsOf(world)),
    sendersOf(world),
    Layer.succeed(KeysServed, true),
    Layer.succeed(KeyRingKeys, keysOf(world)),
    Settings.layer({
      publicUrl: "http://127.0.0.1:1",
      secret: Redacted.make("a secret of the tests that is long enough"),
      allowTestNames: true
    })
  )

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

/** The domain that a message on the wire is signed with, the names that are signed, and all behind the signature. */
export const signatureOf = (wire: string) => {
  const [, field = "", ...behind] = wire.split(/\r\n(?![ \t])/)
  const tags = field.replace(/\s/g, "")
  const names = /;h=([^;]+)/.exec(tags)?.[1]?.split(":") ?? []
  return { domain: /^DKIM-Signature:.*;d=([^;]+)/.exec(tags)?.[1], names, rest: behind.join("\r\n") }
}

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
    lookUps: 0,
    asked: []
  }
  const all: RelaySettings = {
    ...{ host: "127.0.0.1", port: 0, certificate: undefined, bounce: "bounce@platform.example" },
    ...{ upstream: typeof upstream === "number" ? loopback(upstream) : upstream, unsigned: [] },
    ...{ fallback: "refuse", maxBytes: 100_000, limits: { connections: 10, messagesPerMinute: 100 } },
    ...settings
  }
  const layer = Layer.provide(Relay.layer(all), houseOf(world))
  const { port } = Context.get(yield* Layer.build(layer), Relay)
  return { port, world }
})
