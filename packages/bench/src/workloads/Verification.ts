/**
 * From published records to a verified domain, through the whole product on SQLite and over real packets: the workers,
 * the wire resolver on sockets of loopback, and the event feed that tells of it. The simulated servers run in the same
 * process, so their work is in the figures too.
 * First the domains verified a minute, and the memory; then how soon the feed tells of those that somebody looks at.
 */
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { accountOwner } from "@countersign/core"
import { WireResolver } from "@countersign/dns"
import {
  AccountAdmin,
  type Added,
  DkimTokens,
  Engine,
  Mailer,
  Senders,
  Settings,
  statusChanges,
  Workers
} from "@countersign/engine"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { SimulatedDns, type SimulatedZone } from "@countersign/testkit/dns"
import { Effect, Layer, Redacted, Stream } from "effect"
import { atLeast, below, type Figure } from "../Figure.ts"
import { percentile } from "../Measure.ts"
import type { Surroundings, VerificationScale, Workload } from "../Workload.ts"

const ourZone = "dkim.countersign.net"
const resolver = "203.0.113.53"
/** How often somebody looks at a watched domain, and how long their first probe may take. Milliseconds. */
const lookEvery = 5_000
const firstProbes = 10_000

export const verification: Workload = {
  name: "verification",
  onRequest: true,
  run: async (surroundings) => {
    const { scale } = surroundings
    return [
      ...(await rate(surroundings, scale.verification.few)),
      ...(await rate(surroundings, scale.verification.many)),
      await watching(surroundings, scale.verification.watched)
    ]
  }
}

interface Published {
  readonly sender: Added["sender"]
  readonly zone: SimulatedZone
}

/** Name servers at so many addresses; each domain is at two of them. */
const internet = (addresses: number) => {
  const dns = new SimulatedDns()
  const host = (number: number) => ({ name: `ns${number}.hosting.net`, address: `192.0.2.${number + 1}` })
  const zoneAt = (name: string, index: number) =>
    dns.zone({ name, servers: [host((2 * index) % addresses), host((2 * index + 1) % addresses)], minimum: 60 })
  // Sockets are opened for the servers that there are at the beginning.
  for (let pair = 0; pair < addresses / 2; pair++) zoneAt(`first${pair}.com`, pair)
  dns.zone({ name: "countersign.net", servers: [{ name: "ns.countersign.net", address: "198.51.100.1" }] })
  dns.zone({ name: ourZone, servers: [{ name: `ns.${ourZone}`, address: "198.51.100.2" }] })
  dns.resolver(resolver)
  return { dns, zoneAt }
}

/** The product, over a store and the sockets of the simulation. */
const product = Effect.fnUntraced(function* (file: string, dns: SimulatedDns) {
  const { route } = yield* dns.mount
  // The workers end before it does: they have a scope of their own.
  return Engine.layer.pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        Layer.provideMerge(DkimTokens.layer(ourZone), SqliteStorage.layer({ file })),
        Layer.succeed(Mailer, { send: () => Effect.void }),
        WireResolver.layer({ servers: [resolver], ours: ourZone, route }),
        Settings.layer({
          publicUrl: "http://127.0.0.1",
          secret: Redacted.make("a secret that the benchmarks need not keep")
        })
      )
    )
  )
})

const addDomains = Effect.fnUntraced(function* (
  label: string,
  count: number,
  zoneAt: ReturnType<typeof internet>["zoneAt"]
) {
  const senders = yield* Senders
  const account = yield* (yield* AccountAdmin).createAccount({ email: `${label}@example.com`, name: label })
  const caller = {
    account: account.id,
    actor: "benchmark",
    correlation: label,
    owner: accountOwner,
    kind: "domain"
  } as const
  return yield* Effect.forEach(
    Array.from({ length: count }, (_, index) => index),
    (index) =>
      Effect.map(
        senders.add({ ...caller, address: `${label}${index}.com` }),
        ({ sender }): Published => ({ sender, zone: zoneAt(`${label}${index}.com`, index) })
      ),
    { concurrency: 100 }
  )
})

/** Calls back with the domain and the time whenever the feed tells that one is verified. */
const hear = (told: (domain: string, at: number) => void) =>
  statusChanges(0).pipe(
    Stream.runForEach(({ event, sender }) =>
      Effect.sync(() => {
        if (event._tag === "DomainVerified") told(sender.domain, performance.now())
      })
    ),
    Effect.forkScoped
  )

const until = (isDone: () => boolean) => Effect.repeat(Effect.sleep("20 millis"), { until: () => isDone() })

const rate = async (
  { folder, progress }: Surroundings,
  { addresses, domains }: VerificationScale["few"]
): Promise<ReadonlyArray<Figure>> => {
  const { dns, zoneAt } = internet(addresses)
  const file = join(folder, `verification-${addresses}.db`)
  const memory: Array<{ readonly verified: number; readonly heap: number }> = []
  let direct = 0
  const counted = Math.ceil(domains * 0.95)
  const seconds = await Effect.gen(function* () {
    const layer = yield* product(file, dns)
    return yield* Effect.gen(function* () {
      const published = yield* addDomains("shop", domains, zoneAt)
      for (const { sender, zone } of published)
        for (const { name, value } of sender.plan.records) zone.always(name, "CNAME", [value])
      let verified = 0
      yield* hear(() => {
        verified += 1
        if (verified % Math.ceil(counted / 8) !== 0) return
        direct += dns.log.filter(({ by, server }) => by === undefined && server !== resolver).length
        // What is measured is the product: the simulation forgets, and garbage goes.
        dns.log.length = 0
        collectGarbage()
        const { heapUsed, rss } = process.memoryUsage()
        memory.push({ verified, heap: heapUsed })
        progress(`verification: ${verified} verified, heap ${megabytes(heapUsed)} MB, resident ${megabytes(rss)} MB`)
      })
      const began = performance.now()
      yield* Layer.build(Workers.layer)
      // Whoever was not answered in time is tried again by the schedule, for minutes: that is no work.
      yield* until(() => verified >= counted)
      return (performance.now() - began) / 1_000
    }).pipe(Effect.scoped, Effect.provide(layer))
  }).pipe(Effect.scoped, Effect.runPromise)
  const [half, last] = [memory[Math.floor(memory.length / 2)], memory.at(-1)]
  const growth = ((last?.heap ?? 0) - (half?.heap ?? 0)) / ((last?.verified ?? 1) - (half?.verified ?? 0))
  const aMinute = (counted * 60) / seconds
  return [
    {
      workload:
        `${domains.toLocaleString("en")} domains with three records verified, at ${addresses} server addresses ` +
        `(${(direct / (last?.verified ?? 1)).toFixed(1)} questions each to them; heap ${growth.toFixed(0)} bytes a domain in the second half)`,
      ours: { value: aMinute, unit: "/min" },
      aims: [atLeast(aMinute, 2_000, ">= 2,000 a minute")]
    }
  ]
}

const watching = async (
  { folder, progress }: Surroundings,
  { addresses, pending, seconds, watched }: VerificationScale["watched"]
): Promise<Figure> => {
  const { dns, zoneAt } = internet(addresses)
  const file = join(folder, "verification-watched.db")
  const latencies = await Effect.gen(function* () {
    const layer = yield* product(file, dns)
    yield* Effect.provide(addDomains("other", pending, zoneAt), layer)
    // As they would be after hours: their probes are spread over one.
    const database = new DatabaseSync(file)
    database.exec("UPDATE tasks SET due = due + (number * 7919) % 3600000 WHERE kind = 'probe'")
    database.close()
    progress(`verification: ${pending} are pending`)
    return yield* Effect.gen(function* () {
      const senders = yield* Senders
      const published = new Map<string, number>()
      const took: Array<number> = []
      yield* hear((domain, at) => void took.push(at - (published.get(domain) ?? at)))
      yield* Layer.build(Workers.layer)
      const looked = yield* addDomains("watched", watched, zoneAt)
      const look = Effect.forEach(looked, ({ sender: { account, id } }) => senders.dns({ account, id }))
      yield* Effect.forkScoped(Effect.forever(Effect.andThen(look, Effect.sleep(lookEvery))))
      yield* Effect.sleep(firstProbes)
      for (const { sender, zone } of looked) {
        yield* Effect.sleep((seconds * 1_000) / watched)
        for (const { name, value } of sender.plan.records) yield* zone.put(name, "CNAME", value)
        published.set(sender.domain, performance.now())
      }
      yield* until(() => took.length >= watched)
      return Float64Array.from(took).sort()
    }).pipe(Effect.scoped, Effect.provide(layer))
  }).pipe(Effect.scoped, Effect.runPromise)
  const p95 = percentile(latencies, 0.95)
  return {
    workload: `${watched} watched domains told of as verified after their records were visible, ${pending.toLocaleString("en")} others pending: p95`,
    ours: { value: p95, unit: "ms", p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
    aims: [below(p95, 5_000, "< 5 s")]
  }
}

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
