import { AccountId, CanonicalAddress, mailboxId } from "@countersign/core"
import { Engine, EventStore, Senders } from "@countersign/engine"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { adaptersOver, createAccount, mails, pass, tokenOf, workers } from "./World.ts"

/** Streams as they were read, one for each call. */
class Reads extends Context.Service<Reads, Array<string>>()("Reads") {}

const countedStorage = Layer.effectContext(
  Effect.map(MemoryStorage.make(), (ports) => {
    const reads: Array<string> = []
    const store = Context.get(ports, EventStore)
    return ports.pipe(
      Context.add(Reads, reads),
      Context.add(EventStore, {
        ...store,
        readStream: (stream, after, limit) => {
          reads.push(stream)
          return store.readStream(stream, after, limit)
        }
      })
    )
  })
)

const counted = Engine.layer.pipe(Layer.provideMerge(adaptersOver(countedStorage, MemoryMailer.layer, MemoryDns.layer)))

it.effect.each(["confirm", "decline"] as const)("a %s reads the sender's stream once", (act) =>
  Effect.gen(function* () {
    const senders = yield* Senders
    const caller = yield* createAccount()
    const { sender } = yield* senders.add({ ...caller, address: "hello@acme.com" })
    // The workers read streams too: they are gone before the link is used.
    yield* Effect.scoped(Effect.andThen(Layer.build(workers), pass("1 second")))
    const token = tokenOf((yield* mails)[0])
    const reads = yield* Reads
    reads.length = 0
    yield* senders[act]({ token })
    const mailbox = mailboxId(AccountId.make(caller.account), CanonicalAddress.make("hello@acme.com"))
    assert.deepStrictEqual(reads, act === "confirm" ? [sender.id] : [sender.id, mailbox])
  }).pipe(Effect.provide(counted))
)
