import { accountOwner } from "@countersign/core"
import { type Caller, MailBudget, MailRefused, Senders, TaskQueue, Workers } from "@countersign/engine"
import { MemoryMailer } from "@countersign/memory"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { hour } from "./ProbeModel.ts"
import { createAccount, engine, frailWorld, mails, pass, settle, tokenOf, workers, world } from "./World.ts"

const busy = new MailRefused({ permanent: false, reason: "451 4.7.1 greylisted", code: 451 })
const gone = new MailRefused({ permanent: true, reason: "550 5.1.1 no such mailbox", code: 550 })

const add = Effect.fnUntraced(function* (caller: Caller, address = "hello@acme.com") {
  const { sender } = yield* (yield* Senders).add({ ...caller, owner: accountOwner, address })
  yield* pass("1 second")
  return sender.id
})

/** What the log says of a sender's mail. */
const story = Effect.fnUntraced(function* ({ account }: Caller, sender: string) {
  const history = yield* (yield* Senders).history({ account, id: sender })
  return history.map(({ event }) => event._tag).filter((tag) => tag.startsWith("Verification"))
})

/** Somebody removes the sender between the look at it and the sending of its mail. */
const removesOnGrant = Layer.effect(
  MailBudget,
  Effect.gen(function* () {
    const budget = yield* MailBudget
    const { removeAll } = yield* Senders
    const remove = (account: string) => Effect.orDie(removeAll({ account, actor: "test", owner: accountOwner }))
    return { ...budget, take: (request) => Effect.tap(budget.take(request), remove(request.account)) }
  })
)

const mailTasks = Effect.flatMap(TaskQueue, ({ list }) => list({ kind: "verification-mail", limit: 100 }))

describe("a verification mail", () => {
  it.effect("that is refused for now is tried again, and nothing is written down until it is taken", () =>
    Effect.gen(function* () {
      const caller = yield* createAccount()
      yield* (yield* MemoryMailer).refuseNext(busy, busy, busy)
      const sender = yield* add(caller)
      yield* pass("30 seconds")
      assert.deepStrictEqual(yield* story(caller, sender), ["VerificationRequested"])
      assert.strictEqual((yield* mailTasks)[0]?.error, busy.reason)
      yield* pass("1 minute")
      assert.deepStrictEqual(yield* story(caller, sender), ["VerificationRequested", "VerificationMailSent"])
      assert.deepStrictEqual(yield* mailTasks, [])
      assert.strictEqual((yield* mails).length, 1)
    }).pipe(Effect.provide(world))
  )

  it.effect("that is refused for now is told in the log once, without saying to whom it goes", () => {
    const told: Array<unknown> = []
    const log = Logger.make(({ logLevel, message }) => {
      if (logLevel === "Warn") told.push(message)
    })
    return Effect.gen(function* () {
      const caller = yield* createAccount()
      const full = new MailRefused({ permanent: false, reason: "452 <hello@acme.com> mailbox full", code: 452 })
      yield* (yield* MemoryMailer).refuseNext(full, full, full)
      yield* add(caller)
      yield* pass("30 seconds")
      assert.deepStrictEqual(told, [["a task failed and is tried again", { error: "452 <…@acme.com> mailbox full" }]])
    }).pipe(Effect.provide(world), Effect.provide(Logger.layer([log])))
  })

  it.effect("that is refused for good is written down once and not tried again", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      yield* (yield* MemoryMailer).refuseNext(gone)
      const sender = yield* add(caller)
      yield* pass("48 hours")
      assert.deepStrictEqual(yield* story(caller, sender), ["VerificationRequested", "VerificationMailFailed"])
      assert.deepStrictEqual(yield* mails, [])
      assert.deepStrictEqual(yield* mailTasks, [])
      const { blockers } = yield* senders.status({ account: caller.account, id: sender })
      assert.include(blockers[0]?.message, gone.reason)
    }).pipe(Effect.provide(world))
  )

  it.effect("that is refused all day is given up while its link lives, and sent when it is revived", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const queue = yield* TaskQueue
      const caller = yield* createAccount()
      yield* (yield* MemoryMailer).refuseNext(...Array.from({ length: 30 }, () => busy))
      const sender = yield* add(caller)
      yield* pass("22 hours")
      assert.deepStrictEqual(yield* story(caller, sender), ["VerificationRequested", "VerificationMailFailed"])
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).mailbox, "pending")
      const [buried] = yield* mailTasks
      assert.deepInclude(buried, { state: "buried", error: busy.reason })
      yield* queue.revive(buried?.id ?? "")
      yield* pass("1 second")
      yield* senders.confirm({ token: tokenOf((yield* mails)[0]) })
      assert.strictEqual((yield* senders.get({ account: caller.account, id: sender })).mailbox, "verified")
    }).pipe(Effect.provide(world))
  )

  it.effect("is not tried again once its sender was removed", () =>
    Effect.gen(function* () {
      const caller = yield* createAccount()
      yield* (yield* MemoryMailer).refuseNext(busy)
      const sender = yield* add(caller)
      yield* (yield* Senders).remove({ ...caller, id: sender })
      yield* pass("1 hour")
      assert.deepStrictEqual(yield* mails, [])
      assert.deepStrictEqual(yield* mailTasks, [])
    }).pipe(Effect.provide(world))
  )

  it.effect("is not tried again once a newer link took its place", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      yield* (yield* MemoryMailer).refuseNext(busy, busy, busy, busy)
      const sender = yield* add(caller)
      yield* pass("1 minute")
      yield* senders.resend({ ...caller, id: sender })
      yield* pass("1 hour")
      assert.strictEqual((yield* mails).length, 1)
      yield* senders.confirm({ token: tokenOf((yield* mails)[0]) })
      assert.deepStrictEqual(yield* mailTasks, [])
    }).pipe(Effect.provide(world))
  )

  it.effect.each([
    ["is sent while its link lives, however late its turn comes", 1, 1],
    ["is not sent once its link expired", 0, 0]
  ] as const)("%s", ([, before, sent]) =>
    Effect.gen(function* () {
      const caller = yield* createAccount()
      yield* (yield* Senders).add({ ...caller, owner: accountOwner, address: "hello@acme.com" })
      // Nobody works until then.
      yield* TestClock.adjust(24 * hour - before)
      yield* Layer.build(workers)
      yield* settle
      assert.strictEqual((yield* mails).length, sent)
      yield* pass("1 hour")
      assert.strictEqual((yield* mails).length, sent)
      assert.deepStrictEqual(yield* mailTasks, [])
    }).pipe(Effect.provide(engine))
  )

  it.effect("is not sent when its sender is removed at the last moment", () =>
    Effect.gen(function* () {
      const caller = yield* createAccount()
      yield* add(caller)
      assert.strictEqual(yield* (yield* Senders).count({ account: caller.account }), 0)
      assert.deepStrictEqual(yield* mails, [])
      assert.deepStrictEqual(yield* mailTasks, [])
    }).pipe(Effect.provide(Workers.layer.pipe(Layer.provide(removesOnGrant), Layer.provideMerge(engine))))
  )

  it.effect("is sent once, whatever puts it into the queue again", () =>
    Effect.gen(function* () {
      const queue = yield* TaskQueue
      const caller = yield* createAccount()
      const sender = yield* add(caller)
      const requested = (yield* (yield* Senders).history({ account: caller.account, id: sender })).map(
        ({ event }) => event
      )
      const verificationId =
        requested.flatMap((e) => (e._tag === "VerificationRequested" ? [e.verificationId] : []))[0] ?? ""
      const payload = { sender, incarnation: 1, verificationId }
      yield* queue.put({ kind: "verification-mail", key: undefined, due: 0, spacing: 0, payload })
      yield* pass("1 minute")
      assert.strictEqual((yield* mails).length, 1)
      assert.deepStrictEqual(yield* mailTasks, [])
    }).pipe(Effect.provide(world))
  )

  it.effect("waits for a storage that is down, and goes out once", () =>
    Effect.gen(function* () {
      const { breakDown, restore } = yield* StorageFaults
      const caller = yield* createAccount()
      const sender = (yield* (yield* Senders).add({ ...caller, owner: accountOwner, address: "hello@acme.com" })).sender
        .id
      yield* breakDown()
      yield* pass("20 minutes")
      assert.deepStrictEqual(yield* mails, [])
      yield* restore
      yield* pass("1 minute")
      assert.strictEqual((yield* mails).length, 1)
      assert.deepStrictEqual(yield* story(caller, sender), ["VerificationRequested", "VerificationMailSent"])
    }).pipe(Effect.provide(frailWorld))
  )

  it.effect("whose sending could not be written down is sent again as the same message, and written down once", () =>
    Effect.gen(function* () {
      const { poison } = yield* StorageFaults
      const caller = yield* createAccount()
      yield* poison(({ appends }) => appends.some(({ events }) => events.some(({ type }) => type.endsWith("MailSent"))))
      const sender = yield* add(caller)
      assert.strictEqual((yield* mails).length, 1)
      yield* poison(() => false)
      yield* pass("1 minute")
      const sent = yield* mails
      assert.strictEqual(sent.length, 2)
      assert.deepStrictEqual(sent[1], sent[0])
      assert.deepStrictEqual(yield* story(caller, sender), ["VerificationRequested", "VerificationMailSent"])
    }).pipe(Effect.provide(frailWorld))
  )

  it.effect("whose record was answered too late is not sent again", () =>
    Effect.gen(function* () {
      const { nextCommits } = yield* StorageFaults
      const caller = yield* createAccount()
      yield* nextCommits("none", "answer-lost", "answer-lost")
      const sender = yield* add(caller)
      yield* pass("10 minutes")
      assert.strictEqual((yield* mails).length, 1)
      assert.deepStrictEqual(yield* story(caller, sender), ["VerificationRequested", "VerificationMailSent"])
      assert.deepStrictEqual(yield* mailTasks, [])
    }).pipe(Effect.provide(frailWorld))
  )
})
