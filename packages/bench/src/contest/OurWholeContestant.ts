/**
 * Our contestant with whole commits, over whichever adapter it is given: what a commit of the product costs, beside
 * stores that only append.
 *
 * It takes part where a sender is added. Where streams are read, the event-only contestant has said it all.
 */
import { accountOwner } from "@countersign/core"
import {
  AccountAdmin,
  type Accounts,
  type Commit,
  DkimTokens,
  Engine,
  type EventStore,
  type Installation,
  type MailBudget,
  type SenderDirectory,
  Senders,
  Settings,
  type TaskQueue,
  Writer
} from "@countersign/engine"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { makeAddCommits } from "../commit/AddCommits.ts"
import type { Contestant, Profile } from "./Contestant.ts"

type StoragePorts = EventStore | SenderDirectory | TaskQueue | MailBudget | Accounts | AccountAdmin | Installation

const settings = Settings.layer({
  publicUrl: "http://127.0.0.1",
  secret: Redacted.make("a secret that the benchmarks need not keep")
})

/** Commits that are made at a time. It is part of what is measured, a fiftieth of a millisecond each. */
const portion = 2_000

/** The number of the next sender: every one that a process adds is another, also when it opens the same store again. */
export interface Numbers {
  next: number
}

export const openOursWhole = async <E>(
  storage: Layer.Layer<StoragePorts, E>,
  profile: Profile,
  numbers: Numbers
): Promise<Contestant> => {
  const ports = Layer.merge(Layer.provideMerge(DkimTokens.layer("dkim.countersign.net"), storage), settings)
  const runtime = ManagedRuntime.make(Layer.provideMerge(Layer.merge(Engine.layer, Writer.layer), ports))
  const run = Effect.runPromiseWith(await runtime.context())
  const { account, senders, writer } = await run(
    Effect.gen(function* () {
      const admin = yield* AccountAdmin
      const { id } = yield* admin.createAccount({ email: "owner@example.com", name: "Benchmark" })
      return { account: id, senders: yield* Senders, writer: yield* Writer }
    })
  )

  let ready: Array<Commit> = []
  const nextCommit = () => {
    if (ready.length === 0) {
      ready = makeAddCommits(numbers.next, portion).toReversed()
      numbers.next += portion
    }
    return ready.pop()
  }

  const append = Effect.fnUntraced(function* () {
    const commit = nextCommit()
    if (commit === undefined) return yield* Effect.die(new Error("no commit was made"))
    const outcome = yield* writer.submit(commit)
    if (outcome._tag !== "Committed") return yield* Effect.die(new Error(`a commit ended as ${outcome._tag}`))
  })

  let added = 0
  const caller = { account, actor: "key:1", correlation: "benchmark" }

  return {
    profile,
    append: () => run(append()),
    load: () => Promise.reject(new Error("whole commits are measured, not reads")),
    command: async () => {
      added += 1
      await run(senders.add({ ...caller, owner: accountOwner, address: `billing@customer-${added}.com` }))
      return 1
    },
    close: () => runtime.dispose()
  }
}
