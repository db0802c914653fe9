/**
 * The listening socket. It is bound before the rest is built, because the rest has to know its port; requests that come
 * in between wait, and are answered as soon as the application serves.
 *
 * At the end it takes no more connections and lets the requests in flight finish, for `graceful` at most.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer } from "effect"
import { HttpServer, type HttpServerError } from "effect/http"
import { OperatorError } from "./OperatorError.ts"
import type { ListenConfig } from "./ServeConfig.ts"

const graceful = "10 seconds"

export const Listener = {
  layer: (listen: ListenConfig): Layer.Layer<HttpServer.HttpServer, OperatorError> =>
    Layer.effect(HttpServer.HttpServer, make(listen))
}

/** The port that is listened on: the configured one, or the free one that was taken for 0. */
export const listeningPort = Effect.map(HttpServer.HttpServer, ({ address }) => ("port" in address ? address.port : 0))

const make = Effect.fnUntraced(function* ({ host, port }: ListenConfig) {
  // Slow headers or a slow body hold a connection for this long and no longer.
  const server = createServer({ headersTimeout: 20_000, requestTimeout: 60_000 })
  const waiting: Array<[IncomingMessage, ServerResponse]> = []
  const wait = (request: IncomingMessage, response: ServerResponse) => waiting.push([request, response])
  server.on("request", wait)

  const inner = yield* NodeHttpServer.make(() => server, { host, port, gracefulShutdownTimeout: graceful }).pipe(
    Effect.mapError((error) => cannotListen(error, host, port))
  )
  let sweep: NodeJS.Timeout | undefined
  // Runs after the graceful time: what is still open then would keep the process alive.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      clearInterval(sweep)
      server.closeAllConnections()
    })
  )

  return HttpServer.make({
    address: inner.address,
    serve: Effect.fnUntraced(function* (application, middleware) {
      yield* middleware === undefined ? inner.serve(application) : inner.serve(application, middleware)
      server.off("request", wait)
      for (const [request, response] of waiting.splice(0)) server.emit("request", request, response)
      // Closing the server closes the connections that are idle at that moment. One whose request finishes later would
      // stay for the whole keep-alive time, five seconds.
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          sweep = setInterval(() => server.closeIdleConnections(), 20)
        })
      )
    })
  })
})

const cannotListen = (error: HttpServerError.ServeError, host: string, port: number): OperatorError => {
  const { cause } = error
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  const message =
    code === "EADDRINUSE"
      ? `PORT ${port} on ${host} is in use: stop what listens there, or set PORT to another one.`
      : code === "EACCES"
        ? `This user may not listen on PORT ${port}: set PORT to one above 1023.`
        : code === "EADDRNOTAVAIL" || code === "ENOTFOUND"
          ? `HOST ${host} is not an address of this machine.`
          : `The server cannot listen on ${host}, PORT ${port}: ${cause instanceof Error ? cause.message : String(cause)}.`
  return new OperatorError({ message, cause })
}
