/**
 * A customer's whole way at BIND, NSD and Unbound: use cases, workers, resolver and packets together, in real time.
 */
import { accountOwner, countsAgainst, probeTask } from "@countersign/core"
import {
  AccountAdmin,
  type Caller,
  DkimTokens,
  Engine,
  Senders,
  Settings,
  TaskQueue,
  Workers
} from "@countersign/engine"
import { MemoryMailer, MemoryStorage } from "@countersign/memory"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted } from "effect"
import { vi } from "vitest"
import { ours, saidBy, shown } from "./Customers.ts"
import { isNxdomain, until } from "./DirectQuestion.ts"
import { notTested } from "./Programs.ts"
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
  until(
    () => "the sender is active",
    Effect.map(look(sender), ({ status }) => status === "active")
  )

/** Probes now, and answers what was seen. */
const probeNow = Effect.fnUntraced(function* (sender: Added) {
  const { account, domain } = sender
  const before = (yield* look(sender)).lastProbe?.at ?? 0
  yield* (yield* TaskQueue).put(probeTask(account, domain, 0, 0))
  yield* until(
    () => "a probe is made",
    Effect.map(look(sender), ({ lastProbe }) => (lastProbe?.at ?? 0) > before)
  )
  return yield* look(sender)
})

for (const line of notTested) it.todo(line)

if (notTested.length === 0) {
  describe("a customer at real name servers", () => {
    it.live("is active within ten seconds of publishing, although a no is in the resolver's cache for an hour", () =>
      Effect.gen(function* () {
        const sender = yield* add("early.com")
        const { records } = sender.plan
        yield* until(
          () => "the first probe is made",
          Effect.map(look(sender), ({ lastProbe }) => lastProbe !== undefined)
        )
        assert.strictEqual((yield* look(sender)).lastProbe?.result, "negative")
        // Somebody else looks too early, a receiver of mail for example.
        for (const { name } of records) assert.isTrue(isNxdomain(yield* askResolver(name)))

        const [took] = yield* (yield* ServerWorld)
          .publish("early.com", published(records))
          .pipe(Effect.andThen(becomesActive(sender)), Effect.timeout("10 seconds"), Effect.timed)
        console.info(`active ${Math.round(Duration.toMillis(took))} ms after publishing began`)

        const { evidence, findings } = yield* look(sender)
        assert.strictEqual(saidBy(evidence, undefined)?.outcome, "nxdomain")
        assert.isTrue(findings.some(({ code }) => code === "not-yet-in-caches"))
        for (const { name } of records) assert.isTrue(isNxdomain(yield* askResolver(name)))
      }).pipe(Effect.provide(engineOver({ apex: "early.com", listed: both })))
    )

    it.live("stays active when one server dies, when both do, and when nobody can be asked, which tells nothing", () =>
      Effect.gen(function* () {
        const world = yield* ServerWorld
        const sender = yield* add("mortal.com")
        yield* world.publish("mortal.com", published(sender.plan.records))
        yield* becomesActive(sender)
        const probed = Effect.gen(function* () {
          const { evidence, lastProbe, sender: now, status } = yield* probeNow(sender)
          assert.deepStrictEqual([status, now.domainState], ["active", "verified"])
          return { evidence, result: lastProbe?.result, mode: lastProbe?.mode }
        })

        yield* world.kill("nsd")
        const one = yield* probed
        assert.deepInclude(one, { result: "valid", mode: "authoritative" }, shown(one.evidence))
        assert.strictEqual(saidBy(one.evidence, "nsd")?.outcome, "unavailable")

        yield* world.kill("bind")
        const cached = yield* probed
        assert.deepInclude(cached, { result: "valid", mode: "resolver" }, shown(cached.evidence))

        // With its cache goes the last that knew.
        yield* world.kill("resolver")
        yield* world.start("resolver")
        const none = yield* probed
        assert.strictEqual(none.result, "indeterminate")
        assert.isTrue(none.evidence.every(({ sources }) => sources.every(({ outcome }) => outcome === "unavailable")))
        // A scheduled probe would not count either.
        assert.isFalse(countsAgainst(sender.plan.records, { at: 0, evidence: none.evidence }, undefined))

        yield* world.start("bind")
        yield* world.start("nsd")
        // It would ask servers that were dead again only after a while.
        yield* world.kill("resolver")
        yield* world.start("resolver")
        const again = yield* probed
        assert.deepInclude(again, { result: "valid", mode: "authoritative" }, shown(again.evidence))
      }).pipe(Effect.provide(engineOver({ apex: "mortal.com", listed: both })))
    )
  })
}
