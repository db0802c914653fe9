/**
 * An engine over in-memory adapters, for the tests of this package: virtual time, real workers.
 */
import { makeLinkKeys } from "@countersign/core"
import {
  AccountAdmin,
  type Caller,
  DkimTokens,
  Engine,
  Mailer,
  type MailMessage,
  Senders,
  Settings,
  Workers
} from "@countersign/engine"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"

export const zone = "dkim.countersign.net"

const settings = Layer.succeed(Settings, {
  publicUrl: "https://mail.countersign.net",
  linkKeys: makeLinkKeys(["a secret of the tests"]),
  allowTestNames: false
})

export const adapters = Layer.mergeAll(
  DkimTokens.layer(zone).pipe(Layer.provideMerge(MemoryStorage.layer)),
  MemoryMailer.layer,
  MemoryDns.layer,
  settings
)

/** The use cases without workers. */
export const engine = Engine.layer.pipe(Layer.provideMerge(adapters))

/** The use cases and the workers. */
export const world = Workers.layer.pipe(Layer.provideMerge(engine))

export const createAccount = (email = "owner@acme.com") =>
  Effect.gen(function* () {
    const { id } = yield* (yield* AccountAdmin).createAccount({ email, name: "Acme Ltd" })
    return { account: id, actor: "key:test", correlation: "test" } satisfies Caller
  })

/** Lets the workers do what is due, and time pass. */
export const pass = (time: Parameters<typeof TestClock.adjust>[0]) => TestClock.adjust(time)

export const mails = Effect.flatMap(MemoryMailer, ({ accepted }) => accepted)

export const tokenOf = (mail: MailMessage | undefined): string =>
  /https:\/\/mail\.countersign\.net\/verify\/(\S+)/.exec(mail?.text ?? "")?.[1] ?? "there is no link in the mail"

/** Publishes every record of a sender. */
export const publish = (caller: Caller, sender: string) =>
  Effect.gen(function* () {
    const { plan } = yield* (yield* Senders).get(caller.account, sender)
    const dns = yield* MemoryDns
    for (const { name, value } of plan.records) yield* dns.put(name, "CNAME", value)
  })

export const unpublish = (caller: Caller, sender: string) =>
  Effect.gen(function* () {
    const { plan } = yield* (yield* Senders).get(caller.account, sender)
    const dns = yield* MemoryDns
    for (const { name } of plan.records) yield* dns.remove(name)
  })

export { Mailer }
