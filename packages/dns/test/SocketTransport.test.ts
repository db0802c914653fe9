/** Packets over real sockets: what is taken, what is dropped, and what is left behind. */
import { createSocket, type Socket as UdpSocket } from "node:dgram"
import { once } from "node:events"
import { createServer, type Socket } from "node:net"
import { DnsTransport, SocketTransport } from "@countersign/dns"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"

const host = "127.0.0.1"
const hello = Buffer.from("hello")
const accepted = Buffer.from("right")
const isRight = (candidate: Uint8Array) => accepted.equals(candidate)

const exchange = (server: string, via: "udp" | "tcp", route?: (address: string) => string) =>
  DnsTransport.use((transport) => transport.exchange(server, hello, via, isRight)).pipe(
    Effect.map((bytes) => Buffer.from(bytes).toString()),
    Effect.provide(SocketTransport.layer(route === undefined ? {} : { route }))
  )

const udpServer = (answer: (socket: UdpSocket, port: number) => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const socket = createSocket("udp4")
      socket.on("message", (_, { port }) => answer(socket, port))
      socket.bind(0, host)
      await once(socket, "listening")
      return socket
    }),
    (socket) => Effect.sync(() => void socket.close())
  ).pipe(Effect.map((socket) => `${host}:${socket.address().port}`))

const tcpServer = (answer: (socket: Socket) => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer((socket) => {
        socket.on("error", () => undefined)
        socket.once("data", () => answer(socket))
      })
      server.listen(0, host)
      await once(server, "listening")
      return server
    }),
    (server) => Effect.sync(() => void server.close())
  ).pipe(
    Effect.map((server) => {
      const address = server.address()
      return `${host}:${typeof address === "object" ? address?.port : address}`
    })
  )

const framed = (bytes: Buffer) => Buffer.concat([Buffer.from([0, bytes.length]), bytes])

describe("over UDP", () => {
  it.live("what is not accepted is dropped, and waiting goes on", () =>
    Effect.gen(function* () {
      const server = yield* udpServer((socket, port) => {
        for (const text of ["", "wrong", "right"]) socket.send(text, port, host)
      })
      expect(yield* exchange(server, "udp")).toBe("right")
    })
  )

  it.live("what comes from another port is dropped, however right", () =>
    Effect.gen(function* () {
      const other = createSocket("udp4")
      yield* Effect.addFinalizer(() => Effect.sync(() => void other.close()))
      let forged = 0
      const server = yield* udpServer((_, port) => {
        other.send(accepted, port, host, () => {
          forged += 1
        })
      })
      const asking = yield* Effect.forkChild(exchange(server, "udp"), { startImmediately: true })
      while (forged === 0) yield* Effect.promise(() => new Promise((resume) => setImmediate(resume)))
      // A round trip of our own shows that the forged packet has arrived.
      const honest = yield* udpServer((socket, port) => socket.send(accepted, port, host))
      yield* exchange(honest, "udp")
      expect(asking.pollUnsafe()).toBeUndefined()
      yield* Fiber.interrupt(asking)
    })
  )

  it.live("every exchange has a port of its own", () =>
    Effect.gen(function* () {
      const ports = new Set<number>()
      const server = yield* udpServer((socket, port) => {
        ports.add(port)
        socket.send(accepted, port, host)
      })
      yield* Effect.forEach(Array(20).fill(server), (one: string) => exchange(one, "udp"), { concurrency: 5 })
      expect(ports.size).toBeGreaterThan(15)
    })
  )

  it.live("a closed port is told at once", () =>
    Effect.gen(function* () {
      const closed = createSocket("udp4")
      closed.bind(0, host)
      yield* Effect.promise(() => once(closed, "listening"))
      const { port } = closed.address()
      yield* Effect.promise(() => new Promise<void>((resume) => closed.close(() => resume())))
      const failure = yield* Effect.flip(exchange(`${host}:${port}`, "udp"))
      expect(failure).toMatchObject({ reason: "nobody answers there", unreachable: false })
    })
  )
})

describe("over TCP", () => {
  it.live("a packet may come in pieces, after others", () =>
    Effect.gen(function* () {
      const bytes = Buffer.concat([framed(Buffer.from("wrong")), framed(Buffer.alloc(0)), framed(accepted)])
      const server = yield* tcpServer((socket) => {
        socket.setNoDelay(true)
        const next = (at: number): void => {
          if (at < bytes.length) socket.write(bytes.subarray(at, at + 1), () => next(at + 1))
        }
        next(0)
      })
      expect(yield* exchange(server, "tcp")).toBe("right")
    })
  )

  const endings: ReadonlyArray<readonly [string, (socket: Socket) => void, string]> = [
    ["reset", (socket) => void socket.resetAndDestroy(), "the connection was reset"],
    ["closed", (socket) => void socket.end(framed(Buffer.from("wrong"))), "the connection was closed"],
    [
      "closed within a packet",
      (socket) => void socket.end(framed(accepted).subarray(0, 4)),
      "the connection was closed"
    ]
  ]
  it.live.each(endings)("a connection that is %s is told", ([, answer, reason]) =>
    Effect.gen(function* () {
      const server = yield* tcpServer(answer)
      expect(yield* Effect.flip(exchange(server, "tcp"))).toMatchObject({ reason })
    })
  )
})

it.live("a server of the internet may be somewhere else, for tests", () =>
  Effect.gen(function* () {
    const server = yield* udpServer((socket, port) => socket.send(accepted, port, host))
    expect(yield* exchange("198.51.100.1:53", "udp", () => server)).toBe("right")
    expect(yield* exchange("[2001:4860::1]:53", "udp", (address) => (address === "2001:4860::1" ? server : ""))).toBe(
      "right"
    )
  })
)

it.live("whoever is interrupted leaves no socket open", () =>
  Effect.gen(function* () {
    const sockets = () => process.getActiveResourcesInfo().filter((one) => /UDP|TCPSocket/.test(one)).length
    const silent = yield* udpServer(() => undefined)
    const mute = yield* tcpServer(() => undefined)
    const before = sockets()
    const asking = yield* Effect.forkChild(
      Effect.all([exchange(silent, "udp"), exchange(mute, "tcp")], { concurrency: "unbounded" }),
      { startImmediately: true }
    )
    yield* Effect.promise(() => new Promise((resume) => setImmediate(resume)))
    expect(sockets()).toBeGreaterThan(before)
    yield* Fiber.interrupt(asking)
    yield* Effect.promise(() => new Promise((resume) => setImmediate(resume)))
    expect(sockets()).toBeLessThanOrEqual(before + 1)
  })
)
