import { makeDnsPlan } from "@countersign/core"
import { DkimProvider, DkimTokens, Engine, exportLines, importStore, Senders } from "@countersign/engine"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import type { StoragePorts } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { type Context, Effect, Exit, Layer, Scope, Stream } from "effect"
import { createAccount, pass, publish, settings, unpublish, workers, zone } from "./World.ts"

type Storage = Context.Context<StoragePorts>

/** Imports the store into one with an identity key of its own. */
const imported = Effect.fnUntraced(function* (storage: Storage) {
  const other = yield* MemoryStorage.make()
  const file = Stream.provideContext(
    Stream.encodeText(exportLines({ withKey: false, withSigningKeys: false })),
    storage
  )
  yield* importStore(file, { newIdentityKey: true }).pipe(Effect.provide(other))
  return other
})

const tokens = (...list: ReadonlyArray<string>) =>
  Layer.succeed(DkimProvider, { plan: (_, domain) => Effect.succeed(makeDnsPlan(domain, list, zone)) })
const derived = DkimTokens.layer(zone)

/** Two installations, one after the other, on what the customers published. */
const makeInstallations = Effect.gen(function* () {
  const dns = yield* Layer.build(MemoryDns.layer)
  const start = Effect.fnUntraced(function* (storage: Storage, provider: typeof derived | ReturnType<typeof tokens>) {
    const scope = yield* Scope.make()
    const outside = Layer.mergeAll(
      Layer.succeedContext(storage),
      Layer.succeedContext(dns),
      MemoryMailer.layer,
      settings
    )
    const layer = workers.pipe(
      Layer.provideMerge(Engine.layer),
      Layer.provideMerge(provider),
      Layer.provideMerge(outside)
    )
    const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope)
    return { context, stop: Scope.close(scope, Exit.void) }
  })
  return { start }
})

describe("a proof of a domain counts for the records that it was seen by", () => {
  it.effect.each([
    ["a store that was imported with a new identity key", imported, derived, derived],
    ["a provider that gives other tokens", Effect.succeed<Storage>, tokens("a", "b", "c"), tokens("a", "b", "d")]
  ] as const)("%s", ([, move, before, after]) =>
    Effect.gen(function* () {
      const { start } = yield* makeInstallations
      const storage: Storage = yield* MemoryStorage.make()
      const old = yield* start(storage, before)
      const { caller, first } = yield* Effect.gen(function* () {
        const senders = yield* Senders
        const caller = yield* createAccount()
        const { id } = (yield* senders.add({ ...caller, address: "first@acme.com" })).sender
        yield* publish(caller, id)
        yield* pass("1 minute")
        // What the next ones are compared with: with the same records a proof counts at once.
        const { sender } = yield* senders.add({ ...caller, address: "same@acme.com" })
        assert.strictEqual(sender.status, "domain-verified")
        return { caller, first: id }
      }).pipe(Effect.provide(old.context))
      yield* old.stop

      const next = yield* start(yield* move(storage), after)
      yield* Effect.gen(function* () {
        const senders = yield* Senders
        const { account } = caller
        const statuses = Effect.map(senders.list({ account, order: "oldest-first", offset: 0, limit: 10 }), (list) =>
          list.map(({ address, domainState }) => [address.slice(0, address.indexOf("@")), domainState])
        )
        const { id } = (yield* senders.add({ ...caller, address: "second@acme.com" })).sender
        const pending = [
          ["first", "verified"],
          ["same", "verified"],
          ["second", "pending"]
        ]
        assert.deepStrictEqual(yield* statuses, pending)
        yield* pass("1 hour")
        assert.deepStrictEqual(yield* statuses, pending)
        yield* publish(caller, id)
        yield* pass("1 hour")
        assert.deepStrictEqual(yield* statuses, [
          ["first", "verified"],
          ["same", "verified"],
          ["second", "verified"]
        ])
        // The records of the first go: the second's own are still there.
        yield* unpublish(caller, first)
        yield* publish(caller, id)
        yield* pass("2 days")
        assert.deepStrictEqual(yield* statuses, [
          ["first", "degraded"],
          ["same", "degraded"],
          ["second", "verified"]
        ])
        // The oldest on the domain is of other records, whatever the others prove.
        const { sender } = yield* senders.add({ ...caller, address: "third@acme.com" })
        assert.notStrictEqual(sender.domainState, "degraded")
      }).pipe(Effect.provide(next.context))
      yield* next.stop
    })
  )
})
