/**
 * Many verified domains of many accounts on a simulated internet, probed by the real workers through the real resolver
 * under virtual time. Every packet goes to a simulated server; nothing is cut short but the waiting.
 */
import { accountOwner, type ProbeRecord, taskPayloads } from "@countersign/core"
import { WireResolver } from "@countersign/dns"
import {
  AccountAdmin,
  type Added,
  DkimTokens,
  Engine,
  Senders,
  Settings,
  SlowPoll,
  TaskQueue,
  Workers
} from "@countersign/engine"
import { MemoryMailer, MemoryStorage } from "@countersign/memory"
import type { SimulatedDns, SimulatedZone } from "@countersign/testkit/dns"
import { Context, Effect, Layer, Logger, Redacted, Schema } from "effect"
import { Internet } from "../Internet.ts"

const ourZone = "dkim.countersign.net"
/** The resolvers in the order in which they are configured: who lies comes first. */
export const [liar, referrer, honest] = ["203.0.113.1", "203.0.113.2", "203.0.113.3"] as const
export const ourServers = ["198.51.100.1", "198.51.100.2"] as const

/** The two servers of a provider. */
export const serversOf = (provider: number) => [`192.0.2.${provider * 2}`, `192.0.2.${provider * 2 + 1}`] as const

/** A domain that was added, and where it is published. */
export interface Domain {
  readonly sender: Added["sender"]
  readonly zone: SimulatedZone
  readonly provider: number
}

/** What was seen of a domain in one run of its probe task. */
type Probes = ReadonlyMap<string, ReadonlyArray<ProbeRecord>>

export interface ManyDomains {
  readonly dns: SimulatedDns
  readonly domains: ReadonlyArray<Domain>
  readonly probes: Probes
  /** The lines of the log since the domains were verified. */
  readonly told: Array<string>
}

const decode = Schema.decodeUnknownSync(taskPayloads.probe)

/** The storage in memory, which notes what each probe left in its task. */
const noting = (probes: Map<string, Array<ProbeRecord>>) =>
  Layer.effectContext(
    Effect.map(Layer.build(MemoryStorage.layer), (ports) => {
      const queue = Context.get(ports, TaskQueue)
      return Context.add(ports, TaskQueue, {
        ...queue,
        retryAt: (claim, next) => {
          const { domain, probed = {} } = next.payload === undefined ? { domain: "" } : decode(next.payload)
          probes.set(domain, [...(probes.get(domain) ?? []), ...Object.values(probed)])
          return queue.retryAt(claim, next)
        }
      })
    })
  )

export interface ManyDomainsOptions {
  readonly domains: number
  readonly accounts: number
  readonly providers: number
  /** Nothing is published: the domains stay pending. */
  readonly unpublished?: boolean
}

/** The domains, verified; everybody behaves until somebody says otherwise. */
export const manyDomains = Effect.fnUntraced(function* (options: ManyDomainsOptions) {
  const { dns, layer } = new Internet()
  const told: Array<string> = []
  const probes = new Map<string, Array<ProbeRecord>>()
  const provided = (provider: number) => {
    const [first, second] = serversOf(provider)
    return [
      { name: `a.p${provider}.net`, address: first },
      { name: `b.p${provider}.net`, address: second }
    ]
  }
  for (const [name, servers] of [
    ["countersign.net", ["198.51.100.3", "198.51.100.4"]],
    [ourZone, ourServers]
  ] as const) {
    dns.zone({ name, servers: servers.map((address, index) => ({ name: `ns${index}.${name}`, address })) })
  }
  for (const address of [liar, referrer, honest]) dns.resolver(address)

  const adapters = Layer.mergeAll(
    DkimTokens.layer(ourZone).pipe(Layer.provideMerge(noting(probes))),
    MemoryMailer.layer,
    WireResolver.layerTransport({ servers: [liar, referrer, honest], ours: ourZone }).pipe(Layer.provide(layer)),
    Settings.layer({
      publicUrl: "https://mail.countersign.net",
      secret: Redacted.make("a secret of the tests of 32 characters")
    }),
    Logger.layer([Logger.make(({ message }) => void told.push(String(Array.isArray(message) ? message[0] : message)))])
  )
  const engine = yield* Layer.build(Engine.layer.pipe(Layer.provideMerge(adapters)))
  const domains = yield* Effect.gen(function* () {
    const senders = yield* Senders
    const admin = yield* AccountAdmin
    const callers = yield* Effect.forEach(Array.from({ length: options.accounts }), (_, index) =>
      Effect.map(admin.createAccount({ email: `owner@account${index}.com`, name: "" }), ({ id }) => ({
        ...{ account: id, actor: "key:test", correlation: "test" }
      }))
    )
    return yield* Effect.forEach(Array.from({ length: options.domains }), (_, index) =>
      Effect.gen(function* () {
        const provider = index % options.providers
        const name = `shop${index}.com`
        const zone = dns.zone({ name, servers: provided(provider), minimum: 300 })
        const caller = callers[index % callers.length]
        if (caller === undefined) return yield* Effect.die("there are no accounts")
        const { sender } = yield* senders.add({ ...caller, owner: accountOwner, kind: "domain", address: name })
        if (options.unpublished !== true)
          for (const record of sender.plan.records) zone.always(record.name, "CNAME", [record.value])
        return { sender, zone, provider } satisfies Domain
      })
    )
  }).pipe(Effect.provideContext(engine))
  // Hints of the storage in memory are never lost, and virtual days cost turns of the scheduler.
  const workers = Workers.layer.pipe(Layer.provide(Layer.succeed(SlowPoll, 60 * 60 * 1_000)))
  yield* Layer.build(Layer.provide(workers, Layer.succeedContext(engine)))
  const world: ManyDomains = { dns, domains, probes, told }
  return { world, engine }
})

/** Every event of a domain, and its state. */
export const lifeOf = ({ sender: { account, id } }: Domain) =>
  Effect.gen(function* () {
    const senders = yield* Senders
    const events = (yield* senders.history({ account, id })).map(({ event }) => event)
    const { domainState } = yield* senders.get({ account, id })
    return { events, domainState }
  })
