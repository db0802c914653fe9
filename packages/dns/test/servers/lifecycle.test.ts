/**
 * A customer's whole way at BIND, NSD and Unbound: use cases, workers, resolver and packets together, in real time.
 */
import { accountOwner, probeTask } from "@countersign/core"
import { AccountAdmin, type Caller, DkimTokens, Engine, Senders, Settings, TaskQueue, Workers } from "@countersign/engine"
import { MemoryMailer, MemoryStorage } from "@countersign/memory"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Redacted } from "effect"
import { vi } from "vitest"
import { ours, saidBy } from "./Customers.ts"
import { isNxdomain, until } from "./DirectQuestion.ts"
import { missingPrograms } from "./Programs.ts"
import { askResolver, ServerWorld } from "./ServerWorld.ts"
import { published, type Zone } from "./Zones.ts"

vi.setConfig({ testTimeout: 60_000 })

const both = ["bind", "nsd"] as const

const settings = Settings.layer({
  publicUrl: "https://mail.countersign.net",
  secret: Redacted.make("a secret of the tests of 32 characters")
})

/** The engine with its workers over a world with our zone and this one. */
const engineOver = (zone: Zone) =>
  Workers.layer.pipe(
    Layer.provideMerge(Engine.layer),
    Layer.provideMerge(DkimTokens.layer(ours)),
    Layer.provideMerge(
      Layer.mergeAll(
        MemoryStorage.layer,
        MemoryMailer.layer,
        settings,
        ServerWorld.layer([zone, { apex: "countersign.net", listed: both }], ours)
      )
    )
  )

const add = Effect.fnUntraced(function* (domain: string) {
  const { id } = yield* (yield* AccountAdmin).createAccount({ email: "owner@acme.com", name: "Acme Ltd" })
  const caller: Caller = { account: id, actor: "key:test", correlation: "test" }
  const added = yield* (yield* Senders).add({ ...caller, owner: accountOwner, kind: "domain", address: domain })
  return added.sender
})

type Added = Effect.Success<ReturnType<typeof add>>

/** What somebody sees who looks at the sender, and whom the product probes for. */
const look = ({ account, id }: Added) =>
  Effect.orDie(Effect.flatMap(Senders, (senders) => senders.status({ account, id })))

const becomesActive = (sender: Added) =>
  Effect.flatMap(Effect.context<Senders>(), (context) =>
    until(
      () => "the sender is active",
      Effect.provide(
        Effect.map(look(sender), ({ status }) => status === "active"),
        context
      )
    )
  )

/** Probes now, and answers what was seen. */
const probeNow = Effect.fnUntraced(function* (sender: Added) {
  const { account, domain } = sender
  const context = yield* Effect.context<Senders>()
  const before = (yield* look(sender)).lastProbe?.at ?? 0
  yield* (yield* TaskQueue).put(probeTask(account, domain, 0, 0))
  const isSeen = Effect.map(look(sender), ({ lastProbe }) => (lastProbe?.at ?? 0) > before)
  yield* until(() => "a probe is made", Effect.provide(isSeen, context))
  return yield* look(sender)
})

const isForgotten = ({ plan }: Added) =>
  Effect.map(
    Effect.forEach(plan.records, ({ name }) => askResolver(name), { concurrency: "unbounded" }),
    (answers) => answers.every((answer) => (answer?.answers ?? []).length === 0)
  )

if (missingPrograms.length === 0) {
  describe("a customer at real name servers", { concurrent: true }, () => {
    it.live("is active within ten seconds of publishing, although a no is in the resolver's cache for an hour", () =>
      Effect.gen(function* () {
        const sender = yield* add("early.com")
        const { records } = sender.plan
        const context = yield* Effect.context<Senders>()
        const isProbed = Effect.map(look(sender), ({ lastProbe }) => lastProbe !== undefined)
        yield* until(() => "the first probe is made", Effect.provide(isProbed, context))
        assert.strictEqual((yield* look(sender)).lastProbe?.result, "negative")
        // Somebody else looks too early, a receiver of mail for example.
        for (const { name } of records) assert.isTrue(isNxdomain(yield* askResolver(name)))

        const began = yield* Clock.currentTimeMillis
        yield* (yield* ServerWorld).publish("early.com", published(records))
        yield* becomesActive(sender)
        console.info(`active ${(yield* Clock.currentTimeMillis) - began} ms after publishing began`)

        const { evidence } = yield* look(sender)
        assert.strictEqual(saidBy(evidence, undefined)?.outcome, "nxdomain")
        for (const { name } of records) assert.isTrue(isNxdomain(yield* askResolver(name)))
      }).pipe(Effect.provide(engineOver({ apex: "early.com", listed: both })))
    )

    it.live("stays active when one server dies, and when both do, which tells nothing", () =>
      Effect.gen(function* () {
        const world = yield* ServerWorld
        const sender = yield* add("mortal.com")
        // No cache keeps them for longer than the second in which it asked.
        yield* world.publish("mortal.com", published(sender.plan.records, 0))
        yield* becomesActive(sender)

        yield* world.kill("nsd")
        const one = yield* probeNow(sender)
        assert.strictEqual(one.lastProbe?.result, "valid")
        assert.deepStrictEqual([saidBy(one.evidence, "bind")?.outcome, saidBy(one.evidence, undefined)?.outcome], [
          "records",
          "records"
        ])
        assert.strictEqual(saidBy(one.evidence, "nsd")?.outcome, "unavailable")

        yield* world.kill("bind")
        yield* until(() => "the resolver knows nothing any more", Effect.provideService(isForgotten(sender), ServerWorld, world))
        const none = yield* probeNow(sender)
        assert.strictEqual(none.lastProbe?.result, "indeterminate")
        assert.isTrue(none.evidence.every(({ sources }) => sources.every(({ outcome }) => outcome === "unavailable")))
        assert.deepStrictEqual([none.status, none.sender.domainState], ["active", "verified"])

        yield* world.start("bind")
        yield* world.start("nsd")
        assert.strictEqual((yield* probeNow(sender)).lastProbe?.result, "valid")
      }).pipe(Effect.provide(engineOver({ apex: "mortal.com", listed: both })))
    )
  })
}
