import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { AccountAdmin, AddressRefused, EventStore, Senders } from "@countersign/engine"
import { type Countersign, HttpApp, isSenderFailure, makeCountersign } from "@countersign/http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Context, Effect, Layer, Logger, ManagedRuntime, Redacted } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import express from "express"
import Fastify from "fastify"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { emailAddressIn, engine, errorIn } from "../Service.ts"

const owner = { _tag: "Account" } as const
const publicUrl = "https://acme.example/mail"

let runtime: ManagedRuntime.ManagedRuntime<
  Layer.Success<ReturnType<typeof engine>>,
  Layer.Error<ReturnType<typeof engine>>
>
let countersign: Countersign
let account: string
let token: string

beforeEach(async () => {
  runtime = ManagedRuntime.make(engine(publicUrl))
  const context = await runtime.context()
  countersign = await makeCountersign(Layer.merge(Layer.succeedContext(context), Logger.layer([])))
  const admin = Context.get(context, AccountAdmin)
  account = (await runtime.runPromise(admin.createAccount({ email: "owner@acme.com", name: "Acme" }))).id
  token = Redacted.value((await runtime.runPromise(admin.createKey(account))).secret)
})
afterEach(async () => {
  await countersign.close()
  await runtime.dispose()
})

/** Runs a Node listener on a port of its own, for as long as the test uses it. */
const serving = async (listener: RequestListener, use: (url: string) => Promise<void>) => {
  const server = createServer(listener)
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  try {
    const { port } = server.address() as AddressInfo // A TCP server's address is never a string.
    await use(`http://127.0.0.1:${port}`)
  } finally {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
}

const add = (url: string, email: string, send: typeof fetch = fetch) =>
  send(
    new Request(`${url}/v1/email-address`, {
      method: "POST",
      headers: { authorization: token, "content-type": "application/json" },
      body: JSON.stringify({ email })
    })
  )

describe("in Express", () => {
  it("lives below a prefix, beside the routes of the application", async () => {
    const app = express()
    app.get("/", (_request, response) => {
      response.send("the application's own")
    })
    app.use("/mail", countersign.node)
    await serving(app, async (url) => {
      expect(await (await fetch(url)).text()).toBe("the application's own")
      expect((await emailAddressIn(await add(`${url}/mail`, "a@acme.com"))).email).toBe("a@acme.com")
      const unknown = await fetch(`${url}/mail/v1/nothing`)
      expect(await errorIn(unknown)).toMatchObject({ status: 404, code: "ROUTE_NOT_FOUND" })
      expect((await fetch(`${url}/elsewhere`)).status).toBe(404)
      expect((await fetch(`${url}/mail/ready`)).status).toBe(200)
      // Links and the description of the API name the public URL, whatever the mount.
      const document = await (await fetch(`${url}/mail/openapi.json`)).json()
      expect(document).toMatchObject({ servers: [{ url: publicUrl }] })
    })
  })

  it("is at fault, and not the caller, when it is mounted behind a parser of bodies", async () => {
    const app = express()
    app.use(express.json())
    app.use(countersign.node)
    await serving(app, async (url) => {
      const answer = await add(url, "a@acme.com")
      expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining("INTERNAL_SERVER_ERROR")])
    })
  })
})

describe("elsewhere", () => {
  it("is a listener of a plain Node server", async () => {
    await serving(countersign.node, async (url) => {
      expect((await add(url, "a@acme.com")).status).toBe(200)
    })
  })

  it("is behind Fastify, for what its routes do not answer", async () => {
    const app = Fastify({
      serverFactory: (handler) =>
        createServer((request, response) =>
          request.url === "/own" ? handler(request, response) : countersign.node(request, response)
        )
    })
    app.get("/own", () => "the application's own")
    const url = await app.listen({ host: "127.0.0.1", port: 0 })
    try {
      expect(await (await fetch(`${url}/own`)).text()).toBe("the application's own")
      expect((await add(url, "a@acme.com")).status).toBe(200)
    } finally {
      await app.close()
    }
  })

  it("is a fetch handler, without any server", async () => {
    const send: typeof fetch = (input, init) => countersign.fetch(new Request(input, init))
    const added = await emailAddressIn(await add("http://anything.test", "a@acme.com", send))
    expect(added.email).toBe("a@acme.com")
    const headers = { authorization: token }
    const head = await send("http://anything.test/V1/Email-Address/", { method: "HEAD", headers })
    expect([head.status, await head.text()]).toEqual([200, ""])
    const large = await send("http://anything.test/v1/email-address", {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: "x".repeat(70_000)
    })
    expect(await errorIn(large)).toMatchObject({ status: 413 })
    expect((await send("http://anything.test/verify/x")).headers.get("referrer-policy")).toBe("no-referrer")
  })

  it("is served by an Effect server", async () => {
    const context = await runtime.context()
    const served = HttpRouter.serve(HttpApp.layer(), { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" })),
      Layer.provide(Layer.succeedContext(context))
    )
    const program = Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const port = address._tag === "UnixPathAddress" ? 0 : address.port
      const answer = yield* Effect.promise(() => add(`http://127.0.0.1:${port}`, "a@acme.com"))
      expect(answer.status).toBe(200)
    })
    await Effect.runPromise(Effect.provide(program, served))
  })
})

describe("the use cases as plain async functions", () => {
  const caller = () => ({ account, actor: "test", correlation: "test" })

  it("answer plain values, and undefined for what is not there", async () => {
    const { created, sender } = await countersign.senders.add({ ...caller(), owner, address: "a@acme.com" })
    expect([created, sender.status]).toEqual([true, "pending"])
    expect(await countersign.senders.current({ account, owner })).toEqual(sender)
    expect(await countersign.senders.effective({ account })).toBeUndefined()
    expect((await countersign.senders.status({ account, id: sender.id })).blockers.map(({ code }) => code)).toEqual([
      "mailbox-unconfirmed",
      "domain-unverified"
    ])
    expect(await countersign.senders.count({ account })).toBe(1)
    const list = await countersign.senders.list({ account, order: "oldest-first", offset: 0, limit: 10 })
    expect(list).toEqual([sender])
    const history = await countersign.senders.history({ account, id: sender.id })
    expect(history.map(({ event }) => event._tag)).toEqual(["SenderAdded", "VerificationRequested"])
    expect(await countersign.senders.get({ account, id: sender.id })).toEqual(sender)
    await countersign.senders.probe({ ...caller(), id: sender.id })
    expect(await countersign.senders.remove({ ...caller(), id: sender.id })).toEqual({ count: 1 })
    expect(await countersign.senders.removeAll({ ...caller(), owner })).toEqual({ count: 0 })
    expect(await countersign.senders.removeAddress({ ...caller(), address: "a@acme.com" })).toEqual({ count: 0 })
  })

  it("reject with the engine's own errors", async () => {
    const failed = async (promise: Promise<unknown>) =>
      promise.then(
        () => expect.unreachable("it did not fail"),
        (error: unknown) => (isSenderFailure(error) ? error : expect.unreachable(`not ours: ${String(error)}`))
      )
    const refused = await failed(countersign.senders.add({ ...caller(), owner, address: "nothing" }))
    expect(refused).toBeInstanceOf(AddressRefused)
    expect(refused).toMatchObject({ _tag: "AddressRefused", code: "at-sign-missing" })
    expect(await failed(countersign.senders.current({ account, owner }))).toMatchObject({ _tag: "SenderNotFound" })
    for (const use of ["readLink", "confirm", "decline"] as const) {
      expect(await failed(countersign.senders[use]({ token: "x" }))).toMatchObject({
        _tag: "LinkRefused",
        reason: "unknown"
      })
    }
    const { sender } = await countersign.senders.add({ ...caller(), owner, address: "a@acme.com" })
    const soon = await failed(countersign.senders.resend({ ...caller(), id: sender.id }))
    expect(soon._tag === "TooSoon" && soon.retryAfter > 50_000).toBe(true)
    expect(isSenderFailure(new Error("another"))).toBe(false)
  })
})

describe("the life of it", () => {
  it("rejects with the layer's error, and lets go of what was built", async () => {
    let open = 0
    const resource = Layer.effectDiscard(
      Effect.acquireRelease(
        Effect.sync(() => open++),
        () => Effect.sync(() => open--)
      )
    )
    const broken = Layer.effect(EventStore, Effect.fail(new Error("the file is not a database"))).pipe(
      Layer.provideMerge(engine()),
      Layer.provideMerge(resource)
    )
    await expect(makeCountersign(broken)).rejects.toThrow("the file is not a database")
    expect(open).toBe(0)
  })

  it("lets go of everything on close, and waits for what is being answered", async () => {
    let released = false
    let answer = (_: boolean) => {}
    const gate = new Promise<boolean>((done) => {
      answer = done
    })
    let asked = () => {}
    const arrived = new Promise<void>((done) => {
      asked = done
    })
    const context = await runtime.context()
    const senders = Context.get(context, Senders)
    const slow = Layer.effect(
      Senders,
      Effect.as(
        Effect.addFinalizer(() => Effect.sync(() => (released = true))),
        {
          ...senders,
          add: (input: Parameters<(typeof senders)["add"]>[0]) =>
            Effect.andThen(
              Effect.promise(() => {
                asked()
                return gate
              }),
              senders.add(input)
            )
        }
      )
    )
    const own = await makeCountersign(Layer.provideMerge(slow, Layer.succeedContext(context)))
    await serving(own.node, async (url) => {
      const answered = add(url, "slow@acme.com")
      await arrived
      const closing = own.close()
      answer(true)
      expect((await answered).status).toBe(200)
      await closing
      expect(released).toBe(true)
    })
  })
})
