/**
 * The sockets of the DNS server: UDP and TCP on one port of loopback. It promises that a packet the server cannot send
 * or a client that breaks off does no harm, and that closing the scope closes both sockets and all connections.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram"
import { createServer, type Server, type Socket } from "node:net"
import { Cause, Data, Effect, Exit, FiberSet, type Scope } from "effect"
import type { DnsTransport, Reaction } from "./DnsFault.ts"

/** The server cannot listen, usually because the port is taken. */
export class DnsServerError extends Data.TaggedError("DnsServerError")<{
  readonly message: string
  readonly cause: unknown
}> {}

export interface DnsSocketsOptions {
  readonly host: string
  /** 0 takes a port that is free for both transports. */
  readonly port: number
  /** Whether TCP is served at all; without it a connection is refused by the system. */
  readonly tcp: boolean
}

const portAttempts = 20
/** A client that says nothing for so long is cut off, so that no connection stays forever. Milliseconds. */
const idleTimeout = 30_000

interface Pair {
  readonly udp: UdpSocket
  readonly tcp: Server | undefined
  readonly port: number
}

const failed = (what: string, host: string, port: number, cause: Error) =>
  Effect.fail(
    new DnsServerError({
      message: `The DNS server cannot listen on ${host}:${port} (${what}): ${cause.message}`,
      cause
    })
  )

const bindUdp = (host: string, port: number): Effect.Effect<UdpSocket, DnsServerError> =>
  Effect.callback((resume) => {
    const socket = createSocket("udp4")
    const onError = (cause: Error) => resume(failed("UDP", host, port, cause))
    socket.once("error", onError)
    socket.bind(port, host, () => {
      socket.off("error", onError)
      resume(Effect.succeed(socket))
    })
  })

const listenTcp = (host: string, port: number): Effect.Effect<Server, DnsServerError> =>
  Effect.callback((resume) => {
    const server = createServer()
    const onError = (cause: Error) => resume(failed("TCP", host, port, cause))
    server.once("error", onError)
    server.listen(port, host, () => {
      server.off("error", onError)
      resume(Effect.succeed(server))
    })
  })

const closeUdp = (socket: UdpSocket) =>
  Effect.callback<void>((resume) => {
    socket.close(() => resume(Effect.void))
  })

const closeTcp = (server: Server) =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
  })

const bindOnce = Effect.fnUntraced(function* (options: DnsSocketsOptions): Effect.fn.Return<Pair, DnsServerError> {
  const udp = yield* bindUdp(options.host, options.port)
  const { port } = udp.address()
  if (!options.tcp) return { udp, tcp: undefined, port }
  const tcp = yield* Effect.onError(listenTcp(options.host, port), () => closeUdp(udp))
  return { udp, tcp, port }
})

/** A port that is free for UDP may be taken for TCP; another one is tried, unless the caller named it. */
const bind = (options: DnsSocketsOptions): Effect.Effect<Pair, DnsServerError> =>
  options.port === 0 ? Effect.retry(bindOnce(options), { times: portAttempts }) : bindOnce(options)

/** Cuts a TCP stream into packets, each behind its length in two octets (RFC 1035 section 4.2.2). */
const frames = (onPacket: (packet: Buffer) => void) => {
  let pending = Buffer.alloc(0)
  return (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0)
      onPacket(pending.subarray(2, end))
      pending = pending.subarray(end)
    }
  }
}

const framed = (packet: Buffer): Buffer => {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(packet.length)
  return Buffer.concat([length, packet])
}

/** Serves until the scope closes; `respond` is asked for every packet. Answers the port. */
export const serve = Effect.fnUntraced(function* (
  options: DnsSocketsOptions,
  respond: (packet: Buffer, transport: DnsTransport) => Effect.Effect<Reaction>
): Effect.fn.Return<number, DnsServerError, Scope.Scope> {
  const run = yield* FiberSet.makeRuntime<never>()
  const connections = new Set<Socket>()
  let closing = false

  const react = (packet: Buffer, transport: DnsTransport, send: (bytes: Buffer) => void, reset: () => void) => {
    run(
      Effect.onExit(respond(packet, transport), (exit) => {
        if (Exit.isFailure(exit)) {
          return Cause.hasInterruptsOnly(exit.cause)
            ? Effect.void
            : Effect.logError("The DNS server could not answer a packet.", exit.cause)
        }
        return Effect.sync(() => {
          if (closing || exit.value === "silence") return
          if (exit.value === "reset") reset()
          else send(exit.value.send)
        })
      })
    )
  }
  const broke = (error: Error) => {
    run(Effect.logDebug("A socket of the DNS server broke.", error))
  }

  const { port, tcp, udp } = yield* Effect.acquireRelease(
    bind(options),
    Effect.fnUntraced(function* (pair) {
      closing = true
      for (const socket of connections) socket.destroy()
      yield* closeUdp(pair.udp)
      if (pair.tcp !== undefined) yield* closeTcp(pair.tcp)
    })
  )
  udp.on("error", broke)
  udp.on("message", (packet, client) => {
    const send = (bytes: Buffer) => udp.send(bytes, client.port, client.address)
    // UDP has no connection to reset.
    react(packet, "udp", send, () => undefined)
  })
  tcp?.on("error", broke)
  tcp?.on("connection", (socket) => {
    connections.add(socket)
    socket.once("close", () => connections.delete(socket))
    socket.on("error", broke)
    socket.setTimeout(idleTimeout, () => socket.destroy())
    const send = (bytes: Buffer) => socket.write(framed(bytes))
    socket.on(
      "data",
      frames((packet) => react(packet, "tcp", send, () => socket.resetAndDestroy()))
    )
  })
  return port
})
