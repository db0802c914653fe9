/**
 * Clients work with an installation whose processes are killed or stopped again and again, between any two steps. In
 * the end nothing that was acknowledged is missing, and all the work is done.
 */
import { accountOwner, fold, type SenderEvent, senderDecider, view } from "@countersign/core"
import { type Caller, EventStore, SenderDirectory, Senders, TaskQueue } from "@countersign/engine"
import { assert, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Result } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { senderId } from "./Ids.ts"
import { type Installed, makeInstallation, type Process } from "./Processes.ts"
import { createAccount, pass, tokenOf } from "./World.ts"

const domains = ["acme.com", "example.org"]
const addressOf = (index: number): string => `a${index}@${domains[index % 2]}`

interface Act {
  readonly what: "add" | "add" | "resend" | "confirm" | "remove" | "publish" | "check"
  readonly index: number
  readonly pause: number
}

interface End {
  readonly kind: "killed" | "stopped"
  /** Steps of the storage or the mailer until it is killed, or milliseconds until it is stopped. */
  readonly after: number
}

interface Plan {
  readonly acts: ReadonlyArray<Act>
  readonly ends: ReadonlyArray<End>
}

const plans: fc.Arbitrary<Plan> = fc.record({
  acts: fc.array(
    fc.record({
      what: fc.constantFrom("add", "add", "resend", "confirm", "remove", "publish", "check"),
      index: fc.nat(3),
      pause: fc.constantFrom(0, 0, 1, 2_000, 61_000)
    }),
    { minLength: 4, maxLength: 16 }
  ),
  ends: fc.array(
    fc.record({ kind: fc.constantFrom("killed", "killed", "stopped"), after: fc.integer({ min: 1, max: 150 }) }),
    { minLength: 1, maxLength: 6 }
  )
})

/** What the clients know. */
interface Known {
  readonly ids: Map<number, string>
  readonly live: Set<number>
  readonly published: Set<string>
  /** Links that were dead when a removal was acknowledged, and how many mails there were. */
  readonly dead: Array<{ readonly links: ReadonlySet<string>; readonly mails: number }>
}

const run = Effect.fnUntraced(function* ({ acts, ends }: Plan) {
  const installed = yield* makeInstallation
  const { start, storage, outbox, dns } = installed
  const caller = yield* Effect.provide(createAccount(), storage)
  const known: Known = { ids: new Map(), live: new Set(), published: new Set(), dead: [] }
  let process: Process = yield* start()

  const act = Effect.fnUntraced(function* ({ what, index }: Act, keyed: Caller) {
    const senders = yield* Senders
    const id = known.ids.get(index)
    if (what === "add") {
      const { sender } = yield* senders.add({ ...keyed, owner: accountOwner, address: addressOf(index) })
      known.ids.set(index, sender.id)
      known.live.add(index)
      return
    }
    if (id === undefined) return
    if (what === "resend")
      yield* Effect.catchTags(senders.resend({ ...keyed, id }), { TooSoon: quiet, SenderNotFound: quiet })
    if (what === "check") yield* Effect.catchTag(senders.probe({ ...keyed, id }), "SenderNotFound", quiet)
    if (what === "confirm") {
      const mail = outbox.findLast(({ to }) => to === addressOf(index))
      if (mail !== undefined) yield* Effect.catchTag(senders.confirm({ token: tokenOf(mail) }), "LinkRefused", quiet)
    }
    if (what === "remove") {
      yield* senders.remove({ ...keyed, id })
      known.live.delete(index)
      const links = (yield* senders.history({ account: caller.account, id })).flatMap(({ event }) =>
        event._tag === "VerificationRequested" ? [event.verificationId] : []
      )
      known.dead.push({ links: new Set(links), mails: outbox.length })
    }
    if (what === "publish") {
      const sender = yield* Effect.option(senders.get({ account: caller.account, id }))
      if (sender._tag === "None") return
      for (const { name, value } of sender.value.plan.records) yield* dns.put(name, "CNAME", value)
      known.published.add(sender.value.domain)
    }
  })

  /**
   * Like a client over a network: a call of a process that died is never answered, and is repeated with the same key.
   */
  const client = Effect.gen(function* () {
    for (const [number, step] of acts.entries()) {
      yield* Effect.sleep(step.pause)
      const keyed = { ...caller, idempotency: { key: `act-${number}`, fingerprint: "f" } }
      while (true) {
        const asked = process
        const answer = yield* Deferred.make<boolean>()
        yield* act(step, keyed).pipe(
          Effect.provide(asked.context),
          Effect.exit,
          Effect.flatMap(({ _tag }) => Deferred.succeed(answer, _tag === "Success")),
          Effect.forkDetach
        )
        const done = yield* Effect.raceFirst(Deferred.await(answer), Effect.as(asked.faults.death, false))
        if (done) break
        yield* Effect.sleep(100)
      }
    }
  })

  const working = yield* Effect.forkDetach(client)
  for (const { kind, after } of ends) {
    if (kind === "killed") {
      yield* process.faults.dieAt(after)
      for (let n = 0; n < 200 && !(yield* process.faults.isDead); n++) yield* pass("1 second")
      yield* process.faults.dieAt(0)
    } else {
      yield* pass(after)
      const stopping = yield* Effect.forkDetach(process.stop)
      yield* pass("11 seconds")
      assert.isDefined(stopping.pollUnsafe())
    }
    process = yield* start()
  }
  for (let n = 0; n < 100 && working.pollUnsafe() === undefined; n++) yield* pass("20 seconds")
  assert.strictEqual(working.pollUnsafe()?._tag, "Success")
  yield* pass("26 hours")
  yield* Effect.provide(audit(installed, caller, known), storage)
  yield* process.stop
})

const quiet = () => Effect.void

const audit = Effect.fnUntraced(function* ({ outbox }: Installed, { account }: Caller, known: Known) {
  const store = yield* EventStore
  const directory = yield* SenderDirectory
  const listed = yield* directory.page({ account, order: "oldest-first", offset: 0, limit: 100 })
  assert.deepStrictEqual(
    listed.map(({ canonical }) => canonical).sort(),
    [...known.live].map(addressOf).sort(),
    "the live senders are those that were acknowledged"
  )

  for (const sender of known.ids.values()) {
    const { events } = yield* store.readStream(sender, 0, 1_000)
    const facts = events.map((stored): SenderEvent => Result.getOrThrow(senderDecider.codec.decode(stored)))
    const { position: _, ...row } = listed.find((entry) => entry.id === sender) ?? { position: 0 }
    assert.deepStrictEqual(row, view(senderId(sender), fold(facts)) ?? {}, "the entry follows from the events")

    const sent = facts.flatMap((fact) => (fact._tag === "VerificationMailSent" ? [fact.verificationId] : []))
    assert.strictEqual(new Set(sent).size, sent.length, "a sending is recorded once")
    if (!facts.some(({ _tag }) => _tag === "SenderRemoved")) {
      const last = facts.findLast((fact) => fact._tag === "VerificationRequested")
      const link = last?._tag === "VerificationRequested" ? last.verificationId : ""
      const verified = facts.some(({ _tag }) => _tag === "EmailVerified")
      assert.isTrue(verified || sent.includes(link), "the link that counts was mailed, and it is written down")
      assert.isTrue(
        verified || facts.some((fact) => fact._tag === "VerificationExpired" && fact.verificationId === link),
        "a link that nobody confirmed expires"
      )
    }
  }
  for (const { domain, domainState } of listed) {
    assert.strictEqual(domainState, known.published.has(domain) ? "verified" : "pending")
  }

  // The text has the link, so it tells one verification from the next.
  const messageIds = new Map<string, string>()
  for (const { messageId, to, text } of outbox) {
    assert.strictEqual(messageIds.get(to + text) ?? messageId, messageId, "a doubled mail is the same mail")
    messageIds.set(to + text, messageId)
  }
  assert.strictEqual(new Set(messageIds.values()).size, messageIds.size, "a link is mailed in one message only")
  for (const { links, mails: before } of known.dead) {
    for (const { messageId } of outbox.slice(before)) {
      assert.isFalse(links.has(messageId.slice(1, messageId.indexOf("@"))), "no mail after a removal was acknowledged")
    }
  }

  const now = yield* Clock.currentTimeMillis
  const tasks = yield* (yield* TaskQueue).list({ limit: 1_000 })
  assert.deepStrictEqual(
    tasks.filter(({ state, due }) => state !== "waiting" || due <= now),
    [],
    "all that is due is done"
  )
  const probed = new Set(tasks.filter(({ kind }) => kind === "probe").map(({ key }) => key))
  assert.strictEqual(probed.size, tasks.filter(({ kind }) => kind === "probe").length)
  for (const { domain } of listed) assert.isTrue(probed.has(`probe:${domain}:${account}`), "a live domain is probed")
})

it("survives a crash at any point", { timeout: 120_000 }, () =>
  fc.assert(
    fc.asyncProperty(plans, (plan) =>
      Effect.runPromise(run(plan).pipe(Effect.scoped, Effect.provide(TestClock.layer())))
    ),
    { numRuns: 25 }
  )
)
