/**
 * A request of Node's `http` (or `http2`) as Effect's `HttpServerRequest`.
 *
 * What every endpoint asks for is read from Node directly: a web `Request` for each would double the time that a small
 * request takes. What none of ours asks for (streams, multipart forms) comes from a web `Request` that is made when it
 * is wanted.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { Readable } from "node:stream"
import { Effect, Inspectable, Option, type Schema } from "effect"
import { Cookies, Headers, HttpIncomingMessage, HttpServerError, HttpServerRequest } from "effect/http"

type Failing<A> = Effect.Effect<A, HttpServerError.HttpServerError>

export class NodeRequest extends Inspectable.Class implements HttpServerRequest.HttpServerRequest {
  readonly [HttpServerRequest.TypeId]: typeof HttpServerRequest.TypeId = HttpServerRequest.TypeId
  readonly [HttpIncomingMessage.TypeId]: typeof HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly source: IncomingMessage
  /** Where it is answered. */
  readonly response: ServerResponse
  readonly method: string
  readonly url: string
  readonly protocol = undefined
  private readHeaders: Headers.Headers | undefined
  private readBytes: Failing<ArrayBuffer> | undefined
  private webRequest: HttpServerRequest.HttpServerRequest | undefined

  constructor(source: IncomingMessage, response: ServerResponse) {
    super()
    this.source = source
    this.response = response
    this.method = (source.method ?? "GET").toUpperCase()
    this.url = pathOf(source.url ?? "/")
  }

  get headers(): Headers.Headers {
    // The names of HTTP/2 that begin with a colon are no headers.
    this.readHeaders ??= Headers.fromInput(
      this.source.httpVersionMajor === 1
        ? this.source.headers
        : Object.fromEntries(Object.entries(this.source.headers).filter(([name]) => !name.startsWith(":")))
    )
    return this.readHeaders
  }

  get cookies() {
    return Cookies.parseHeader(this.headers.cookie ?? "")
  }

  get originalUrl(): string {
    const { headers, socket } = this.source
    const host = headers[":authority"] ?? headers.host ?? "localhost"
    return `http${"encrypted" in socket ? "s" : ""}://${host}${this.url}`
  }

  get remoteAddress(): Option.Option<string> {
    return Option.fromNullishOr(this.source.socket.remoteAddress)
  }

  get peerAddress(): Option.Option<string> {
    return this.remoteAddress
  }

  get arrayBuffer(): Failing<ArrayBuffer> {
    this.readBytes ??= Effect.runSync(
      Effect.cached(Effect.flatMap(HttpIncomingMessage.MaxBodySize, (limit) => this.readWithin(limit)))
    )
    return this.readBytes
  }

  get text(): Failing<string> {
    return Effect.map(this.arrayBuffer, (bytes) => new TextDecoder().decode(bytes))
  }

  get json(): Failing<Schema.Json> {
    return Effect.flatMap(this.text, (text) =>
      Effect.try({ try: (): Schema.Json => JSON.parse(text), catch: (cause) => this.unreadable({ cause }) })
    )
  }

  get urlParamsBody() {
    return this.web.urlParamsBody
  }

  get stream() {
    return this.web.stream
  }

  get multipart() {
    return this.web.multipart
  }

  get multipartStream() {
    return this.web.multipartStream
  }

  get upgrade() {
    return this.web.upgrade
  }

  get upgradeWith() {
    return this.web.upgradeWith
  }

  modify(options: Parameters<HttpServerRequest.HttpServerRequest["modify"]>[0]): HttpServerRequest.HttpServerRequest {
    return this.web.modify(options)
  }

  toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, { _id: "HttpServerRequest", method: this.method })
  }

  private get web(): HttpServerRequest.HttpServerRequest {
    const bodyless = this.method === "GET" || this.method === "HEAD"
    this.webRequest ??= HttpServerRequest.fromWeb(
      new Request(this.originalUrl, {
        method: this.method,
        headers: this.headers,
        ...(bodyless ? {} : { body: Readable.toWeb(this.source), duplex: "half" })
      })
    )
    return this.webRequest
  }

  private readWithin(limit: number | bigint | undefined): Failing<ArrayBuffer> {
    const { source } = this
    return Effect.callback<ArrayBuffer, HttpServerError.HttpServerError>((resume) => {
      const chunks: Array<Buffer> = []
      let size = 0
      const stop = () => {
        source.off("data", onData).off("end", onEnd).off("error", onError).off("close", onError)
      }
      const finish = (result: Failing<ArrayBuffer>) => {
        stop()
        resume(result)
      }
      const onData = (chunk: Buffer) => {
        size += chunk.length
        chunks.push(chunk)
        if (limit === undefined || size <= limit) return
        source.pause()
        finish(Effect.fail(this.unreadable({ reason: "BodyTooLarge" })))
      }
      const onEnd = () => {
        // A buffer of its own: the chunks may lie in Node's pool.
        const bytes = new Uint8Array(size)
        let offset = 0
        for (const chunk of chunks) {
          bytes.set(chunk, offset)
          offset += chunk.length
        }
        finish(Effect.succeed(bytes.buffer))
      }
      const onError = (cause?: Error) => finish(Effect.fail(this.unreadable({ cause })))
      // Whoever read it before leaves nothing to read.
      if (source.readableEnded) return onEnd()
      if (source.destroyed) return onError()
      source.on("data", onData).on("end", onEnd).on("error", onError).on("close", onError)
      return Effect.sync(stop)
    })
  }

  private unreadable(what: { readonly reason?: "Parse" | "BodyTooLarge"; readonly cause?: unknown }) {
    return new HttpServerError.HttpServerError({
      reason: new HttpServerError.RequestParseError({ request: this, ...what })
    })
  }
}

/** The target of a request to a proxy is a whole URL (RFC 9112, section 3.2.2). */
const pathOf = (target: string): string => {
  const url = /^https?:\/\//i.test(target) ? URL.parse(target) : null
  return url === null ? target : `${url.pathname}${url.search}`
}
