import { accountOwner } from "@countersign/core"
import { Senders, TaskQueue } from "@countersign/engine"
import { assert, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { createAccount, engine } from "./World.ts"

const organization = { _tag: "Organization", organization: "org" } as const

it.effect("another account's sender can be neither seen nor touched, and looks like one that never was", () =>
  Effect.gen(function* () {
    const senders = yield* Senders
    const queue = yield* TaskQueue
    const victim = yield* createAccount()
    const stranger = yield* createAccount("stranger@example.com")
    const { id: sender } = (yield* senders.add({ ...victim, owner: organization, address: "hello@acme.com" })).sender
    const before = {
      tasks: yield* queue.list({ limit: 100 }),
      events: yield* senders.history({ account: victim.account, id: sender })
    }
    const keyed = { ...stranger, idempotency: { key: "k", fingerprint: "f" } }
    const missing = "00000000-0000-8000-8000-000000000000"

    const attempts = Effect.fnUntraced(function* (id: string) {
      const { account } = stranger
      return [
        (yield* Effect.flip(senders.get({ account, id })))._tag,
        (yield* Effect.flip(senders.status({ account, id })))._tag,
        (yield* Effect.flip(senders.dns({ account, id })))._tag,
        (yield* Effect.flip(senders.history({ account, id })))._tag,
        (yield* Effect.flip(senders.stateAt({ account, id, at: Number.MAX_VALUE })))._tag,
        (yield* Effect.flip(senders.resend({ ...stranger, id })))._tag,
        (yield* Effect.flip(senders.resend({ ...keyed, id })))._tag,
        (yield* Effect.flip(senders.probe({ ...stranger, id })))._tag,
        (yield* senders.remove({ ...stranger, id })).count,
        (yield* senders.remove({ ...keyed, idempotency: { key: id, fingerprint: "f" }, id })).count
      ]
    })
    const answers = yield* attempts(sender)
    assert.deepStrictEqual(answers, [...Array.from({ length: 8 }, () => "SenderNotFound"), 0, 0])
    assert.deepStrictEqual(yield* attempts(missing), answers)

    assert.strictEqual((yield* senders.removeAll({ ...stranger, owner: organization })).count, 0)
    assert.strictEqual((yield* senders.removeAll({ ...stranger, owner: accountOwner })).count, 0)
    assert.strictEqual((yield* senders.removeAddress({ ...stranger, address: "hello@acme.com" })).count, 0)
    assert.strictEqual(
      (yield* Effect.flip(senders.current({ account: stranger.account, owner: organization })))._tag,
      "SenderNotFound"
    )
    assert.isTrue(Option.isNone(yield* senders.effective({ account: stranger.account, organization: "org" })))
    const everything = { account: stranger.account, order: "oldest-first", offset: 0, limit: 100 } as const
    assert.deepStrictEqual(yield* senders.list(everything), [])
    assert.strictEqual(yield* senders.count({ account: stranger.account }), 0)

    // The same address of another account is another sender, with other records.
    const own = yield* senders.add({ ...stranger, owner: organization, address: "hello@acme.com" })
    assert.isTrue(own.created)
    assert.notStrictEqual(own.sender.id, sender)
    const plan = (yield* senders.get({ account: victim.account, id: sender })).plan
    assert.notDeepEqual(own.sender.plan.records, plan.records)
    yield* senders.removeAll({ ...stranger, owner: organization })

    assert.deepStrictEqual(yield* senders.history({ account: victim.account, id: sender }), before.events)
    const tasks = (yield* queue.list({ limit: 100 })).filter(({ id }) => before.tasks.some((task) => task.id === id))
    assert.deepStrictEqual(tasks, before.tasks)
  }).pipe(Effect.provide(engine))
)
