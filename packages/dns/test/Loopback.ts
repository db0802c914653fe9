/**
 * An internet of tests behind real sockets: each of its servers has a port of loopback, for UDP and TCP, and `route`
 * leads from the server's address to it.
 */
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { Effect } from "effect"
import type { Internet, Reaction } from "./Internet.ts"

const host = "127.0.0.1"

interface Listening {
  readonly place: string
  readonly close: () => void
}

const listen = async (net: Internet, address: string): Promise<Listening> => {
  const connections = new Set<Socket>()
  const tcp = createServer((socket) => {
    connections.add(socket)
    socket.on("error", () => undefined)
    socket.on("data", (chunk) => {
      const reaction = net.receive(address, chunk.subarray(2), "tcp")
      if (reaction === "refused") socket.resetAndDestroy()
      for (const packet of packets(reaction)) socket.write(Buffer.concat([length(packet), packet]))
    })
  })
  tcp.listen(0, host)
  await once(tcp, "listening")
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket("udp4")
  udp.on("message", (packet, from) => {
    for (const answer of packets(net.receive(address, packet, "udp"))) udp.send(answer, from.port, from.address)
  })
  udp.bind(port, host)
  await once(udp, "listening")
  const close = () => {
    for (const socket of connections) socket.destroy()
    tcp.close()
    udp.close()
  }
  return { place: `${host}:${port}`, close }
}

const packets = (reaction: Reaction): ReadonlyArray<Buffer> => (typeof reaction === "string" ? [] : reaction)

const length = (packet: Buffer): Buffer => Buffer.from([packet.length >> 8, packet.length & 0xff])

/** Serves until the scope closes. */
export const onLoopback = (net: Internet) =>
  Effect.gen(function* () {
    const places = new Map<string, string>()
    for (const address of net.servers.keys()) {
      const { place } = yield* Effect.acquireRelease(
        Effect.promise(() => listen(net, address)),
        ({ close }) => Effect.sync(close)
      )
      places.set(address, place)
    }
    return { route: (address: string) => places.get(address) }
  })
