/**
 * The Node listener on its own: what goes between Node and an application, whatever the application is.
 */
import { createServer } from "node:http"
import { connect } from "node:net"
import { Readable } from "node:stream"
import { ByteSize, Deferred, Effect, Exit, Scope, Stream } from "effect"
import { HttpServerRequest, HttpServerResponse, UrlParams } from "effect/http"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { HttpAppEffect } from "../../src/HttpApp.ts"
import { makeNodeListener } from "../../src/node/NodeListener.ts"
import { listenOn } from "../Listening.ts"

let scope: Scope.Closeable
beforeEach(() => {
  scope = Scope.makeUnsafe()
})
afterEach(() => Effect.runPromise(Scope.close(scope, Exit.void)))

/** Serves an application; what it fails with is a defect. */
const serve = <E>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, HttpServerRequest.HttpServerRequest>
) => {
  const answering: HttpAppEffect = Effect.orDie(app)
  return Effect.runPromise(
    Effect.flatMap(makeNodeListener(answering), (listener) => listenOn(createServer(listener))).pipe(
      Scope.provide(scope)
    )
  )
}

const withRequest = <E>(
  answer: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<HttpServerResponse.HttpServerResponse, E>
) => Effect.flatMap(HttpServerRequest.HttpServerRequest, answer)

/** Sends bytes as they are, and answers what comes back until `isEnough` or the end. */
const sendRaw = (url: string, write: (send: (text: string) => void) => void, isEnough: (text: string) => boolean) =>
  new Promise<string>((done, failed) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => write((text) => socket.write(text, "latin1")))
    let text = ""
    socket.setEncoding("latin1").on("data", (chunk) => {
      text += String(chunk)
      if (!isEnough(text)) return
      socket.destroy()
      done(text)
    })
    socket.on("end", () => done(text)).on("error", failed)
  })

describe("a request", () => {
  it("shows its method, target, headers, cookies and address", async () => {
    const url = await serve(
      withRequest(({ method, url, headers, cookies, originalUrl, remoteAddress }) =>
        Effect.succeed(
          HttpServerResponse.jsonUnsafe({ method, url, accept: headers.accept, cookies, originalUrl, remoteAddress })
        )
      )
    )
    const answer = await fetch(`${url}/a%20b?c=d`, { method: "PUT", headers: { accept: "x/y", cookie: "e=f; g=h" } })
    expect(await answer.json()).toEqual({
      method: "PUT",
      url: "/a%20b?c=d",
      accept: "x/y",
      cookies: { e: "f", g: "h" },
      originalUrl: `${url}/a%20b?c=d`,
      remoteAddress: { _id: "Option", _tag: "Some", value: "127.0.0.1" }
    })
  })

  it("has a path, also when the target is a whole URL", async () => {
    const url = await serve(withRequest((request) => Effect.succeed(HttpServerResponse.text(request.url))))
    const request = "GET http://elsewhere.test/a?b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    expect(
      await sendRaw(
        url,
        (send) => send(request),
        () => false
      )
    ).toMatch(/\r\n\r\n\/a\?b$/)
  })

  it.each([
    ["text", ({ text }: HttpServerRequest.HttpServerRequest) => text],
    ["json", ({ json }: HttpServerRequest.HttpServerRequest) => Effect.map(json, String)],
    [
      "urlParamsBody",
      ({ urlParamsBody }: HttpServerRequest.HttpServerRequest) =>
        Effect.map(urlParamsBody, (params) => String(UrlParams.getAll(params, "12345").length))
    ],
    ["stream", ({ stream }: HttpServerRequest.HttpServerRequest) => Stream.mkString(Stream.decodeText(stream))]
  ] as const)("gives its body as %s, in however many pieces it comes", async (name, read) => {
    const url = await serve(
      withRequest((request) => Effect.map(read(request), (text) => HttpServerResponse.text(text)))
    )
    const body = Readable.toWeb(Readable.from(["12", "3", "45"].map((text) => Buffer.from(text))))
    const answer = await fetch(url, { method: "POST", body, duplex: "half" } as RequestInit) // The types of `fetch` lack `duplex`.
    expect(await answer.text()).toBe(name === "urlParamsBody" ? "1" : "12345")
  })

  it("with too large a body is refused as soon as that is seen, and its sender gets the answer", async () => {
    const url = await serve(
      withRequest(({ arrayBuffer }) =>
        arrayBuffer.pipe(
          Effect.provideService(HttpServerRequest.MaxBodySize, ByteSize.bytes(1_000)),
          Effect.as(HttpServerResponse.text("all of it")),
          Effect.catch(({ reason }) =>
            Effect.succeed(HttpServerResponse.text("reason" in reason ? String(reason.reason) : "", { status: 413 }))
          )
        )
      )
    )
    const chunk = `400\r\n${"x".repeat(0x400)}\r\n`
    const head = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    // The answer comes although the body has no end.
    const early = await sendRaw(
      url,
      (send) => send(head + chunk),
      (text) => text.includes("BodyTooLarge")
    )
    expect(early).toMatch(/^HTTP\/1\.1 413 /)
    // When it ends, the connection is good for another request.
    const next = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx"
    const both = await sendRaw(
      url,
      (send) => send(`${head + chunk.repeat(20)}0\r\n\r\n${next}`),
      () => false
    )
    expect(both.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 413", "HTTP/1.1 200"])
    // One that never ends is cut off at last.
    const endless = await sendRaw(
      url,
      (send) => send(head + chunk.repeat(2_000)),
      () => false
    ).catch((error: NodeJS.ErrnoException) => error.code)
    expect(endless).toMatch(/^HTTP\/1\.1 413 |^ECONNRESET$|^EPIPE$/)
  })

  it("whose sender goes away is interrupted", async () => {
    const began = Deferred.makeUnsafe<void>()
    const interrupted = Deferred.makeUnsafe<void>()
    const url = await serve(
      Effect.andThen(Deferred.succeed(began, undefined), Effect.never).pipe(
        Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined)),
        Effect.interruptible
      )
    )
    const gone = new AbortController()
    const answer = fetch(url, { signal: gone.signal })
    await Effect.runPromise(Deferred.await(began))
    gone.abort()
    await expect(answer).rejects.toThrow()
    await Effect.runPromise(Deferred.await(interrupted))
  })

  it("whose body breaks off fails, and harms no other", async () => {
    const read = Deferred.makeUnsafe<string>()
    const url = await serve(
      withRequest(({ text }) =>
        text.pipe(
          Effect.interruptible,
          Effect.onExit((exit) => Deferred.succeed(read, exit._tag)),
          Effect.map((all) => HttpServerResponse.text(all))
        )
      )
    )
    const { port } = new URL(url)
    const socket = connect(Number(port), "127.0.0.1", () => {
      socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf", () => socket.destroy())
    })
    expect(await Effect.runPromise(Deferred.await(read))).toBe("Failure")
    expect(await (await fetch(url, { method: "POST", body: "whole" })).text()).toBe("whole")
  })
})

describe("an answer", () => {
  it("has every cookie in a header of its own", async () => {
    const url = await serve(
      HttpServerResponse.text("x", { headers: { "set-cookie": "a=1" } }).pipe(
        HttpServerResponse.setCookiesUnsafe([
          ["b", "2", undefined],
          ["c", "3", { path: "/" }]
        ]),
        Effect.succeed
      )
    )
    expect((await fetch(url)).headers.getSetCookie().sort()).toEqual(["a=1", "b=2", "c=3; Path=/"])
  })

  it("to HEAD has the headers of GET, and no body", async () => {
    const url = await serve(Effect.succeed(HttpServerResponse.text("four")))
    const answer = await fetch(url, { method: "HEAD" })
    expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([200, "4", ""])
  })

  it("without content is one", async () => {
    const url = await serve(Effect.succeed(HttpServerResponse.empty({ status: 204 })))
    const answer = await fetch(url)
    expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([204, null, ""])
  })

  it("may be a stream, or a web response, with its cookies", async () => {
    const url = await serve(
      withRequest(({ url: path }) =>
        Effect.succeed(
          path === "/web"
            ? HttpServerResponse.fromWeb(
                new Response("web", {
                  headers: [
                    ["set-cookie", "a=1"],
                    ["set-cookie", "b=2"]
                  ]
                })
              )
            : HttpServerResponse.stream(Stream.encodeText(Stream.make("one ", "two")), { headers: { "x-y": "z" } })
        )
      )
    )
    const streamed = await fetch(url)
    expect([await streamed.text(), streamed.headers.get("x-y")]).toEqual(["one two", "z"])
    const web = await fetch(`${url}/web`)
    expect([await web.text(), web.headers.getSetCookie()]).toEqual(["web", ["a=1", "b=2"]])
  })

  it("that Node does not send ends the connection, and not the server", async () => {
    const url = await serve(
      withRequest(({ url: path }) =>
        Effect.succeed(HttpServerResponse.text("x", path === "/bad" ? { headers: { "x-y": "a\nb" } } : {}))
      )
    )
    await expect(fetch(`${url}/bad`)).rejects.toThrow()
    expect((await fetch(url)).status).toBe(200)
  })
})
