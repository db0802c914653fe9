/**
 * The transport on real sockets. Each exchange has a socket of its own, and so a source port that the system chooses at
 * random. It is connected to the server: the system drops what comes from elsewhere, and tells when nobody is there.
 */
import { createSocket } from "node:dgram"
import { connect, isIPv6 } from "node:net"
import { Effect, Layer } from "effect"
import { DnsTransport, TransportFailed } from "./DnsTransport.ts"

/** How servers are reached. */
export interface SocketTransportOptions {
  /**
   * Where the server of an address really is, as `host:port`; `undefined` for where it says it is. For tests, whose
   * name servers have addresses of the internet and sockets on loopback.
   */
  readonly route?: (address: string) => string | undefined
}

type Accept = (candidate: Uint8Array) => boolean

interface Place {
  readonly host: string
  readonly port: number
}

/** `DnsTransport` on sockets of the system. */
export const SocketTransport = {
  layer: ({ route = () => undefined }: SocketTransportOptions = {}): Layer.Layer<DnsTransport> =>
    Layer.succeed(
      DnsTransport,
      DnsTransport.of({
        exchange: (server, packet, via, accept) => {
          const there = placeOf(server)
          const routed = route(there.host)
          const place = routed === undefined ? there : placeOf(routed)
          return via === "udp" ? overUdp(place, packet, accept) : overTcp(place, packet, accept)
        }
      })
    )
}

const placeOf = (server: string): Place => {
  const colon = server.lastIndexOf(":")
  return { host: server.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(server.slice(colon + 1)) }
}

const overUdp = (place: Place, packet: Uint8Array, accept: Accept): Effect.Effect<Uint8Array, TransportFailed> =>
  Effect.acquireUseRelease(
    Effect.sync(() => createSocket(isIPv6(place.host) ? "udp6" : "udp4")),
    (socket) =>
      Effect.callback<Uint8Array, TransportFailed>((resume) => {
        const fail = (cause: Error) => resume(Effect.fail(failed(cause)))
        socket.on("error", fail)
        socket.on("message", (candidate, from) => {
          // Before it is connected the socket takes packets from anywhere.
          if (from.port === place.port && accept(candidate)) resume(Effect.succeed(candidate))
        })
        socket.connect(place.port, place.host, (cause?: Error | null) => {
          if (cause) return fail(cause)
          socket.send(packet, (unsent) => {
            if (unsent !== null) fail(unsent)
          })
        })
      }),
    (socket) =>
      Effect.callback<void>((resume) => {
        socket.close(() => resume(Effect.void))
      })
  )

const overTcp = (place: Place, packet: Uint8Array, accept: Accept): Effect.Effect<Uint8Array, TransportFailed> =>
  Effect.acquireUseRelease(
    Effect.sync(() => connect(place)),
    (socket) =>
      Effect.callback<Uint8Array, TransportFailed>((resume) => {
        socket.on("error", (cause) => resume(Effect.fail(failed(cause))))
        socket.on("end", () => resume(Effect.fail(closed)))
        let pending: Uint8Array = new Uint8Array()
        socket.on("data", (chunk: Buffer) => {
          pending = Buffer.concat([pending, chunk])
          // Each packet follows its length in two octets (RFC 1035, section 4.2.2).
          for (let end = frameEnd(pending); end <= pending.length; end = frameEnd(pending)) {
            const candidate = pending.subarray(2, end)
            if (accept(candidate)) resume(Effect.succeed(candidate))
            pending = pending.subarray(end)
          }
        })
        socket.write(Buffer.concat([Uint8Array.of(packet.length >> 8, packet.length & 0xff), packet]))
      }),
    (socket) => Effect.sync(() => void socket.on("error", () => undefined).destroy())
  )

const frameEnd = ([high, low]: Uint8Array): number =>
  high === undefined || low === undefined ? Number.POSITIVE_INFINITY : 2 + high * 256 + low

const closed = new TransportFailed({ reason: "the connection was closed", unreachable: false })

/** What the codes of the system mean. */
const words: { readonly [code: string]: string } = {
  ECONNREFUSED: "nobody answers there",
  ECONNRESET: "the connection was reset"
}
const unreachable = new Set(["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "ENETDOWN"])

const failed = (cause: Error): TransportFailed => {
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : cause.message
  return unreachable.has(code)
    ? new TransportFailed({ reason: "there is no way to its network", unreachable: true })
    : new TransportFailed({ reason: words[code] ?? code, unreachable: false })
}
