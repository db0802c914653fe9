/**
 * What moves a verified domain down, and what does not: by what each source says. The cases are those that real DNS did
 * to the product.
 */
import { type DnsObservation, unsupported } from "@countersign/core"
import { Senders } from "@countersign/engine"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Random } from "effect"
import { type Added, add, dnsWorld, drop, publish, stateOf } from "./DnsWorld.ts"
import { missing, records, type Said, ScriptedDns, say, servfail } from "./ScriptedDns.ts"
import { createAccount, pass } from "./World.ts"

const test = (title: string, body: Effect.Effect<void, unknown, Layer.Success<typeof dnsWorld>>) =>
  it.effect(title, () => body.pipe(Effect.provide(dnsWorld), Random.withSeed(title)))

/** A verified domain of one account, beside a verified one of another, which shows that the DNS works. */
const verified = (mode: DnsObservation["mode"] = "authoritative") =>
  Effect.gen(function* () {
    ;(yield* ScriptedDns).mode = mode
    const sender = yield* add(yield* createAccount(), "acme.com")
    const other = yield* add(yield* createAccount("other@other.com"), "other.com")
    yield* publish(sender)
    yield* publish(other)
    yield* pass("1 minute")
    assert.strictEqual(yield* stateOf(sender), "verified")
    return sender
  })

const everyRecord = ({ plan }: Added, said: Said, only?: Parameters<typeof say>[2]) =>
  Effect.forEach(plan.records, ({ name }) => say(name, said, only), { discard: true })

const eventsOf = ({ account, id }: Added) =>
  Effect.map(
    Effect.flatMap(Senders, (senders) => senders.history({ account, id })),
    (history) => history.map(({ event }) => event)
  )

const report = ({ account, id }: Added) => Effect.flatMap(Senders, (senders) => senders.dns({ account, id }))

describe("a verified domain degrades, and is lost after the grace period", () => {
  test(
    "when two of its servers deny a record, with every negative in the event",
    Effect.gen(function* () {
      const sender = yield* verified()
      yield* say(sender.plan.records[0]?.name ?? "", missing)
      yield* pass("6 days")
      assert.strictEqual(yield* stateOf(sender), "lost")
      const events = yield* eventsOf(sender)
      const degraded = events.find((event) => event._tag === "DomainDegraded")
      const lost = events.find((event) => event._tag === "DomainVerificationLost")
      assert.strictEqual(degraded?.negatives.length, 3)
      assert.isAtLeast((lost?.at ?? 0) - (degraded?.at ?? 0), 72 * 3_600_000)
      for (const event of events) assert.isUndefined(unsupported(sender.plan, event))
    })
  )

  for (const [title, value] of [
    ["a TXT with a NUL", "v=DKIM1\0; p="],
    ["60 kB of backslashes", "\\".repeat(60_000)],
    ["a lone surrogate", "\ud800"]
  ] as const) {
    test(
      `when ${title} stands where the record was: what somebody publishes keeps no event from being written`,
      Effect.gen(function* () {
        const sender = yield* verified()
        yield* everyRecord(sender, { outcome: "nodata", negativeTtl: 300 })
        yield* everyRecord(sender, records("TXT", ...Array.from({ length: 1_000 }, () => value)), { type: "TXT" })
        yield* pass("2 days")
        assert.strictEqual(yield* stateOf(sender), "degraded")
        const degraded = (yield* eventsOf(sender)).find((event) => event._tag === "DomainDegraded")
        assert.isBelow(Buffer.byteLength(JSON.stringify(degraded)), 64 * 1_024)
      })
    )
  }

  test(
    "where only one resolver is asked, when its no was asked for anew each time",
    Effect.gen(function* () {
      const sender = yield* verified("resolver")
      yield* drop(sender)
      yield* pass("2 days")
      assert.strictEqual(yield* stateOf(sender), "degraded")
    })
  )
})

describe("a verified domain stays verified for a hundred hours", () => {
  for (const [title, said] of [
    ["SERVFAIL for every question (keybase/keybase-issues#2488)", servfail],
    ["silence", { outcome: "unavailable", reason: "no answer in time" }],
    [
      "a referral that leads nowhere (nodejs/node#33858)",
      { outcome: "unavailable", reason: "a referral to another zone" }
    ]
  ] as const) {
    test(
      `of ${title}, and the report says so, with the time when it was last seen right`,
      Effect.gen(function* () {
        const sender = yield* verified()
        yield* everyRecord(sender, said)
        yield* pass("100 hours")
        assert.strictEqual(yield* stateOf(sender), "verified")
        const { evidence, lastProbe, lastRightAt, nextProbeAt } = yield* report(sender)
        assert.strictEqual(lastProbe?.result, "indeterminate")
        assert.isAbove(lastProbe?.at ?? 0, 98 * 3_600_000)
        assert.isAbove(nextProbeAt ?? 0, lastProbe?.at ?? 0)
        assert.isBelow(lastRightAt ?? Number.NaN, 48 * 3_600_000)
        assert.strictEqual(evidence[0]?.sources[0]?.reason, said.reason)
      })
    )
  }

  test(
    "of one of its servers that lies while the other is honest",
    Effect.gen(function* () {
      const sender = yield* verified()
      yield* drop(sender, "first")
      yield* pass("100 hours")
      assert.strictEqual(yield* stateOf(sender), "verified")
    })
  )

  test(
    "of one server's no, when nobody else can be asked",
    Effect.gen(function* () {
      const sender = yield* verified()
      yield* drop(sender, "first")
      yield* everyRecord(sender, servfail, { who: "second" })
      yield* pass("100 hours")
      assert.strictEqual(yield* stateOf(sender), "verified")
    })
  )

  test(
    "of the same cached no of a single resolver",
    Effect.gen(function* () {
      const sender = yield* verified("resolver")
      yield* everyRecord(sender, { outcome: "nxdomain", negativeTtl: 7 * 86_400 })
      yield* pass("100 hours")
      assert.strictEqual(yield* stateOf(sender), "verified")
    })
  )
})

describe("a record that is wrong on a verified domain", () => {
  test(
    "is shown by the next probe, although the standing is unchanged",
    Effect.gen(function* () {
      const sender = yield* verified()
      yield* say(sender.plan.records[1]?.name ?? "", records("CNAME", "elsewhere.example.net"))
      yield* (yield* Senders).probe(sender)
      yield* pass("1 minute")
      const { lastProbe, records: shown, sender: entry } = yield* report(sender)
      assert.strictEqual(entry.domainState, "verified")
      assert.strictEqual(lastProbe?.result, "negative")
      assert.deepStrictEqual(
        shown.map(({ verdict }) => verdict),
        ["valid", "mismatch", "valid"]
      )
    })
  )
})
