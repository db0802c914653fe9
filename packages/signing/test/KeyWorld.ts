/**
 * A key ring in virtual time: processes on one store, a DNS whose zone the test writes, and the operator's commands.
 */
import { type KeySlot, keyRingDecider, keyRingId, keySlots } from "@countersign/core"
import { DkimTokens, DnsResolver, Engine, EventStore, Executor, Settings, SigningKeys } from "@countersign/engine"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import { Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { TestClock } from "effect/testing"
import { KeyCare, KeyRingKeys, KeySettings, keyRecordOf } from "../src/index.ts"

export const zone = "dkim.countersign.net"
export const secret = "a secret of the tests of 32 characters"
export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** A store, and a DNS of two authoritative servers, that outlive the processes. */
export const makeKeyWorld = Effect.gen(function* () {
  const storage = yield* MemoryStorage.make()
  const dns = yield* Layer.build(MemoryDns.layerOf({ mode: "authoritative", servers: ["one:53", "two:53"] }))

  /** What commands of the operator run on; `secret` as in the environment. */
  const base = (given = secret) =>
    Engine.layer.pipe(
      Layer.provideMerge(DkimTokens.layer(zone)),
      Layer.provideMerge(Settings.layer({ publicUrl: "https://mail.countersign.net", secret: Redacted.make(given) })),
      Layer.provideMerge(KeySettings.layer({ dkimZone: zone, secret: Redacted.make(given) })),
      Layer.provideMerge(MemoryMailer.layer),
      Layer.provideMerge(Layer.succeedContext(Context.merge(storage, dns))),
      Layer.fresh
    )

  /** Starts a process that works, until its scope closes. */
  const start = Effect.fnUntraced(function* (given = secret) {
    const scope = yield* Scope.make()
    const layer = Layer.merge(KeyCare.layer, KeyRingKeys.layer).pipe(Layer.provideMerge(base(given)))
    const context = yield* Layer.buildWithScope(layer, scope)
    return { context, stop: Scope.close(scope, Exit.void) }
  })

  /** Does something as the operator does it, in a process of its own. */
  const operate = <A, E, R>(effect: Effect.Effect<A, E, R>, given = secret) =>
    Effect.provide(effect, base(given)) as Effect.Effect<A, E, Exclude<R, Layer.Success<ReturnType<typeof base>>>>

  const ring = operate(
    Effect.flatMap(Executor, (executor) => Effect.map(executor.load(keyRingDecider, keyRingId), ({ state }) => state))
  )

  return {
    start,
    operate,
    ring,
    resolver: Context.get(dns, DnsResolver),
    /** The types of the ring's events, the oldest first. */
    events: operate(
      Effect.flatMap(EventStore, (store) =>
        Effect.map(store.readLog(0, 1_000), (page) => page.events.map(({ type }) => type))
      )
    ),
    rows: operate(Effect.flatMap(SigningKeys, ({ list }) => list)),
    /** Replaces what a look at a slot finds. */
    put: (slot: KeySlot, ...values: ReadonlyArray<string>) =>
      Context.get(dns, MemoryDns).put(`countersign.k${slot}.${zone}`, "TXT", ...values),
    breakDown: Context.get(dns, MemoryDns).breakDown("SERVFAIL"),
    restore: Context.get(dns, MemoryDns).restore,
    /** Publishes the keys that the slots have now. */
    publish: (...slots: ReadonlyArray<KeySlot>) =>
      Effect.gen(function* () {
        const now = yield* ring
        for (const slot of slots.length === 0 ? keySlots : slots) {
          const key = now.slots[slot].key
          if (key !== undefined)
            yield* Context.get(dns, MemoryDns).put(`countersign.k${slot}.${zone}`, "TXT", keyRecordOf(key.publicKey))
        }
      })
  }
})

const settle = Effect.repeat(Effect.yieldNow, { times: 200 })
/** Lets the workers do what is due, and time pass. */
export const pass = (milliseconds: number) =>
  Effect.andThen(settle, Effect.andThen(TestClock.adjust(milliseconds), settle))
