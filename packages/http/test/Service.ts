/**
 * A service for the tests of this package: the engine over memory storage, or over SQLite in a file, on a real Node
 * server at 127.0.0.1, in virtual time.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { type AddressInfo, createConnection } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CanonicalAddress, makeLinkKeys, parseLinkSecrets, SenderId, signLink } from "@countersign/core"
import {
  AccountAdmin,
  DkimTokens,
  Engine,
  EventStore,
  type ListedSender,
  Senders,
  Settings,
  SlowPoll,
  Workers
} from "@countersign/engine"
import { EmailAddress, HttpApp, type Served, toFetchHandler, toNodeListener } from "@countersign/http"
import { MemoryDns, MemoryMailer, MemoryStorage } from "@countersign/memory"
import { SqliteStorage } from "@countersign/storage-sqlite"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Cause, Effect, Exit, Layer, Logger, ManagedRuntime, Redacted, References, Result, Schema, Scope } from "effect"
import { HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"

/** No sender has this address. */
const nobody = CanonicalAddress.make("nobody")

const secret = "a secret of the tests of 32 characters"
export const linkKeys = makeLinkKeys(Result.getOrThrow(parseLinkSecrets(secret)))

const settings = (publicUrl: string) => Settings.layer({ publicUrl, secret: Redacted.make(secret) })

/** Each a new, empty one; the file of the second goes with the service. */
const layerOf = {
  memory: MemoryStorage.layer,
  sqlite: Layer.unwrap(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "countersign-http-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    ).pipe(Effect.map((folder) => SqliteStorage.layer({ file: join(folder, "store.db"), cacheMegabytes: 4 })))
  ).pipe(Layer.orDie)
} as const

/** Where a service may keep what it knows: what is tested over each of them does not depend on it. */
export type Storage = keyof typeof layerOf
export const storages: ReadonlyArray<Storage> = ["memory", "sqlite"]

/** The use cases over a new storage. */
export const engine = (publicUrl = "http://verify.acme.test", storage: Storage = "memory") =>
  Layer.provideMerge(
    Engine.layer,
    Layer.merge(Layer.provideMerge(DkimTokens.layer("dkim.countersign.net"), layerOf[storage]), settings(publicUrl))
  )

/**
 * The mail server and the DNS that the workers meet. Hints of the store are never lost, so looking for work may be
 * rare.
 */
const outside = Layer.merge(MemoryMailer.layer, MemoryDns.layer)
const rarely = Layer.succeed(SlowPoll, 60 * 60 * 1_000)

export interface Options {
  /** Whether mail is sent and domains are probed. */
  readonly workers?: boolean
  readonly publicUrl?: string
  readonly storage?: Storage
  readonly accountName?: string
  /** Stands in front of the engine, to make it fail. */
  readonly disturb?: Disturbance
  /** What is served; everything, unless it is said. */
  readonly served?: Served
  /** Answers `call` and `send` in this process, without a socket: for the tests that send thousands of requests. */
  readonly inProcess?: boolean
  /** More routes beside the application's. */
  readonly routes?: Layer.Layer<never, never, HttpRouter.HttpRouter>
}

type Disturbance = (services: { readonly senders: Senders["Service"]; readonly store: EventStore["Service"] }) => {
  readonly senders?: Partial<Senders["Service"]>
  readonly store?: Partial<EventStore["Service"]>
}

/** What was logged: the text of every line, causes and annotations included. */
const makeLog = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ message, cause, fiber, logLevel }) => {
    const annotations = JSON.stringify(fiber.getRef(References.CurrentLogAnnotations))
    lines.push(`${logLevel} ${JSON.stringify(message)} ${annotations} ${Cause.pretty(cause)}`)
  })
  return { lines, layer: Logger.layer([logger]) }
}

export const startService = async (options: Options = {}) => {
  const log = makeLog()
  const idle = Layer.merge(engine(options.publicUrl, options.storage), outside)
  const base = options.workers === true ? Layer.provideMerge(Layer.provide(Workers.layer, rarely), idle) : idle
  const disturbed = Layer.unwrap(
    Effect.gen(function* () {
      const [senders, store] = [yield* Senders, yield* EventStore]
      const changes = options.disturb?.({ senders, store }) ?? {}
      return Layer.merge(
        Layer.succeed(Senders, { ...senders, ...changes.senders }),
        Layer.succeed(EventStore, { ...store, ...changes.store })
      )
    })
  )
  const world = disturbed.pipe(Layer.provideMerge(base), Layer.provideMerge(Layer.merge(log.layer, TestClock.layer())))
  const runtime = ManagedRuntime.make(world)
  const run = runtime.runPromise

  const requests = Scope.makeUnsafe()
  const { routes, served } = options
  const alone = toNodeListener(served)
  const listener = await run(
    Scope.provide(routes === undefined ? alone : inRouter(Layer.merge(routes, HttpApp.layer(served))), requests)
  )
  const server = createServer(listener)
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  const { port } = server.address() as AddressInfo // A TCP server's address is never a string.
  const url = `http://127.0.0.1:${port}`

  const answer = options.inProcess === true ? await run(toFetchHandler(served)) : fetch
  const send = (path: string, request: RequestInit) => answer(new Request(`${url}${path}`, request))

  const tenant = (name: string) =>
    Effect.gen(function* () {
      const admin = yield* AccountAdmin
      const account = yield* admin.createAccount({ email: "owner@acme.com", name })
      const organization = yield* admin.createOrganization(account.id, "Berlin")
      const { secret, key } = yield* admin.createKey(account.id)
      return { account: account.id, organization: organization.id, token: Redacted.value(secret), key: key.id }
    })
  const forRecords = (
    change: (dns: MemoryDns["Service"], record: ListedSender["plan"]["records"][number]) => Effect.Effect<void>
  ) =>
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      const all = { account: own.account, order: "oldest-first", offset: 0, limit: 1_000 } as const
      for (const { plan } of yield* (yield* Senders).list(all)) {
        for (const record of plan.records) yield* change(dns, record)
      }
    })
  const own = await run(tenant(options.accountName ?? "Acme Ltd"))
  const other = await run(tenant("Another Ltd"))

  return {
    url,
    port,
    ...own,
    other,
    log: log.lines,
    run,
    /** What was mailed, the oldest first. */
    mails: () => run(Effect.flatMap(MemoryMailer, ({ accepted }) => accepted)),
    /** Publishes the records of every sender of the account. */
    publishAll: () => run(forRecords((dns, { name, value }) => dns.put(name, "CNAME", value))),
    /** Takes them away again. */
    withdrawAll: () => run(forRecords((dns, { name }) => dns.remove(name))),
    /** Lets the workers do what is due, and time pass. */
    work: (time: Parameters<typeof TestClock.adjust>[0]) =>
      run(Effect.andThen(settle, Effect.andThen(TestClock.adjust(time), settle))),
    pass: (time: Parameters<typeof TestClock.adjust>[0]) => run(TestClock.adjust(time)),
    /** A request with the account's token. */
    call: (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      send(path, {
        method,
        headers: { authorization: own.token, "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) })
      }),
    send,
    /** The token of the newest link of a sender. */
    link: (sender: string, account = own.account) =>
      run(
        Effect.gen(function* () {
          const senders = yield* Senders
          const history = yield* senders.history({ account, id: sender })
          const requested = history.flatMap(({ event }) => (event._tag === "VerificationRequested" ? [event] : []))
          const added = history.flatMap(({ event }) => (event._tag === "SenderAdded" ? [event] : []))
          return signLink(linkKeys, {
            senderId: Schema.decodeUnknownSync(SenderId)(sender),
            verificationId: requested.at(-1)?.verificationId ?? "",
            canonical: added.at(-1)?.canonical ?? nobody
          })
        })
      ),
    confirm: (token: string) => run(Effect.flatMap(Senders, (senders) => senders.confirm({ token }))),
    /** How many events there are. */
    events: () =>
      run(
        Effect.map(
          Effect.flatMap(EventStore, (store) => store.readLog(0, 1_000)),
          (page) => page.events.length
        )
      ),
    /** What the log keeps beside the newest event: who caused it, and the ids of the command and of the request. */
    newestMetadata: () =>
      run(
        Effect.flatMap(EventStore, (store) =>
          Effect.flatMap(store.readLog(0, 1_000), ({ events }) => decodeMetadata(events.at(-1)?.meta))
        )
      ),
    /** Sends bytes as they are, and answers all that comes back until the server closes. */
    raw: (bytes: string) =>
      new Promise<string>((done, failed) => {
        const socket = createConnection(port, "127.0.0.1", () => socket.write(bytes, "latin1"))
        let text = ""
        socket.setEncoding("latin1").on("data", (chunk) => {
          text += String(chunk)
        })
        socket.on("end", () => done(text)).on("error", failed)
      }),
    stop: async () => {
      await Effect.runPromise(Scope.close(requests, Exit.void))
      await new Promise((closed) => {
        server.close(closed)
        server.closeAllConnections()
      })
      await runtime.dispose()
    }
  }
}

/** The application beside other routes, in a server of Effect's. */
const inRouter = Effect.fnUntraced(function* <R>(routes: Layer.Layer<never, never, R | HttpRouter.HttpRouter>) {
  const app = yield* HttpRouter.toHttpEffect(routes)
  return yield* NodeHttpServer.makeHandler(app, { scope: yield* Effect.scope })
})

/** A wake-up takes the workers a few turns of the scheduler. */
const settle = Effect.repeat(Effect.yieldNow, { times: 100 })

export type Service = Awaited<ReturnType<typeof startService>>

const decodeMetadata = Schema.decodeUnknownEffect(
  Schema.fromJsonString(
    Schema.Struct({ actor: Schema.String, command: Schema.NonEmptyString, correlation: Schema.String })
  )
)

const ErrorBody = Schema.Struct({
  error: Schema.Struct({
    statusCode: Schema.Int,
    name: Schema.String,
    message: Schema.String,
    code: Schema.String,
    details: Schema.optionalKey(
      Schema.Struct({
        context: Schema.String,
        codes: Schema.Record(Schema.String, Schema.Array(Schema.String)),
        messages: Schema.Struct({ email: Schema.Array(Schema.String) })
      })
    )
  })
})

/** The error in an answer of the Space Invoices dialect, with its status. */
export const errorIn = async (answer: Response) => {
  const { error } = Schema.decodeUnknownSync(ErrorBody)(await answer.json())
  return { status: answer.status, ...error }
}

/** The EmailAddress object in an answer: all documented members, and no other. */
export const emailAddressIn = async (answer: Response) =>
  Schema.decodeUnknownSync(EmailAddress)(await answer.json(), { onExcessProperty: "error" })
