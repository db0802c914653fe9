/**
 * The product's resolver at BIND, NSD and Unbound, as Debian has them: `npm run test:servers`.
 *
 * Each case is proven by what the engine's probe sees and how core judges it.
 */
import type { DnsPlan } from "@countersign/core"
import { assert, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { vi } from "vitest"
import { ours, probe, saidBy, shown, zones } from "./Customers.ts"
import { askServer } from "./DirectQuestion.ts"
import { notTested } from "./Programs.ts"
import { askResolver, ServerWorld } from "./ServerWorld.ts"
import { negativeTtl, published } from "./Zones.ts"

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

/** Somebody else who asks the recursive resolver gets the records: their absence is not in its cache. */
const resolverKnows = ({ records }: DnsPlan) =>
  Effect.forEach(records, ({ name }) =>
    Effect.map(askResolver(name), (answer) =>
      assert.deepStrictEqual(
        answer?.answers?.map(({ type }) => type),
        ["CNAME"]
      )
    )
  )

for (const line of notTested) it.todo(line)

if (notTested.length === 0) {
  layer(ServerWorld.layer(zones, ours), { excludeTestServices: true })("records at real name servers", (it) => {
    it.effect("are right when both servers of the zone have them", () =>
      Effect.gen(function* () {
        const { evidence, result } = yield* probe("plain.com")
        assert.strictEqual(result, "valid")
        for (const { mode, sources, zone } of evidence) {
          assert.strictEqual(mode, "authoritative")
          assert.strictEqual(zone, "plain.com")
          assert.deepStrictEqual(
            sources.map(({ outcome, role }) => `${role} ${outcome}`),
            ["authoritative records", "authoritative records", "recursive records"]
          )
        }
      })
    )

    it.effect("are missing where nothing is, and our question leaves no trace in the resolver's cache", () =>
      Effect.gen(function* () {
        const { codes, evidence, plan, result } = yield* probe("nothing.com")
        assert.strictEqual(result, "negative")
        assert.strictEqual(codes[0], "record-missing-nxdomain")
        for (const { sources } of evidence) {
          assert.deepStrictEqual(
            sources.map(({ negativeTtl: ttl, outcome, role }) => `${role} ${outcome} ${ttl}`),
            Array.from({ length: 2 }, () => `authoritative nxdomain ${negativeTtl}`)
          )
        }
        yield* (yield* ServerWorld).publish("nothing.com", published(plan.records))
        yield* resolverKnows(plan)
        assert.strictEqual((yield* probe("nothing.com")).result, "valid")
      })
    )

    it.effect("are undecided while one of two servers has them, and that leaves no trace either", () =>
      Effect.gen(function* () {
        const world = yield* ServerWorld
        const { plan } = yield* probe("arriving.com")
        yield* world.publish("arriving.com", published(plan.records), ["bind"])
        const { codes, evidence, result } = yield* probe("arriving.com")
        assert.strictEqual(result, "indeterminate", shown(evidence))
        assert.strictEqual(codes[0], "servers-disagree")
        assert.deepStrictEqual(
          [saidBy(evidence, "bind")?.outcome, saidBy(evidence, "nsd")?.outcome],
          ["records", "nxdomain"]
        )
        yield* world.publish("arriving.com", published(plan.records))
        yield* resolverKnows(plan)
        assert.strictEqual((yield* probe("arriving.com")).result, "valid")
      })
    )

    it.effect("are found in a zone _domainkey that is delegated to another server", () =>
      Effect.gen(function* () {
        const { evidence, result } = yield* probe("delegated.com")
        assert.strictEqual(result, "valid")
        assert.strictEqual(evidence[0]?.zone, "_domainkey.delegated.com")
        assert.strictEqual(saidBy(evidence, "other")?.role, "authoritative")
        assert.strictEqual(saidBy(evidence, undefined)?.outcome, "records")
      })
    )

    it.effect("are right in a signed zone", () =>
      Effect.gen(function* () {
        const { evidence, result } = yield* probe("signed.com")
        assert.strictEqual(result, "valid")
        assert.strictEqual(saidBy(evidence, undefined)?.outcome, "records")
      })
    )

    it.effect("are held back while the signatures of the zone do not hold, because receivers see nothing", () =>
      Effect.gen(function* () {
        const { codes, evidence, result } = yield* probe("expired.com")
        assert.strictEqual(result, "indeterminate")
        assert.strictEqual(codes[0], "dnssec-broken")
        assert.strictEqual(saidBy(evidence, "bind")?.outcome, "records")
        assert.strictEqual(saidBy(evidence, "nsd")?.outcome, "records")
        assert.deepInclude(saidBy(evidence, undefined), { outcome: "unavailable", reason: "SERVFAIL", bogus: true })
      })
    )

    it.effect("are right at one server and the resolver when the other server is lame", () =>
      Effect.gen(function* () {
        const { evidence, result } = yield* probe("lame.com")
        assert.strictEqual(result, "valid")
        assert.deepInclude(saidBy(evidence, "nsd"), { outcome: "unavailable", reason: "REFUSED" })
      })
    )

    it.effect("are right although a server of the parent is listed, which only refers", () =>
      Effect.gen(function* () {
        const { evidence, result } = yield* probe("referring.com")
        assert.strictEqual(result, "valid", shown(evidence))
        assert.deepInclude(saidBy(evidence, "parent"), {
          outcome: "unavailable",
          reason: "a referral that leads nowhere"
        })
      })
    )

    it.effect("are unknown when nobody has the zone: that is no no", () =>
      Effect.gen(function* () {
        const { codes, evidence, result, verdicts } = yield* probe("circular.com")
        assert.strictEqual(result, "indeterminate")
        assert.strictEqual(codes[0], "dns-unavailable")
        assert.isTrue(verdicts.every(({ verdict }) => verdict === "indeterminate"))
        assert.isTrue(evidence.every(({ sources }) => sources.every(({ outcome }) => outcome === "unavailable")))
      })
    )

    it.effect("are wrong where a wildcard answers for them", () =>
      Effect.gen(function* () {
        const { codes, result, verdicts } = yield* probe("wildcard.com")
        assert.strictEqual(result, "negative")
        assert.strictEqual(codes[0], "wildcard-answers")
        for (const { found, verdict } of verdicts) {
          assert.strictEqual(verdict, "mismatch")
          assert.deepStrictEqual(found, ["www.wildcard.com"])
        }
      })
    )

    for (const [domain, what, ...advice] of [
      ["beside.com", "beside a wildcard"],
      ["dname.com", "through a DNAME record to names with the aliases", "alias-chain"],
      ["brand.com", "through a DNAME record to another domain of the customer's", "alias-chain"],
      ["chain.com", "at the end of a chain of aliases", "alias-chain"],
      ["shouting.com", "in whatever case they are written and asked"]
    ] as const) {
      it.effect(`are right ${what}`, () =>
        Effect.gen(function* () {
          const { codes, evidence, result } = yield* probe(domain)
          assert.strictEqual(result, "valid", shown(evidence))
          assert.deepStrictEqual<ReadonlyArray<string>>(codes, advice)
        })
      )
    }

    it.effect("are right as keys that are too long for UDP, where the provider flattens aliases", () =>
      Effect.gen(function* () {
        const { codes, evidence, plan, result } = yield* probe("flattened.com")
        assert.strictEqual(result, "valid")
        assert.strictEqual(codes[0], "cname-flattened")
        const name = plan.records[0]?.name ?? ""
        const world = yield* ServerWorld
        for (const port of [world.port("bind"), world.port("nsd"), world.resolver]) {
          assert.isTrue((yield* askServer(port, name, "TXT"))?.flag_tc)
        }
        const texts = evidence.find(({ name: asked, type }) => type === "TXT" && asked === name)
        assert.strictEqual(texts?.sources.length, 3)
        for (const { records } of texts?.sources ?? []) assert.isAbove(records[0]?.cut?.length ?? 0, 1_232)
      })
    )
  })
}
