import { createServer } from "node:http"
import { AccountAdmin } from "@countersign/engine"
import { type FetchHandler, HttpApp, type NodeListener, toFetchHandler, toNodeListener } from "@countersign/http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Context, Effect, Exit, Layer, Logger, ManagedRuntime, Redacted, Scope } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import express from "express"
import Fastify from "fastify"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { serving } from "../Listening.ts"
import { emailAddressIn, engine, errorIn } from "../Service.ts"

const publicUrl = "https://acme.example/mail"

let runtime: ManagedRuntime.ManagedRuntime<
  Layer.Success<ReturnType<typeof engine>>,
  Layer.Error<ReturnType<typeof engine>>
>
let scope: Scope.Closeable
let node: NodeListener
let fetchHandler: FetchHandler
let account: string
let token: string

beforeEach(async () => {
  runtime = ManagedRuntime.make(engine(publicUrl))
  const context = await runtime.context()
  scope = Scope.makeUnsafe()
  const quiet = Effect.provide(Effect.all([toNodeListener(), toFetchHandler()]), Logger.layer([]))
  ;[node, fetchHandler] = await runtime.runPromise(Effect.provideService(quiet, Scope.Scope, scope))
  const admin = Context.get(context, AccountAdmin)
  account = (await runtime.runPromise(admin.createAccount({ email: "owner@acme.com", name: "Acme" }))).id
  token = Redacted.value((await runtime.runPromise(admin.createKey(account))).secret)
})
afterEach(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await runtime.dispose()
})

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
    app.use("/mail", node)
    await serving(createServer(app), async (url) => {
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
    app.use(node)
    await serving(createServer(app), async (url) => {
      const answer = await add(url, "a@acme.com")
      expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining("INTERNAL_SERVER_ERROR")])
    })
  })
})

describe("elsewhere", () => {
  it("is a listener of a plain Node server", async () => {
    await serving(createServer(node), async (url) => {
      expect((await add(url, "a@acme.com")).status).toBe(200)
    })
  })

  it("is behind Fastify, for what its routes do not answer", async () => {
    const app = Fastify({
      serverFactory: (handler) =>
        createServer((request, response) =>
          request.url === "/own" ? handler(request, response) : node(request, response)
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
    const send: typeof fetch = (input, init) => fetchHandler(new Request(input, init))
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
