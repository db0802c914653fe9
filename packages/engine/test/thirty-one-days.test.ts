/**
 * A month of the real workers in virtual time. Every probe, every mail and every event is compared with the rules of
 * the domain, as `ProbeModel.ts` reads them: from the facts and the times alone, without the code that is tested.
 */
import { accountOwner, taskPayloads } from "@countersign/core"
import { Engine, Mailer, MailRefused, Senders, SlowPoll, TaskQueue, Workers } from "@countersign/engine"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import { assert, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, Random, Schema } from "effect"
import { TestClock } from "effect/testing"
import { day, expectedLife, hour, minute, type Truth, tolerance } from "./ProbeModel.ts"
import { adaptersOver, createAccount, settle, tokenOf } from "./World.ts"

interface Attempt {
  readonly at: number
  readonly to: string
  readonly accepted: boolean
}

class Watch extends Context.Service<
  Watch,
  { readonly probes: Map<string, Set<number>>; readonly attempts: Array<Attempt> }
>()("test/Watch") {}

const watch = Layer.sync(Watch, () => ({ probes: new Map(), attempts: [] }))

/** A probe ends by putting its task again. The breaker asks for a domain's records too, and that is no probe of it. */
const watchedStorage = Layer.effectContext(
  Effect.gen(function* () {
    const { probes } = yield* Watch
    const ports = yield* Layer.build(MemoryStorage.layer)
    const queue = Context.get(ports, TaskQueue)
    const retryAt: (typeof queue)["retryAt"] = (claim, next) =>
      Effect.tap(queue.retryAt(claim, next), () =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const domain = isProbe(next.payload) ? next.payload.domain : ""
          probes.set(domain, (probes.get(domain) ?? new Set()).add(now))
        })
      )
    return Context.add(ports, TaskQueue, { ...queue, retryAt })
  })
)

const isProbe = Schema.is(taskPayloads.probe)

const watchedMailer = Layer.effectContext(
  Effect.gen(function* () {
    const { attempts } = yield* Watch
    const ports = yield* Layer.build(MemoryMailer.layer)
    const mailer = Context.get(ports, Mailer)
    const send: (typeof mailer)["send"] = (message) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        const note = (accepted: boolean) => Effect.sync(() => attempts.push({ at, to: message.to, accepted }))
        return mailer.send(message).pipe(
          Effect.tap(note(true)),
          Effect.tapError(() => note(false))
        )
      })
    return Context.add(ports, Mailer, { send })
  })
)

// Nothing wakes the workers but due times and the storage's own hints: the slow poll is out of the way.
const month = Workers.layer.pipe(
  Layer.provide(Layer.succeed(SlowPoll, 10 * day)),
  Layer.provideMerge(Engine.layer),
  Layer.provideMerge(
    adaptersOver(
      watchedStorage.pipe(Layer.provideMerge(watch)),
      watchedMailer.pipe(Layer.provideMerge(watch)),
      MemoryDns.layer
    )
  )
)

it.effect(
  "keeps every time of the domain's rules for 31 days",
  () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const dns = yield* MemoryDns
      const mailer = yield* MemoryMailer
      const { probes, attempts } = yield* Watch
      const caller = yield* createAccount()
      const start = yield* Clock.currentTimeMillis
      const truths = new Map<string, Array<readonly [number, Truth]>>()
      const since = (domain: string, truth: Truth) =>
        Effect.map(Clock.currentTimeMillis, (now) => void truths.get(domain)?.push([now, truth]))

      const add = Effect.fnUntraced(function* (domain: string, kind: "email" | "domain") {
        truths.set(domain, [[start, "wrong"]])
        const address = kind === "email" ? `hello@${domain}` : domain
        return (yield* senders.add({ ...caller, owner: accountOwner, kind, address })).sender
      })
      const never = yield* add("never.com", "email")
      const later = yield* add("later.com", "email")
      const fallen = yield* add("fallen.com", "domain")
      const deaf = yield* add("deaf.com", "domain")
      // A dozen more that fall, each with chances of its own: a limit that is off by an hour meets a probe in that
      // hour.
      const others = yield* Effect.forEach(
        Array.from({ length: 12 }, (_, index) => `fallen${index}.com`),
        (domain) => add(domain, "domain")
      )
      const allFallen = [fallen, ...others]
      const names = (sender: typeof never) => sender.plan.records.map(({ name }) => name)

      // By the plan at hand: whoever asks for the sender has its domain watched.
      const put = ({ domain, plan }: typeof never) =>
        Effect.andThen(
          Effect.forEach(plan.records, ({ name, value }) => dns.put(name, "CNAME", value)),
          since(domain, "right")
        )
      const drop = (sender: typeof never) =>
        Effect.andThen(Effect.forEach(names(sender), dns.remove), since(sender.domain, "wrong"))
      const deafen = (sender: typeof never) =>
        Effect.andThen(
          Effect.forEach(names(sender), (name) => dns.breakDown("SERVFAIL", name)),
          since(sender.domain, "unknown")
        )
      const hear = (sender: typeof never, truth: Truth) => Effect.andThen(dns.restore, since(sender.domain, truth))
      /** Two negatives, hours without an answer, and the third: silence neither adds to the row nor ends it. */
      const deafenBetweenNegatives = Effect.gen(function* () {
        yield* drop(deaf)
        const dropped = yield* Clock.currentTimeMillis
        for (let n = 0; n < 30 * 60 && ![...(probes.get("deaf.com") ?? [])].some((at) => at >= dropped); n++) {
          yield* TestClock.adjust("1 minute")
        }
        yield* TestClock.adjust("20 minutes")
        yield* deafen(deaf)
        yield* TestClock.adjust("4 hours")
        yield* hear(deaf, "wrong")
      })
      const click = Effect.gen(function* () {
        const mail = (yield* mailer.accepted).find(({ to }) => to === "hello@later.com")
        yield* senders.confirm({ token: tokenOf(mail) })
      })
      const busy = new MailRefused({ permanent: false, reason: "451 try again later", code: 451 })

      const agenda: ReadonlyArray<readonly [number, Effect.Effect<unknown, unknown, MemoryDns | Senders>]> = [
        [1 * minute, Effect.forEach(allFallen, put)],
        [hour, click],
        [2 * day, put(later)],
        [2.2 * day, deafen(deaf)],
        [2.9 * day, hear(deaf, "wrong")],
        [
          3 * day + 5 * minute,
          Effect.andThen(mailer.refuseNext(busy, busy), senders.resend({ ...caller, id: never.id }))
        ],
        [4 * day, put(deaf)],
        [5 * day, Effect.forEach(allFallen, drop)],
        [8 * day, deafen(deaf)],
        [9 * day + 6 * hour, hear(deaf, "right")],
        [10 * day, drop(later)],
        [11 * day + 30 * minute, put(later)],
        [12 * day, Effect.forEach(allFallen, put)],
        [14 * day, drop(deaf)],
        [15 * day, deafen(deaf)],
        [15.5 * day, hear(deaf, "wrong")],
        [16 * day, put(deaf)],
        [20 * day, senders.resend({ ...caller, id: never.id })],
        [24 * day, deafenBetweenNegatives],
        [27 * day, put(deaf)]
      ]
      for (const [time, act] of agenda) {
        yield* TestClock.setTime(start + time)
        yield* act
        yield* settle
      }
      yield* TestClock.setTime(start + 31 * day)

      const ratios: Array<number> = []
      const story: Array<string> = []
      for (const sender of [never, later, deaf, ...allFallen]) {
        const times = [...(probes.get(sender.domain) ?? [])]
        const expected = expectedLife(start, times, truths.get(sender.domain) ?? [])
        for (const { at, gap, wait } of expected.gaps) {
          assert.isAtLeast(gap, 0.8 * wait - 1, `${sender.domain} probed too early after ${at - start}`)
          assert.isAtMost(gap, 1.2 * wait + tolerance, `${sender.domain} probed too late after ${at - start}`)
          ratios.push(gap / wait)
        }
        const last = times.at(-1) ?? Number.NaN
        assert.isAtLeast(
          last + 1.2 * expected.nextWait + tolerance,
          start + 31 * day,
          `${sender.domain}: a probe is due`
        )
        const domainEvents = (yield* senders.history({ account: caller.account, id: sender.id }))
          .map(({ event }) => event)
          .filter(({ _tag }) => _tag.startsWith("Domain") && _tag !== "DomainProblemFound")
          .map(({ _tag, at }) => [_tag, at])
        assert.deepStrictEqual(
          domainEvents,
          expected.events.map((event) => [...event])
        )
        story.push(`${sender.domain}: ${domainEvents.map(([name]) => name).join(" ")}`)
      }
      // The month was as eventful as it was meant to be.
      const fall = "DomainVerified DomainDegraded DomainVerificationLost DomainVerified"
      assert.deepStrictEqual(story, [
        "never.com: DomainVerificationTimedOut",
        "later.com: DomainVerified DomainDegraded DomainRecovered",
        "deaf.com: DomainVerificationTimedOut DomainVerified DomainDegraded DomainRecovered DomainDegraded DomainRecovered",
        ...allFallen.map(({ domain }) => `${domain}: ${fall}`)
      ])
      // The same answer again is no news.
      const problems = (yield* senders.history({ account: caller.account, id: never.id })).filter(
        ({ event }) => event._tag === "DomainProblemFound"
      )
      assert.deepStrictEqual(
        problems.map(({ event }) => event.at),
        [start]
      )
      // All of the spread is used, and no more.
      assert.isBelow(Math.min(...ratios), 0.82)
      assert.isAbove(Math.max(...ratios), 1.18)

      // Mails: at once; after refusals for now with waits of 10 and 20 s, less up to a fifth; never one more.
      const toNever = attempts.filter(({ to }) => to === "hello@never.com")
      assert.deepStrictEqual(
        toNever.map(({ accepted }) => accepted),
        [true, false, false, true, true]
      )
      const [first, second, third, fourth, fifth] = toNever.map(({ at }) => at - start)
      const asked = 3 * day + 5 * minute
      near(first, 0, 0)
      near(second, asked, asked)
      near(third, asked + 8_000, asked + 10_000)
      near(fourth, (third ?? 0) + 16_000, (third ?? 0) + 20_000)
      near(fifth, 20 * day, 20 * day)
      assert.strictEqual(attempts.length, 6)

      // A link dies 24 h after its mail was taken; the clicked one does not.
      const expiries = (yield* senders.history({ account: caller.account, id: never.id })).filter(
        ({ event }) => event._tag === "VerificationExpired"
      )
      const sent = [first, fourth, fifth].map((at) => (at ?? 0) + day)
      assert.strictEqual(expiries.length, 3)
      expiries.forEach(({ event }, index) => {
        near(event.at - start, sent[index] ?? 0, sent[index] ?? 0)
      })
      assert.isFalse(
        (yield* senders.history({ account: caller.account, id: later.id })).some(
          ({ event }) => event._tag === "VerificationExpired"
        )
      )
    }).pipe(Effect.provide(month), Random.withSeed("31 days")),
  60_000
)

const near = (at: number | undefined, from: number, to: number): void => {
  assert.isAtLeast(at ?? Number.NaN, from)
  assert.isAtMost(at ?? Number.NaN, to + tolerance)
}
