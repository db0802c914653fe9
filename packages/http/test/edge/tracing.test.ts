/**
 * What a tracer is told of a request: its route. Links and keys are in URLs, so no span shows one.
 */
import { createServer } from "node:http"
import { inspect } from "node:util"
import { HttpApp, toFetchHandler, toNodeListener } from "@countersign/http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Exit, Layer, type Scope, Tracer } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { describe, expect, it } from "vitest"
import { listenOn } from "../Listening.ts"
import { engine } from "../Service.ts"

interface Seen {
  readonly name: string
  readonly kind: string
  readonly parent: string | undefined
  readonly attributes: ReadonlyMap<string, unknown>
  readonly failed: boolean
  readonly text: string
}

/** Collects every span as it ends. */
const makeCollector = () => {
  const spans: Array<Seen> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      const end = span.end.bind(span)
      span.end = (time, exit) => {
        end(time, exit)
        const { name, kind, attributes, parent, events, links } = span
        spans.push({
          name,
          kind,
          attributes,
          parent: parent._tag === "Some" ? parent.value.spanId : undefined,
          failed: Exit.isFailure(exit),
          text: inspect([name, attributes, events, links, exit], { depth: 12 })
        })
      }
      return span
    }
  })
  return { spans, layer: Layer.succeed(Tracer.Tracer, tracer) }
}

const link = "a-live-token-of-a-link"
const key = "an-access-key"
const requests = [
  ["GET", `/verify/${link}`],
  ["GET", `/v1/email-address?access_token=${key}`],
  ["GET", `/sender/${key}`],
  ["GET", `/nothing/${link}?access_token=${key}`],
  ["GET", `/%zz/${link}`],
  ["GET", "/ready"]
] as const

/** Sends the requests to a service over a tracer; `ready` fails in it. */
const trace = async (
  start: Effect.Effect<
    (path: string, method: string) => Promise<unknown>,
    never,
    Scope.Scope | Layer.Success<ReturnType<typeof engine>>
  >
) => {
  const { spans, layer } = makeCollector()
  const program = Effect.scoped(
    Effect.gen(function* () {
      const send = yield* start
      for (const [method, path] of requests) yield* Effect.promise(() => send(path, method))
    })
  )
  await Effect.runPromise(Effect.provide(program, Layer.provideMerge(engine(), layer)))
  return spans
}

const services = {
  "the fetch handler": Effect.map(
    toFetchHandler(),
    (fetch) => (path: string, method: string) =>
      fetch(new Request(`http://verify.acme.test${path}`, { method, headers: { authorization: key } }))
  ),
  "the Node listener": Effect.gen(function* () {
    const url = yield* listenOn(createServer(yield* toNodeListener()))
    return (path: string, method: string) => fetch(`${url}${path}`, { method, headers: { authorization: key } })
  }),
  "an Effect server": Effect.gen(function* () {
    const own = HttpRouter.add("GET", "/own", Effect.succeed(HttpServerResponse.text("own")))
    const served = HttpRouter.serve(Layer.merge(own, HttpApp.layer()), { disableLogger: true, disableListenLog: true })
    const context = yield* Layer.build(
      Layer.provide(served, HttpApp.routeTracing).pipe(
        Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" })),
        Layer.orDie
      )
    )
    const { address } = yield* Effect.provide(HttpServer.HttpServer, context)
    const url = HttpServer.formatAddress(address)
    return (path: string, method: string) => fetch(`${url}${path}`, { method, headers: { authorization: key } })
  })
}

describe.each(Object.entries(services))("%s", (_, start) => {
  it("shows routes, and no URL of a request", async () => {
    const spans = await trace(start)
    const ofRequests = spans.filter(({ kind }) => kind === "server")
    expect(ofRequests.map(({ name }) => name)).toEqual([
      "GET /verify/:token",
      "GET /v1/email-address",
      "GET /sender/:email",
      "GET",
      "GET",
      "GET /ready"
    ])
    expect(ofRequests.map(({ attributes }) => attributes.get("http.response.status_code"))).toEqual([
      404, 401, 405, 404, 404, 200
    ])
    expect(ofRequests[0]?.attributes.get("http.route")).toBe("/verify/:token")
    for (const { text } of spans) {
      expect(text).not.toContain(link)
      expect(text).not.toContain(key)
    }
    // The use cases are spans inside of them.
    expect(spans.find(({ name }) => name === "Senders.readLink")?.parent).toBeDefined()
  })
})
