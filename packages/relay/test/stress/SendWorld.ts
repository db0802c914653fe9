/**
 * A whole house in virtual time: engine, workers and the relay's own path from octets to a signed message, over a
 * storage of the test's choice, a mailer into memory and a DNS that fails and lies at random.
 */
import {
  AccountId,
  installationAccount,
  KeyId,
  type KeyRingCommand,
  type KeySlot,
  keyRingDecider,
  keyRingId,
  keySlots,
  type SourceAnswer
} from "@countersign/core"
import {
  DkimTokens,
  DnsResolver,
  Engine,
  EventStore,
  Executor,
  KeysServed,
  Senders,
  SendPlans,
  Settings,
  SlowPoll,
  type StoredEvent,
  Workers
} from "@countersign/engine"
import { MemoryDns, MemoryMailer } from "@countersign/memory"
import { KeyRingKeys, makeKeyPair, makeMailSigner } from "@countersign/signing"
import type { StorageLayer } from "@countersign/testkit"
import { Clock, Context, Effect, Layer, Random, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"

export const fallbackFrom = "no-reply@platform-mail.com"

/** How much the DNS misbehaves: the part of the questions that fail, and of those that one server denies. */
export class Chaos extends Context.Service<Chaos, { failing: number; denied: number }>()("test/Chaos") {
  static readonly layer = Layer.sync(Chaos, () => ({ failing: 0, denied: 0 }))
}

const unavailable = { outcome: "unavailable", records: [], reason: "SERVFAIL" } as const
const denied = { outcome: "nxdomain", records: [], negativeTtl: 60 } as const

const chaotic = Layer.effect(
  DnsResolver,
  Effect.gen(function* () {
    const resolver = yield* DnsResolver
    const chaos = yield* Chaos
    return {
      ...resolver,
      ask: Effect.fnUntraced(function* (name, type, options) {
        const seen = yield* resolver.ask(name, type, options)
        const isDown = (yield* Random.next) < chaos.failing / 2
        const sources = yield* Effect.forEach(
          seen.sources,
          Effect.fnUntraced(function* (source, index): Effect.fn.Return<SourceAnswer> {
            const [down, lie] = [yield* Random.next, yield* Random.next]
            if (isDown || down < chaos.failing / 2) return { ...source, ...unavailable }
            return index === 0 && lie < chaos.denied ? { ...source, ...denied } : source
          })
        )
        return { ...seen, sources }
      })
    }
  })
)

/** When the key was given out for a mail, and of which slot. */
export interface Signing {
  readonly at: number
  readonly slot: number
}

/** What is noted of the mail that a fiber signs. */
export class Signed extends Context.Reference<{ last: Signing | undefined }>("test/Signed", {
  defaultValue: () => ({ last: undefined })
}) {}

const keys = Layer.effect(
  KeyRingKeys,
  Effect.map(makeKeyPair, ({ privateKey }) => ({
    privateKey: Effect.fnUntraced(function* (slot: KeySlot) {
      const signed = yield* Signed
      signed.last = { at: yield* Clock.currentTimeMillis, slot }
      return Redacted.make(privateKey)
    })
  }))
)

/** Every hint of a commit is lost to the plans. The workers hear them, so that they need not look so often. */
const plansWithoutHints = Layer.fresh(SendPlans.layer).pipe(
  Layer.provide(
    Layer.effect(
      EventStore,
      Effect.map(EventStore, (store) => ({ ...store, changes: Stream.never }))
    )
  )
)

/** Everything over a storage. */
export const sendWorld = (storage: StorageLayer) => {
  const dns = chaotic.pipe(
    Layer.provideMerge(MemoryDns.layerOf({ mode: "authoritative", servers: ["192.0.2.1:53", "192.0.2.2:53"] }))
  )
  const settings = Settings.layer({
    publicUrl: "https://mail.countersign.net",
    secret: Redacted.make("a secret of the tests of 32 characters"),
    fallbackFrom
  })
  return plansWithoutHints.pipe(
    Layer.provideMerge(Layer.provide(Workers.layer, Layer.succeed(SlowPoll, 60 * 60 * 1_000))),
    Layer.provideMerge(Engine.layer),
    Layer.provideMerge(
      Layer.mergeAll(
        Layer.provideMerge(DkimTokens.layer("dkim.countersign.net"), storage),
        MemoryMailer.layer,
        dns,
        settings
      )
    ),
    Layer.provideMerge(keys),
    Layer.provideMerge(Chaos.layer)
  )
}

/** What the relay signs with, over the plans that hear no hints. */
export const mailSigner = Effect.gen(function* () {
  const [senders, plans] = [yield* Senders, yield* SendPlans]
  const sendPlan: typeof senders.sendPlan = (asked) => plans.plan({ ...asked, account: AccountId.make(asked.account) })
  return yield* makeMailSigner.pipe(
    Effect.provideService(Senders, { ...senders, sendPlan }),
    Effect.provideService(KeysServed, true)
  )
})

export const toRing = Effect.fnUntraced(function* (command: KeyRingCommand) {
  const request = { account: installationAccount, actor: "operator", correlation: "test" }
  yield* (yield* Executor).execute(request, (tx) => tx.decide(keyRingDecider, keyRingId, command))
})

/** All keys are seen; slot 1 signs. */
export const seeKeys = Effect.gen(function* () {
  const at = yield* Clock.currentTimeMillis
  for (const slot of keySlots) {
    const keyId = KeyId.make(`key-${slot}`)
    yield* toRing({ _tag: "GenerateKey", at, slot, keyId, publicKey: `MIG${slot}` })
    yield* toRing({ _tag: "RecordKeySeen", at, slot, keyId, keptFor: 0, evidence: [] })
  }
})

/** The whole log, read from the store. */
export const readWholeLog = Effect.gen(function* () {
  const store = yield* EventStore
  const log: Array<StoredEvent> = []
  while (true) {
    const { events } = yield* store.readLog(log.length, 1_000)
    log.push(...events)
    if (events.length < 1_000) return log
  }
})

const settle = Effect.repeat(Effect.yieldNow, { times: 30 })

/** Lets the workers do what is due, and time pass. */
export const pass = (time: Parameters<typeof TestClock.adjust>[0]) =>
  Effect.andThen(settle, Effect.andThen(TestClock.adjust(time), settle))
