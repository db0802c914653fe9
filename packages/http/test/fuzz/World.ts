/**
 * The whole application in this process: the `fetch` handler over memory storage, with mail, DNS and time that the test
 * steers, and two accounts that do not know each other.
 */
import { CanonicalAddress, makeLinkKeys, parseLinkSecrets, SenderId, signLink } from "@countersign/core"
import {
  AccountAdmin,
  Accounts,
  DkimTokens,
  Engine,
  EventStore,
  Ids,
  Senders,
  Settings,
  SlowPoll,
  Workers
} from "@countersign/engine"
import { type FetchHandler, toFetchHandler } from "@countersign/http"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import { StorageFaults } from "@countersign/testkit"
import { Effect, Layer, Logger, ManagedRuntime, Redacted, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { makeCursors } from "../../src/dialects/native/Cursor.ts"
import type { Chance } from "./Chance.ts"

export interface Tenant {
  readonly account: string
  readonly organizations: readonly [string, string]
  readonly key: string
  /** Of a page of its senders. */
  readonly cursor: string
}

/** A sender as a request may name it. */
export interface KnownSender {
  readonly id: string
  readonly address: string
  /** The token of its newest link. */
  readonly link: string | undefined
}

const publicUrl = "http://verify.acme.test"
const linkSecret = "a secret of the tests of 32 characters"
const linkKeys = makeLinkKeys(Result.getOrThrow(parseLinkSecrets(linkSecret)))

/** Ids of a seed, in the form of the real ones. */
const idsOf = (chance: Chance) => {
  const hex = (digits: number) => Array.from({ length: digits }, () => chance.below(16).toString(16)).join("")
  return { next: Effect.sync(() => `${hex(8)}-${hex(4)}-7${hex(3)}-8${hex(3)}-${hex(12)}`) }
}

/** What a caller must never read. */
const secret = new Error("SELECT * FROM secrets")

/** Two ports that fail in a way that nobody knows, when they are told to. */
const brittle = (isBroken: () => boolean) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const [accounts, store] = [yield* Accounts, yield* EventStore]
      const unless = <A, E>(call: Effect.Effect<A, E>) => Effect.suspend(() => (isBroken() ? Effect.die(secret) : call))
      return Layer.merge(
        Layer.succeed(Accounts, { ...accounts, authenticate: (key) => unless(accounts.authenticate(key)) }),
        Layer.succeed(EventStore, {
          ...store,
          readStream: (stream, after, limit) => unless(store.readStream(stream, after, limit))
        })
      )
    })
  )

const layerOf = (chance: Chance, isBroken: () => boolean) => {
  const storage = Layer.provideMerge(brittle(isBroken), StorageFaults.layer(MemoryStorage.layer))
  const around = Layer.mergeAll(
    Layer.provideMerge(DkimTokens.layer("dkim.countersign.net"), storage),
    Settings.layer({ publicUrl, secret: Redacted.make(linkSecret) }),
    MemoryMailer.layer,
    MemoryDns.layer
  )
  const engine = Layer.provideMerge(Engine.layer, around)
  // Hints of the store are never lost, so looking for work may be rare: every look is a step of the virtual time.
  const rarely = Layer.succeed(SlowPoll, 24 * 60 * 60 * 1_000)
  return Layer.provideMerge(Layer.provide(Workers.layer, rarely), engine).pipe(
    Layer.provideMerge(Layer.mergeAll(Logger.layer([]), TestClock.layer(), Layer.succeed(Ids, idsOf(chance))))
  )
}

const tenant = (name: string) =>
  Effect.gen(function* () {
    const admin = yield* AccountAdmin
    const { id: account } = yield* admin.createAccount({ email: "owner@acme.com", name })
    const [berlin, paris] = [
      yield* admin.createOrganization(account, "Berlin"),
      yield* admin.createOrganization(account, "Paris")
    ]
    const { secret } = yield* admin.createKey(account)
    return {
      account,
      organizations: [berlin.id, paris.id],
      key: Redacted.value(secret),
      cursor: makeCursors(linkKeys).write(account, 3)
    } satisfies Tenant
  })

/** A wake-up takes the workers a few turns of the scheduler. */
const settle = Effect.repeat(Effect.yieldNow, { times: 60 })

const everybody = (account: string) => ({ account, order: "oldest-first", offset: 0, limit: 1_000 }) as const

export const startWorld = async (chance: Chance) => {
  let broken = false
  const runtime = ManagedRuntime.make(layerOf(chance, () => broken))
  const run = runtime.runPromise
  const handler = await run(toFetchHandler())
  const tenants = [await run(tenant("Acme Ltd")), await run(tenant("Another Ltd"))] as const

  const known = ({ account }: Tenant) =>
    Effect.gen(function* () {
      const senders = yield* Senders
      const found: Array<KnownSender> = []
      // Histories get long: a few senders are enough to name.
      const all = yield* senders.list(everybody(account))
      for (const { id: sender, address } of Array.from({ length: 12 }, () => chance.pickAny(all)).filter(
        (one) => one !== undefined
      )) {
        const history = yield* senders.history({ account, id: sender })
        const requested = history.flatMap(({ event }) => (event._tag === "VerificationRequested" ? [event] : []))
        const added = history.flatMap(({ event }) => (event._tag === "SenderAdded" ? [event] : []))
        const verificationId = requested.at(-1)?.verificationId
        const link =
          // A whole domain has no link.
          verificationId === undefined
            ? undefined
            : signLink(linkKeys, {
                senderId: Schema.decodeUnknownSync(SenderId)(sender),
                verificationId,
                canonical: added.at(-1)?.canonical ?? CanonicalAddress.make("nobody")
              })
        found.push({ id: sender, address, link })
      }
      return found
    })

  return {
    publicUrl,
    tenants,
    run,
    send: (sending: Sending) => handler(requestOf(sending)),
    /** Some live senders of an account. */
    senders: (of: Tenant): Promise<ReadonlyArray<KnownSender>> => run(known(of)),
    /** Publishes the records of every sender there is. */
    publish: () =>
      run(
        Effect.gen(function* () {
          const [dns, senders] = [yield* MemoryDns, yield* Senders]
          for (const { account } of tenants) {
            for (const { plan } of yield* senders.list(everybody(account))) {
              for (const { name, value } of plan.records) yield* dns.put(name, "CNAME", value)
            }
          }
        })
      ),
    /** Lets the workers do what is due, and time pass. */
    pass: (time: Parameters<typeof TestClock.adjust>[0]) =>
      run(Effect.andThen(settle, Effect.andThen(TestClock.adjust(time), settle))),
    /** From now on the storage does not answer, or has a fault, or neither. */
    disturb: async (how: "unavailable" | "fault" | "not") => {
      broken = how === "fault"
      const faults = await run(StorageFaults)
      await run(how === "unavailable" ? faults.breakDown() : faults.restore)
    },
    stop: () => runtime.dispose()
  }
}

export type World = Awaited<ReturnType<typeof startWorld>>

/** A request as it stands on the wire: nothing of it was made tidy. */
export interface Sending {
  readonly method: string
  /** Path and query, as they are sent. */
  readonly target: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Uint8Array<ArrayBuffer> | undefined
}

/** A `Request` makes URLs tidy, and has no body with GET; what comes over a socket is neither. */
const requestOf = ({ method, target, headers, body }: Sending): Parameters<FetchHandler>[0] => {
  const tidy = new Request(publicUrl, {
    method: "POST",
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    ...(body === undefined ? {} : { body })
  })
  return new Proxy(tidy, {
    get: (_, name) => {
      if (name === "url") return `${publicUrl}${target}`
      if (name === "method") return method
      const value: unknown = Reflect.get(tidy, name, tidy)
      return typeof value === "function" ? value.bind(tidy) : value
    }
  })
}
