/**
 * A rotation in virtual time: an operator who goes by what the commands say, 40 domains that send all the while, and
 * receivers who look at each mail at once and again a week later, through a resolver that caches.
 */
import { keyRingDecider, keyRingId, makeDnsPlan } from "@countersign/core"
import { DnsTransport, TransportFailed, WireResolver, type WireResolverOptions } from "@countersign/dns"
import { DkimTokens, DnsResolver, Engine, Executor, Settings } from "@countersign/engine"
import { MemoryMailer } from "@countersign/memory"
import { StorageFaults, type StoragePorts } from "@countersign/testkit"
import { SimulatedDns } from "@countersign/testkit/dns"
import { Clock, Context, Effect, Fiber, Layer, Option, Redacted, Scope } from "effect"
import { TestClock } from "effect/testing"
import { checkKeys, type KeyRecord, KeySettings, openKey, showKeys } from "../src/index.ts"
import { judges, type Records } from "./Judges.ts"
import { day, minute, secret, zone } from "./KeyWorld.ts"
import { mail, signed } from "./Signing.ts"

/** Caches keep the keys for longer than a day. */
export const ttl = 36 * 60 * 60
const configured = "192.0.2.53"
const receiver = "192.0.2.99"
const unlimited = { authoritative: 1e6, recursive: 1e6, all: 1e6 }
const judge = judges[0]?.[1]

const settings = Layer.merge(
  Settings.layer({ publicUrl: "https://mail.countersign.net", secret: Redacted.make(secret) }),
  KeySettings.layer({ dkimZone: zone, secret: Redacted.make(secret) })
)

const domains = Array.from({ length: 40 }, (_, index) => {
  const name = `customer${index}.mail-customers.com`
  return makeDnsPlan(name, [`${index}a`, `${index}b`, `${index}c`], zone)
})
const domainOf = (plan: (typeof domains)[number]) => plan.records[0]?.name.split("._domainkey.")[1] ?? ""

interface Sent {
  readonly domain: string
  readonly selector: string
  readonly raw: Uint8Array
  readonly lateAt: number
}

export const makeRotationWorld = Effect.fnUntraced(function* (storage: Context.Context<StoragePorts>) {
  const dns = new SimulatedDns()
  const server = (number: number) => ({ name: `ns${number}.hosting.net`, address: `198.51.100.${number}` })
  const ours = dns.zone({ name: "countersign.net", servers: [server(1), server(2)] })
  const theirs = dns.zone({ name: "mail-customers.com", servers: [server(3)] })
  dns.resolver(configured)
  dns.resolver(receiver)
  for (const { records } of domains) for (const { name, type, value } of records) theirs.always(name, type, [value])

  const transport = Layer.succeed(DnsTransport, {
    exchange: (address, packet, via, accept) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const answer = dns.exchange(address.replace(/:\d+$/, ""), via, packet, now)
        return answer !== undefined && accept(answer)
          ? Effect.succeed(answer)
          : Effect.fail(new TransportFailed({ reason: "nobody answers there", unreachable: false }))
      })
  })
  const resolverOf = (options: WireResolverOptions) =>
    Effect.map(
      Layer.build(Layer.provide(WireResolver.layerTransport({ rates: unlimited, ...options }), transport)),
      Context.get(DnsResolver)
    )
  const ourResolver = yield* resolverOf({ servers: [configured], ours: zone })
  const theirResolver = yield* resolverOf({ servers: [receiver], mode: "resolver" })

  const engine = Engine.layer.pipe(
    Layer.provideMerge(DkimTokens.layer(zone)),
    Layer.provideMerge(Layer.mergeAll(settings, MemoryMailer.layer, Layer.succeed(DnsResolver, ourResolver))),
    Layer.provideMerge(StorageFaults.layer(Layer.succeedContext(storage))),
    Layer.fresh
  )
  type Ports = Layer.Success<typeof engine>

  /** What a process does that dies at a step of its work with the storage; nothing when it died. */
  const dieing = Effect.fnUntraced(function* <A, E>(run: Effect.Effect<A, E, Ports>, step: number) {
    // It never ends: nothing of it is closed.
    const context = yield* Layer.buildWithScope(engine, yield* Scope.make())
    const { death, dieAt } = Context.get(context, StorageFaults)
    yield* dieAt(step)
    const fiber = yield* Effect.forkDetach(Effect.provide(run, context))
    return yield* Effect.raceFirst(Effect.asSome(Fiber.join(fiber)), Effect.as(death, Option.none<A>()))
  })
  const operate = <A, E>(run: Effect.Effect<A, E, Ports>) => Effect.scoped(Effect.provide(run, engine))

  const pending: Array<Sent> = []
  const failures: Array<string> = []
  let judged = 0

  const lookUp = Effect.fnUntraced(function* (name: string) {
    const texts = (observed: {
      readonly sources: ReadonlyArray<{ readonly records: ReadonlyArray<{ readonly value: string }> }>
    }) => observed.sources[0]?.records.map(({ value }) => value) ?? []
    const [target = name] = texts(yield* theirResolver.ask(name, "CNAME"))
    return texts(yield* theirResolver.ask(target, "TXT"))[0]
  })

  const deliver = Effect.fnUntraced(function* (sent: Sent, when: string) {
    const name = `${sent.selector}._domainkey.${sent.domain}`
    const text = yield* lookUp(name)
    const records: Records = text === undefined ? {} : { [name]: text }
    const [passes] = yield* Effect.promise(async () => (await judge?.([sent.raw], sent.domain, records)) ?? [])
    judged += 1
    if (passes !== true) failures.push(`${name}, ${when}`)
  })

  /** Lets time pass, with the mail that comes late in it. */
  const advanceTo = Effect.fnUntraced(function* (end: number) {
    pending.sort((a, b) => a.lateAt - b.lateAt)
    while (pending[0] !== undefined && pending[0].lateAt <= end) {
      const [sent] = pending.splice(0, 1)
      if (sent === undefined) break
      yield* TestClock.setTime(sent.lateAt)
      yield* deliver(sent, "a week late")
    }
    yield* TestClock.setTime(end)
  })

  const ring = operate(
    Effect.flatMap(Executor, ({ load }) => Effect.map(load(keyRingDecider, keyRingId), ({ state }) => state))
  )

  /** A mail from each of the domains, signed with what signs now, and received at once. */
  const sendRound = Effect.gen(function* () {
    const { signing, slots } = yield* ring
    const keyId = signing === undefined ? undefined : slots[signing].key?.keyId
    if (signing === undefined || keyId === undefined) return yield* Effect.die("nothing signs")
    const at = yield* Clock.currentTimeMillis
    const { key } = yield* operate(openKey(signing, keyId))
    for (const plan of domains) {
      const domain = domainOf(plan)
      const selector = plan.tokens[signing - 1] ?? ""
      const text = mail([`From: billing@${domain}`, "To: jane@receiver.net", `Subject: ${at}`])
      const raw = yield* Effect.promise(() => signed(text, { domain, selector, privateKey: Redacted.value(key), at }))
      const sent = { domain, selector, raw, lateAt: at + 7 * day - minute }
      pending.push(sent)
      yield* deliver(sent, "at once")
    }
  })

  const publish = ({ name, value }: KeyRecord) => Effect.orDie(ours.put(name, "TXT", value, { ttl }))
  const advance = (by: number) => Effect.flatMap(Clock.currentTimeMillis, (now) => advanceTo(now + by))

  /** Keys in all slots, published and seen. */
  const begin = Effect.gen(function* () {
    for (const record of (yield* operate(showKeys)).records) yield* publish(record)
    yield* operate(checkKeys)
  })

  return {
    begin,
    operate,
    dieing,
    ring,
    sendRound,
    publish,
    advance,
    advanceTo,
    /** Delivers what is still on its way, and tells what failed of how many looks at mails. */
    end: Effect.gen(function* () {
      yield* advance(8 * day)
      return { judged, failures }
    })
  }
})

export type RotationWorld = Effect.Success<ReturnType<typeof makeRotationWorld>>
