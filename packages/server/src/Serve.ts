/**
 * The composition root: everything that `countersign serve` is made of, put together in this one place.
 *
 * In each pipe, what stands below is needed by what stands above: it is built first and stops last. So at the end the
 * requests in flight finish and the workers give back their tasks, then the storage closes, then the socket and the
 * sandbox's world.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { DkimTokens, DomainWatch, Engine, KeysServed, Settings, Workers } from "@countersign/engine"
import { HttpApp } from "@countersign/http"
import { SmtpMailer } from "@countersign/mailer-smtp"
import type { RelaySettings } from "@countersign/relay"
import { KeyCare, KeyRingKeys } from "@countersign/signing"
import { Console, Effect, Layer, Redacted } from "effect"
import { HttpRouter } from "effect/http"
import { checkAll, databaseIn, type StoreConfig, storeConfig } from "./Config.ts"
import { keySettings } from "./KeyStore.ts"
import { Listener, listeningPort } from "./Listener.ts"
import {
  dkimKeysConfig,
  type LinkSecrets,
  type ListenConfig,
  listenConfig,
  type ResolverConfig,
  relayConfig,
  resolverConfig,
  resolverLayer,
  type SandboxConfig,
  type ServiceConfig,
  sandboxConfig,
  sandboxRelayConfig,
  serviceConfig,
  urlOf,
  type WorldConfig,
  workerListenConfig,
  worldConfig
} from "./ServeConfig.ts"
import { openStore } from "./Store.ts"
import { banner } from "./sandbox/Banner.ts"
import { DemoAccount } from "./sandbox/DemoAccount.ts"
import { openSandboxFolder, type SandboxFolder } from "./sandbox/SandboxFolder.ts"
import { SandboxKeys } from "./sandbox/SandboxKeys.ts"
import { SandboxRelay } from "./sandbox/SandboxRelay.ts"
import { SandboxRoutes } from "./sandbox/SandboxRoutes.ts"
import { SandboxServers } from "./sandbox/SandboxServers.ts"

/** What one process does of the service. Processes on one store share the work whatever their parts are. */
export type Part = "all" | "api" | "workers"

/** Serves until interrupted. */
export const serve = Effect.fnUntraced(function* (part: Part, withRelay: boolean) {
  const parts = {
    listen: part === "workers" ? workerListenConfig : listenConfig,
    service: serviceConfig,
    world: part === "api" ? Effect.succeed(undefined) : worldConfig,
    resolver: resolverConfig,
    keys: dkimKeysConfig,
    store: storeConfig,
    relay: withRelay ? relayConfig : Effect.succeed(undefined)
  }
  yield* checkAll(parts)
  const { listen, service, world, resolver, keys, store, relay } = yield* Effect.all(parts)
  const announce = Effect.gen(function* () {
    const { publicUrl } = yield* Settings
    const address = urlOf(listen.host, yield* listeningPort)
    yield* Effect.logInfo(`Listening on ${address}${partSentence[part]}; mailed links lead to ${publicUrl}`)
    yield* forgetTheStart
  })
  return yield* Layer.launch(
    Layer.provide(Layer.effectDiscard(announce), production(listen, service, world, resolver, keys, part, store, relay))
  )
})

// Loading the program leaves some 40 MB of garbage, which V8 keeps for as long as a server has little to do. The flag
// is the only way to the collector from inside that says nothing on standard error.
const forgetTheStart = Effect.sync(() => {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  setFlagsFromString("--no-expose-gc")
  if (typeof collect === "function") collect({ type: "major", execution: "sync", flavor: "last-resort" })
})

const partSentence: { readonly [P in Part]: string } = {
  all: "",
  api: " for the API only",
  workers: " for health checks; working on due tasks"
}

/** Serves on loopback with a mail server, a DNS server and a demo account of its own, until interrupted. */
export const serveSandbox = Effect.gen(function* () {
  const config = yield* sandboxConfig
  const folder = yield* openSandboxFolder(config.folder)
  const announce = Effect.gen(function* () {
    const { publicUrl } = yield* Settings
    yield* Console.log(yield* banner(publicUrl, folder))
    yield* forgetTheStart
  })
  return yield* Layer.launch(Layer.provide(Layer.effectDiscard(announce), sandbox(config, folder)))
}).pipe(Effect.scoped)

/** The production service: the configured store, mail server and resolvers, as far as its part needs them. */
const production = (
  listen: ListenConfig,
  config: ServiceConfig,
  world: WorldConfig | undefined,
  resolver: ResolverConfig,
  keys: "here" | "elsewhere",
  part: Part,
  store: StoreConfig,
  relay: RelaySettings | undefined
) =>
  Layer.mergeAll(
    answering(part === "workers" ? HttpApp.healthLayer : HttpApp.layer()),
    world === undefined ? DomainWatch.layer : Layer.provide(Workers.layer, mailerOf(world)),
    world === undefined || keys === "elsewhere" ? Layer.empty : KeyCare.layer,
    relay === undefined ? Layer.empty : Layer.provide(announceRelay, relayLayer(relay))
  ).pipe(
    Layer.provide(Layer.succeed(KeysServed, keys === "here")),
    Layer.provide(keySettings(config.dkimZone, config.secrets)),
    Layer.provide(resolverLayer(resolver, { ours: config.dkimZone })),
    Layer.provideMerge(Engine.layer),
    Layer.provideMerge(DkimTokens.layer(config.dkimZone)),
    Layer.provideMerge(settings(listen, config.secrets, { allowTestNames: false, fallbackFrom: config.fallbackFrom })),
    Layer.provideMerge(openStore(store)),
    Layer.provideMerge(Listener.layer(listen))
  )

const announceRelay = Layer.unwrap(
  Effect.map(
    Effect.promise(() => import("@countersign/relay")),
    ({ Relay }) =>
      Layer.effectDiscard(
        Effect.flatMap(Relay, ({ host, port }) => Effect.logInfo(`The relay listens on ${host}, port ${port}`))
      )
  )
)

/** Loaded where it is used: others start without an SMTP server. */
const relayLayer = (settings: RelaySettings) =>
  Layer.provide(
    Layer.unwrap(
      Effect.map(
        Effect.promise(() => import("@countersign/relay")),
        ({ Relay }) => Relay.layer(settings)
      )
    ),
    KeyRingKeys.layer
  )

const mailerOf = ({ smtpUrl, mailFrom }: WorldConfig) => SmtpMailer.layer({ url: smtpUrl, from: mailFrom })

/** The same service in a world of its own: the adapters of production, pointed at the sandbox's sockets. */
export const sandbox = (config: SandboxConfig, folder: SandboxFolder) =>
  Layer.mergeAll(answering(Layer.merge(HttpApp.layer(), SandboxRoutes.layer)), Workers.layer, SandboxKeys.layer).pipe(
    Layer.provideMerge(sandboxRelay),
    Layer.provide(Layer.succeed(KeysServed, true)),
    Layer.provideMerge(KeyCare.layer),
    Layer.provideMerge(sandboxKeySettings(config, folder)),
    Layer.provideMerge(Engine.layer),
    Layer.provideMerge(DkimTokens.layer(config.dkimZone)),
    Layer.provideMerge(sandboxSettings(config, folder)),
    Layer.provideMerge(sandboxMailer(config.mailFrom)),
    Layer.provideMerge(sandboxResolver),
    Layer.provideMerge(DemoAccount.layer(folder)),
    Layer.provideMerge(SandboxServers.layer(folder)),
    Layer.provideMerge(openStore(databaseIn(folder.path))),
    Layer.provideMerge(Listener.layer(config.listen))
  )

/** Answers requests. A tracer sees routes and no URLs, which hold tokens. */
const answering = <E, R>(routes: Layer.Layer<never, E, R>) =>
  Layer.provide(HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }), HttpApp.routeTracing)

const settings = (
  listen: ListenConfig,
  secrets: Redacted.Redacted<LinkSecrets>,
  rest: { readonly allowTestNames: boolean; readonly fallbackFrom?: string | undefined }
) =>
  Layer.unwrap(
    Effect.map(listeningPort, (port) =>
      Settings.layer({
        publicUrl: listen.publicUrl ?? urlOf(listen.host, port),
        secret: Redacted.make(Redacted.value(secrets).join(",")),
        ...rest
      })
    )
  )

const sandboxSecrets = ({ secrets }: SandboxConfig, folder: SandboxFolder) =>
  secrets === undefined
    ? Effect.map(folder.secret, (secret) => Redacted.make<LinkSecrets>([Redacted.value(secret)]))
    : Effect.succeed(secrets)

const sandboxSettings = (config: SandboxConfig, folder: SandboxFolder) =>
  Layer.unwrap(
    Effect.map(sandboxSecrets(config, folder), (secrets) => settings(config.listen, secrets, { allowTestNames: true }))
  )

const sandboxKeySettings = (config: SandboxConfig, folder: SandboxFolder) =>
  Layer.unwrap(Effect.map(sandboxSecrets(config, folder), (secrets) => keySettings(config.dkimZone, secrets)))

const sandboxMailer = (from: string) =>
  Layer.unwrap(
    Effect.map(SandboxServers, ({ smtp }) => SmtpMailer.layer({ url: Redacted.make(`smtp://${smtp.address}`), from }))
  )

const sandboxRelay = Layer.unwrap(
  Effect.gen(function* () {
    const { host, port } = (yield* SandboxServers).smtp
    const sink = { host, port, encryption: "none", verify: false, credentials: undefined, name: undefined } as const
    return Layer.provide(SandboxRelay.layer, relayLayer(yield* sandboxRelayConfig(sink)))
  })
)

const sandboxResolver = Layer.unwrap(
  Effect.map(SandboxServers, ({ dns }) =>
    resolverLayer({ dnsServers: [dns.address], dnsMode: "resolver" }, { firstProbeAfter: 0 })
  )
)
