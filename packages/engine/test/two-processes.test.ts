import { accountOwner } from "@countersign/core"
import { Senders, TaskQueue } from "@countersign/engine"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { makeInstallation } from "./Processes.ts"
import { createAccount, pass, settle } from "./World.ts"

const owner = accountOwner

describe("processes that share a store", () => {
  it.effect("share the work, and double none of it", () =>
    Effect.gen(function* () {
      const { start, storage, outbox } = yield* makeInstallation
      const one = yield* start(Effect.sleep("100 millis"))
      const other = yield* start(Effect.sleep("100 millis"))
      const caller = yield* Effect.provide(createAccount(), storage)
      yield* Effect.forEach(
        Array.from({ length: 200 }, (_, index) => index),
        (index) =>
          Effect.provide(
            Effect.flatMap(Senders, ({ add }) => add({ ...caller, owner, address: `a${index}@acme.com` })),
            index % 2 === 0 ? one.context : other.context
          ),
        { concurrency: "unbounded" }
      )
      yield* pass("1 minute")
      assert.strictEqual(outbox.length, 200)
      assert.strictEqual(new Set(outbox.map(({ to }) => to)).size, 200)
      const byOne = outbox.filter(({ process }) => process === 1).length
      assert.isTrue(byOne > 50 && byOne < 150, `${byOne} of 200 were sent by the first`)
      yield* one.stop
      yield* other.stop
    })
  )

  it.effect("take over from one that was killed while it sent, with the same Message-ID", () =>
    Effect.gen(function* () {
      const { start, storage, outbox } = yield* makeInstallation
      const caller = yield* Effect.provide(createAccount(), storage)
      const dying = yield* start()
      const { sender } = yield* Effect.provide(
        Effect.flatMap(Senders, ({ add }) => add({ ...caller, owner, address: "a@acme.com" })),
        dying.context
      )
      // The mail goes out; what is dead by then cannot say so.
      yield* Effect.repeat(Effect.yieldNow, { until: () => outbox.length > 0 })
      yield* dying.faults.dieAt(0)
      const heir = yield* start()
      yield* pass("14 seconds")
      yield* pass("2 seconds")
      assert.isAtMost(outbox.length, 2)
      assert.strictEqual(new Set(outbox.map(({ messageId, text }) => messageId + text)).size, 1)
      const history = yield* Effect.provide(
        Effect.flatMap(Senders, (senders) => senders.history({ account: caller.account, id: sender.id })),
        heir.context
      )
      assert.strictEqual(history.filter(({ event }) => event._tag === "VerificationMailSent").length, 1)
      yield* heir.stop
    })
  )

  it.effect("that are stopped finish and record the mail they send", () =>
    Effect.gen(function* () {
      const { start, storage, outbox } = yield* makeInstallation
      const caller = yield* Effect.provide(createAccount(), storage)
      const sent = yield* Deferred.make<void>()
      const process = yield* start(Deferred.await(sent))
      yield* Effect.provide(
        Effect.flatMap(Senders, ({ add }) => add({ ...caller, owner, address: "a@acme.com" })),
        process.context
      )
      yield* settle
      const stopping = yield* Effect.forkChild(process.stop)
      yield* pass("5 seconds")
      assert.isUndefined(stopping.pollUnsafe())
      yield* Deferred.succeed(sent, undefined)
      yield* settle
      assert.isDefined(stopping.pollUnsafe())
      assert.strictEqual(outbox.length, 1)
      const tasks = yield* Effect.provide(
        Effect.flatMap(TaskQueue, ({ list }) => list({ limit: 10 })),
        storage
      )
      assert.deepStrictEqual(tasks.map(({ kind, state }) => `${kind} ${state}`).sort(), [
        "link-expiry waiting",
        "probe waiting"
      ])
    })
  )

  it.effect("that are stopped give back the mail that hangs, and the next one sends it at once", () =>
    Effect.gen(function* () {
      const { start, storage, outbox } = yield* makeInstallation
      const caller = yield* Effect.provide(createAccount(), storage)
      const process = yield* start(Effect.never)
      yield* Effect.provide(
        Effect.flatMap(Senders, ({ add }) => add({ ...caller, owner, address: "a@acme.com" })),
        process.context
      )
      yield* settle
      const stopping = yield* Effect.forkChild(process.stop)
      yield* pass("10 seconds")
      assert.isDefined(stopping.pollUnsafe())
      const next = yield* start()
      yield* settle
      assert.strictEqual(outbox.length, 1)
      yield* next.stop
    })
  )
})
