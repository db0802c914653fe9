import { accountOwner, makeDnsPlan, type SenderCommand } from "@countersign/core"
import { Engine, EventStore, Executor, type Request, SenderDirectory, Senders, TaskQueue } from "@countersign/engine"
import { StorageFaults } from "@countersign/testkit"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { commitOf, eventOf, storedIn } from "./Commits.ts"
import { createAccount, engine, frailEngine, mails, pass, world } from "./World.ts"

const add = (at: number, verificationId: string): SenderCommand => ({
  _tag: "AddSender",
  at,
  account: "acc",
  owner: accountOwner,
  kind: "email",
  address: "a@acme.com",
  canonical: "a@acme.com",
  domain: "acme.com",
  plan: makeDnsPlan("acme.com", ["t1", "t2", "t3"], "dkim.example.net"),
  metadata: {},
  notifyAccount: false,
  verificationId
})

const request = (id: string, steps: Request["steps"], change: Partial<Request> = {}): Request => ({
  account: "acc",
  actor: "test",
  correlation: "test",
  command: { id, fingerprint: "" },
  steps,
  result: () => "{}",
  alwaysReceipt: false,
  ...change
})

const plain = (sender: string, command: (at: number) => SenderCommand): Request["steps"][number] => ({
  sender,
  command: ({ at }) => Effect.succeed(command(at))
})

class Reads extends Context.Service<Reads, Array<readonly [stream: string, after: number]>>()("test/Reads") {}

/** An engine whose reads of streams are noted. */
const observed = Engine.layer.pipe(
  Layer.provideMerge(
    Layer.effectContext(
      Effect.gen(function* () {
        const ports = yield* Layer.build(engine)
        const store = Context.get(ports, EventStore)
        const reads: Array<readonly [string, number]> = []
        const readStream: (typeof store)["readStream"] = (stream, after, limit) => {
          reads.push([stream, after])
          return store.readStream(stream, after, limit)
        }
        return ports.pipe(Context.add(EventStore, { ...store, readStream }), Context.add(Reads, reads))
      })
    )
  ),
  Layer.fresh
)

describe("the executor", () => {
  it.effect("decides again after a conflict, by the new events alone", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      const reads = yield* Reads
      yield* executor.execute(request("1", [plain("s", (at) => add(at, "v1"))]))
      const mayDecide = yield* Deferred.make<void>()
      const versions: Array<number> = []
      const slow = yield* Effect.forkChild(
        executor.execute(
          request("2", [
            {
              sender: "s",
              command: ({ at, version }) => {
                versions.push(version)
                return Effect.as(Deferred.await(mayDecide), { _tag: "RemoveSender", at, reason: "slow" })
              }
            }
          ])
        )
      )
      yield* Effect.yieldNow
      yield* executor.execute(request("3", [plain("s", (at) => ({ _tag: "RemoveSender", at, reason: "quick" }))]))
      reads.length = 0
      yield* Deferred.succeed(mayDecide, undefined)
      const executed = yield* Fiber.join(slow)
      assert.deepStrictEqual(versions, [2, 3])
      assert.deepStrictEqual(reads, [])
      assert.isTrue(executed._tag === "Done" && !executed.committed)
      assert.deepStrictEqual(yield* storedIn(), ["s", "s", "s"])
    }).pipe(Effect.provide(observed))
  )

  it.effect("commits several senders together or not at all", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      yield* executor.execute(request("1", [plain("a", (at) => add(at, "v1"))]))
      const steps = [
        plain("a", (at) => ({ _tag: "RemoveSender", at, reason: "test" })),
        plain("b", (at) => ({ _tag: "RequestLink", at, verificationId: "v2" }))
      ]
      const executed = yield* executor.execute(request("2", steps))
      assert.isTrue(executed._tag === "Done" && !executed.committed)
      assert.deepStrictEqual(yield* storedIn(), ["a", "a"])
      assert.strictEqual(yield* (yield* SenderDirectory).count({ account: "acc" }), 1)
    }).pipe(Effect.provide(engine))
  )

  it.effect("writes nothing for a rejection, not even a receipt", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      const rejected = request("1", [plain("a", (at) => ({ _tag: "RequestLink", at, verificationId: "v" }))], {
        alwaysReceipt: true
      })
      for (let n = 0; n < 2; n++) {
        const executed = yield* executor.execute(rejected)
        assert.isTrue(executed._tag === "Done" && executed.steps[0]?.decision._tag === "Rejected")
      }
      assert.deepStrictEqual(yield* storedIn(), [])
      assert.deepStrictEqual(yield* (yield* TaskQueue).list({ limit: 10 }), [])
    }).pipe(Effect.provide(engine))
  )

  it.effect("treats another account's sender as none", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      yield* executor.execute(request("1", [plain("a", (at) => add(at, "v1"))]))
      const remove = [plain("a", (at) => ({ _tag: "RemoveSender", at, reason: "not mine" }))]
      const executed = yield* executor.execute(request("2", remove, { account: "other" }))
      assert.isTrue(executed._tag === "Done" && !executed.committed)
      assert.strictEqual(yield* (yield* SenderDirectory).count({ account: "acc" }), 1)
    }).pipe(Effect.provide(engine))
  )

  it.effect.each([
    ["of an unknown type", { ...eventOf(), type: "SenderSang" }],
    ["of a newer version", { ...eventOf(), schemaVersion: 99 }],
    ["that is no JSON", { ...eventOf(), data: "{" }],
    ["that lacks a field", { ...eventOf(), data: "{}" }]
  ] as const)("dies over a stored event %s, and decides nothing", ([, event]) =>
    Effect.gen(function* () {
      const executor = yield* Executor
      yield* (yield* EventStore).commit([commitOf("s", { event })])
      let asked = false
      const steps = [
        {
          sender: "s",
          command: ({ at }: { readonly at: number }) => {
            asked = true
            return Effect.succeed(add(at, "v1"))
          }
        }
      ]
      const exit = yield* Effect.exit(executor.execute(request("1", steps)))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.isFalse(asked)
      assert.deepStrictEqual(yield* storedIn(), ["s"])
    }).pipe(Effect.provide(engine))
  )

  it.effect("reads a stream that is longer than a page", () =>
    Effect.gen(function* () {
      const executor = yield* Executor
      for (let life = 0; life < 200; life++) {
        yield* executor.execute(request(`add-${life}`, [plain("s", (at) => add(at, `v${life}`))]))
        yield* executor.execute(
          request(`remove-${life}`, [plain("s", (at) => ({ _tag: "RemoveSender", at, reason: "test" }))])
        )
      }
      const whole = yield* executor.load("s")
      assert.strictEqual(whole.version, 600)
      assert.isTrue(whole.state._tag === "Sender" && whole.state.removed && whole.state.incarnation === 200)
      const early = yield* executor.load("s", 502)
      assert.strictEqual(early.version, 502)
      assert.isTrue(early.state._tag === "Sender" && early.state.incarnation === 168)
    }).pipe(Effect.provide(engine))
  )
})

describe("many at once", () => {
  it.effect("100 adds of one address make one sender and one mail", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const spellings = ["hello@acme.com", "Hello@acme.com", "HELLO@ACME.COM"]
      const added = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, index) => spellings[index % 3] ?? ""),
        (address) => senders.add(caller, { owner: accountOwner, address }),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(added.filter(({ created }) => created).length, 1)
      assert.strictEqual(new Set(added.map(({ sender }) => sender.id)).size, 1)
      assert.strictEqual(new Set(added.map(({ sender }) => sender.address)).size, 1)
      assert.strictEqual(yield* senders.count({ account: caller.account }), 1)
      yield* pass("1 hour")
      assert.strictEqual((yield* mails).length, 1)
    }).pipe(Effect.provide(world))
  )

  it.effect("100 adds of different addresses make 100 senders and 100 mails", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const added = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, index) => `hello${index}@acme.com`),
        (address) => senders.add(caller, { owner: accountOwner, address }),
        { concurrency: "unbounded" }
      )
      assert.isTrue(added.every(({ created }) => created))
      assert.strictEqual(yield* senders.count({ account: caller.account }), 100)
      yield* pass("1 minute")
      assert.strictEqual(new Set((yield* mails).map(({ to }) => to)).size, 100)
      assert.strictEqual((yield* mails).length, 100)
    }).pipe(Effect.provide(world))
  )

  it.effect("an add whose answer is lost on the way is one sender, and the caller is told so", () =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const caller = yield* createAccount()
      const { nextCommits } = yield* StorageFaults
      yield* nextCommits("answer-lost")
      const adding = yield* Effect.forkChild(senders.add(caller, { owner: accountOwner, address: "a@acme.com" }))
      yield* pass("1 second")
      const { created, sender } = yield* Fiber.join(adding)
      assert.isTrue(created)
      assert.deepStrictEqual(yield* senders.get(caller.account, sender.id), sender)
      assert.strictEqual(yield* senders.count({ account: caller.account }), 1)
    }).pipe(Effect.provide(frailEngine))
  )
})
