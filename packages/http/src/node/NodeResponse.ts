/**
 * Writes an `HttpServerResponse` of Effect as the answer of Node's `http` (or `http2`).
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { Cause, type Context, Effect } from "effect"
import { Cookies, HttpServerResponse } from "effect/http"
import type { NodeRequest } from "./NodeRequest.ts"

/** How much of a body that nobody wanted is read, so that its sender gets to see the answer. */
const mostDrained = 1_048_576

/** How long a client may take to read an answer on a connection that ends, in milliseconds. */
const patience = 2_000

/** Never fails: what cannot be written ends the connection. */
export const writeResponse = (
  { source: request, response }: NodeRequest,
  answer: HttpServerResponse.HttpServerResponse,
  context: Context.Context<never>
): Effect.Effect<void> => {
  // Nothing reaches a client that has gone.
  if (response.destroyed || response.writableEnded) return Effect.void
  const { body } = answer
  try {
    if (HttpServerResponse.omitsBody(answer, request.method === "HEAD") || body._tag === "Empty") {
      response.writeHead(answer.status, headersOf(answer))
      end(request, response)
      return Effect.void
    }
    if (body._tag === "Uint8Array") {
      response.writeHead(answer.status, headersOf(answer))
      end(request, response, body.text ?? body.body)
      return Effect.void
    }
    const web = HttpServerResponse.toWeb(answer, { context })
    const cookies = web.headers.getSetCookie()
    response.writeHead(web.status, {
      ...Object.fromEntries(web.headers),
      ...(cookies.length === 0 ? {} : { "set-cookie": cookies })
    })
    const stream = web.body === null ? Readable.from([]) : Readable.fromWeb(web.body)
    // It has begun: that it did not come to its end can be told by the connection only, which `pipeline` closes.
    return Effect.ignore(
      Effect.tryPromise((signal) => pipeline(stream, response, { signal })),
      { log: "Debug" }
    )
  } catch (defect) {
    // A header or a status that Node does not send.
    response.destroy()
    return Effect.logError("An answer cannot be sent", Cause.die(defect))
  }
}

const headersOf = ({ cookies, headers, status }: HttpServerResponse.HttpServerResponse): OutgoingHttpHeaders => {
  const written: OutgoingHttpHeaders = { ...headers }
  if (status === 204 || status === 205) delete written["content-length"]
  if (!Cookies.isEmpty(cookies)) {
    const { "set-cookie": cookie } = headers
    written["set-cookie"] = [...Cookies.toSetCookieHeaders(cookies), ...(cookie === undefined ? [] : [cookie])]
  }
  return written
}

/**
 * Ends the answer. While the body of the request is still arriving, the answer is sent and its end waits: Node would
 * reset the connection, or leave it standing, under a client that has not read the answer yet.
 */
const end = (request: IncomingMessage, response: ServerResponse, content?: string | Uint8Array): void => {
  if (request.complete || request.httpVersionMajor > 1 || !hasBody(request)) {
    response.end(content)
    return
  }
  if (content === undefined) response.flushHeaders()
  else response.write(content)
  const { socket } = request
  // On a connection that ends anyway, the client learns at once that nothing follows.
  if (!response.shouldKeepAlive) {
    socket.end()
    setTimeout(() => socket.destroy(), patience).unref()
  }
  let drained = 0
  const finish = () => {
    request.off("data", drain).off("close", finish).off("end", finish)
    response.end()
  }
  const drain = (chunk: Buffer) => {
    drained += chunk.length
    if (drained <= mostDrained) return
    finish()
    socket.destroy()
  }
  request.on("data", drain).on("end", finish).on("close", finish)
  request.resume()
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0
