/**
 * Countersign in a service, from a handful of options: what `serve` reads from the environment, under the same names.
 */

import { WireResolver } from "@countersign/dns"
import {
  type Account,
  Accounts,
  DkimTokens,
  type DnsResolver,
  DomainWatch,
  Engine,
  KeysServed,
  Mailer,
  MailRefused,
  Settings,
  StorageUnavailable,
  Workers
} from "@countersign/engine"
import { KeyCare, KeyRingKeys, KeySettings } from "@countersign/signing"
import { Effect, Layer, type LogLevel, Option, Redacted, References } from "effect"
import { type Countersign, makeCountersign } from "./Countersign.ts"
import type { AccountsOption, Dns, Mail, Storage } from "./Options.ts"

/** What Countersign has to be told; the names are those of the environment variables of `serve`. */
export interface CountersignOptions {
  /** Where `page` is reached from outside, its prefix included: mailed links begin with it. */
  readonly publicUrl: string
  /** Signs the mailed links: at least 32 characters. `new,old` signs with the first and accepts both. */
  readonly secret: string | undefined
  /** The DNS zone that serves the signing keys: customers' CNAME records point into it. */
  readonly dkimZone: string
  /**
   * `here`, when absent: the keys are made and kept here, `sign` signs with them, and a domain counts once the keys can
   * be seen behind its records. `elsewhere`: somebody else serves the keys and signs.
   */
  readonly dkimKeys?: "here" | "elsewhere"
  /** The From of mail that no sender may be named on, for `senders.sendPlan`. Your mail server signs it. */
  readonly fallbackFrom?: string
  readonly storage: Storage
  readonly mail: Mail
  /** The domains' own name servers, found by the system's resolvers, when absent. */
  readonly dns?: Dns
  /**
   * Who your customers are. When absent every id is an account, named by its id, and every id an organization of it.
   * `stored`: those of the storage, which the commands of `@countersign/server` make.
   */
  readonly accounts?: AccountsOption | "stored"
  /** Whether mail is sent and domains are probed in this process; `true` when absent. Some process has to. */
  readonly workers?: boolean
  /** What goes to the console at least; `Warn` when absent. */
  readonly logLevel?: LogLevel.LogLevel
}

/**
 * Opens the storage and begins to work. Rejects with one sentence when an option is wrong or the storage cannot be
 * opened.
 */
export const createCountersign = (options: CountersignOptions): Promise<Countersign> =>
  makeCountersign(layerOf(options))

export const layerOf = ({ storage, accounts, workers = true, ...options }: CountersignOptions) => {
  const stored =
    accounts === "stored"
      ? storage.layerWithAccounts
      : Layer.merge(storage.layer, Layer.succeed(Accounts, accountsOf(accounts)))
  const { publicUrl, dkimZone, dkimKeys = "here", fallbackFrom } = options
  const secret = Redacted.make(options.secret ?? "")
  const engine = KeyRingKeys.layer.pipe(
    Layer.provideMerge(Engine.layer),
    Layer.provideMerge(DkimTokens.layer(dkimZone)),
    Layer.provideMerge(Settings.layer({ publicUrl, secret, fallbackFrom })),
    Layer.provideMerge(KeySettings.layer({ dkimZone, secret })),
    Layer.provideMerge(stored),
    Layer.provideMerge(mailerOf(options.mail)),
    Layer.provideMerge(resolverOf(dkimZone, options.dns)),
    Layer.provideMerge(Layer.succeed(KeysServed, dkimKeys === "here")),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, options.logLevel ?? "Warn"))
  )
  const care = workers && dkimKeys === "here" ? KeyCare.layer : Layer.empty
  return Layer.provideMerge(Layer.merge(workers ? Workers.layer : DomainWatch.layer, care), engine)
}

const mailerOf = (mail: Mail): Layer.Layer<Mailer, Error> =>
  typeof mail !== "function"
    ? mail.layer
    : Layer.succeed(Mailer, {
        send: (message) =>
          Effect.tryPromise({
            try: () => mail(message),
            catch: (error) => new MailRefused({ reason: reasonOf(error), permanent: isPermanent(error) })
          })
      })

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const isPermanent = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "permanent" in error && error.permanent === true

const resolverOf = (ours: string, dns: Dns = {}): Layer.Layer<DnsResolver, Error> => {
  if ("layer" in dns) return dns.layer
  const { servers = [], mode = "auto" } = dns
  return WireResolver.layer({ ours, mode, ...(servers.length === 0 ? {} : { servers }) })
}

const accountsOf = (given: AccountsOption = everyId): Accounts["Service"] => ({
  account: (id) => ask(() => given.account(id)),
  organization: (account, id) => ask(async () => given.organization?.(account, id)),
  authenticate: (secret) => ask(async () => given.authenticate?.(Redacted.value(secret)))
})

const everyId: AccountsOption = {
  account: async (id): Promise<Account> => ({ id, name: id, email: "" }),
  organization: async (account, id) => ({ id, account, name: id })
}

/** What the host cannot tell now is worth asking again later, like a storage that is down. */
const ask = <A>(question: () => Promise<A | undefined>): Effect.Effect<Option.Option<A>, StorageUnavailable> =>
  Effect.tryPromise({
    try: question,
    catch: (cause) => new StorageUnavailable({ reason: "the accounts cannot be asked", cause })
  }).pipe(Effect.map(Option.fromNullishOr))
