/**
 * Processes of one installation for tests: each has its own engine and workers over the shared store, mail server and
 * DNS, and can be stopped or killed.
 */
import { DkimTokens, DnsResolver, Engine, Mailer, type MailMessage, SlowPoll, Workers } from "@countersign/engine"
import { MemoryDns, MemoryStorage } from "@countersign/memory"
import { StorageFaults } from "@countersign/testkit"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { settings, zone } from "./World.ts"

/** What outlives the processes. */
export const makeInstallation = Effect.gen(function* () {
  const storage = yield* MemoryStorage.make()
  const dns = yield* Layer.build(MemoryDns.layer)
  const outbox: Array<MailMessage & { readonly process: number }> = []
  let processes = 0

  /** Starts a process. `sending` is what the mail server takes its time with, before it takes a message. */
  const start = Effect.fnUntraced(function* (sending: Effect.Effect<void> = Effect.void) {
    const process = ++processes
    const scope = yield* Scope.make()
    const mailer = Layer.effect(
      Mailer,
      Effect.map(StorageFaults, ({ mortal }) => ({
        send: (message: MailMessage) =>
          mortal(
            Effect.andThen(
              sending,
              Effect.sync(() => void outbox.push({ ...message, process }))
            )
          )
      }))
    )
    const resolver = Layer.succeed(DnsResolver, Context.get(dns, DnsResolver))
    const layer = Workers.layer.pipe(
      Layer.provide(Layer.succeed(SlowPoll, 60 * 60 * 1_000)),
      Layer.provideMerge(Engine.layer),
      Layer.provideMerge(Layer.mergeAll(DkimTokens.layer(zone), mailer, resolver, settings)),
      Layer.provideMerge(StorageFaults.layer(Layer.succeedContext(storage)))
    )
    const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope)
    return {
      number: process,
      context,
      faults: Context.get(context, StorageFaults),
      stop: Scope.close(scope, Exit.void)
    }
  })

  return { storage, dns: Context.get(dns, MemoryDns), outbox, start }
})

export type Installed = Effect.Success<typeof makeInstallation>
export type Process = Effect.Success<ReturnType<Installed["start"]>>
