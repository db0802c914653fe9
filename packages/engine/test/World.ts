/**
 * An engine over in-memory adapters, for the tests of this package: virtual time, real workers.
 */
import {
  AccountAdmin,
  type Caller,
  DkimTokens,
  type DnsResolver,
  Engine,
  Mailer,
  type MailMessage,
  Senders,
  Settings,
  SlowPoll,
  Workers
} from "@countersign/engine"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import { StorageFaults, type StoragePorts } from "@countersign/testkit"
import { Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"

export const zone = "dkim.countersign.net"

export const settings = Settings.layer({
  publicUrl: "https://mail.countersign.net",
  secret: Redacted.make("a secret of the tests of 32 characters")
})

/** Every port over the given storage, mailer and resolver. */
export const adaptersOver = <S, M, D, E>(
  storage: Layer.Layer<StoragePorts | S, E>,
  mailer: Layer.Layer<MemoryMailer | Mailer | M, E>,
  dns: Layer.Layer<DnsResolver | D, E>
) => Layer.mergeAll(DkimTokens.layer(zone).pipe(Layer.provideMerge(storage)), mailer, dns, settings)

export const adapters = adaptersOver(MemoryStorage.layer, MemoryMailer.layer, MemoryDns.layer)

/** The use cases without workers. */
export const engine = Engine.layer.pipe(Layer.provideMerge(adapters))

/** The workers. Hints of the store in memory are never lost, and virtual months cost turns of the scheduler. */
export const workers = Workers.layer.pipe(Layer.provide(Layer.succeed(SlowPoll, 60 * 60 * 1_000)))

/** The use cases and the workers. */
export const world = workers.pipe(Layer.provideMerge(engine))

/** The use cases without workers, over a storage that can fail. */
export const frailEngine = Engine.layer.pipe(
  Layer.provideMerge(adaptersOver(StorageFaults.layer(MemoryStorage.layer), MemoryMailer.layer, MemoryDns.layer))
)

/** The use cases and the workers, over a storage that can fail. */
export const frailWorld = workers.pipe(Layer.provideMerge(frailEngine))

export const createAccount = (email = "owner@acme.com") =>
  Effect.gen(function* () {
    const { id } = yield* (yield* AccountAdmin).createAccount({ email, name: "Acme Ltd" })
    return { account: id, actor: "key:test", correlation: "test" } satisfies Caller
  })

/** Lets the workers do what is due before time moves: a wake-up takes them a few turns of the scheduler. */
export const settle = Effect.repeat(Effect.yieldNow, { times: 100 })

/** Lets the workers do what is due, and time pass. */
export const pass = (time: Parameters<typeof TestClock.adjust>[0]) =>
  Effect.andThen(settle, Effect.andThen(TestClock.adjust(time), settle))

export const mails = Effect.flatMap(MemoryMailer, ({ accepted }) => accepted)

export const tokenOf = (mail: MailMessage | undefined): string =>
  /https:\/\/mail\.countersign\.net\/verify\/(\S+)/.exec(mail?.text ?? "")?.[1] ?? "there is no link in the mail"

/** Publishes every record of a sender. */
export const publish = (caller: Caller, sender: string) =>
  Effect.gen(function* () {
    const { plan } = yield* (yield* Senders).get({ account: caller.account, id: sender })
    const dns = yield* MemoryDns
    for (const { name, value } of plan.records) yield* dns.put(name, "CNAME", value)
  })

export const unpublish = (caller: Caller, sender: string) =>
  Effect.gen(function* () {
    const { plan } = yield* (yield* Senders).get({ account: caller.account, id: sender })
    const dns = yield* MemoryDns
    for (const { name } of plan.records) yield* dns.remove(name)
  })

export { Mailer }
