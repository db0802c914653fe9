/** A raw DNS client for the tests: it sends bytes over UDP or TCP and gives back the bytes that come. */
import { createSocket } from "node:dgram"
import { connect } from "node:net"
import { type DecodedPacket, decode, encode, type Packet, type RecordType } from "dns-packet"
import { Data, Effect } from "effect"

/** Nothing came back. */
export class NoAnswer extends Data.TaggedError("NoAnswer")<{ readonly message: string }> {}

/** The first datagram that comes back. */
export const udp = (port: number, bytes: Uint8Array, patience = 2000): Effect.Effect<Buffer, NoAnswer> =>
  Effect.callback<Buffer, NoAnswer>((resume) => {
    const socket = createSocket("udp4")
    socket.once("message", (answer) => resume(Effect.succeed(answer)))
    socket.once("error", (error) => resume(Effect.fail(new NoAnswer({ message: error.message }))))
    socket.send(bytes, port, "127.0.0.1")
    return Effect.sync(() => socket.close())
  }).pipe(Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.fail(new NoAnswer({ message: "timeout" })) }))

/** What comes back over TCP for bytes as they are, until `done` is content with it or the server hangs up. */
export const tcpBytes = (
  port: number,
  chunks: ReadonlyArray<Uint8Array>,
  done: (bytes: Buffer) => boolean,
  patience = 2000
): Effect.Effect<Buffer, NoAnswer> =>
  Effect.callback<Buffer, NoAnswer>((resume) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true })
    let got = Buffer.alloc(0)
    socket.on("data", (chunk: Buffer) => {
      got = Buffer.concat([got, chunk])
      if (done(got)) resume(Effect.succeed(got))
    })
    socket.once("error", (error) => resume(Effect.fail(new NoAnswer({ message: error.message }))))
    socket.once("end", () => resume(Effect.fail(new NoAnswer({ message: "closed" }))))
    for (const chunk of chunks) socket.write(chunk)
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.fail(new NoAnswer({ message: "timeout" })) }))

/** A packet behind its length. */
export const frame = (bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** The first whole frame over TCP, without its length. */
export const tcp = (port: number, bytes: Uint8Array, patience = 2000) =>
  Effect.map(
    tcpBytes(port, [frame(bytes)], (got) => got.length >= 2 && got.length >= 2 + got.readUInt16BE(0), patience),
    (got) => got.subarray(2, 2 + got.readUInt16BE(0))
  )

/** A query with one question and recursion desired. */
export const query = (name: string, type: RecordType, more: Packet = {}): Buffer =>
  encode({ type: "query", id: 4711, flags: 0x100, questions: [{ name, type }], ...more })

export interface Reply extends DecodedPacket {
  readonly code: number
}

export const read = (bytes: Buffer): Reply => {
  const packet = decode(bytes)
  return { ...packet, code: (packet.flags ?? 0) & 0xf }
}

/** Asks over UDP and reads the answer. */
export const ask = (port: number, name: string, type: RecordType, more?: Packet) =>
  Effect.map(udp(port, query(name, type, more)), read)

/** Asks over TCP and reads the answer. */
export const askTcp = (port: number, name: string, type: RecordType, more?: Packet) =>
  Effect.map(tcp(port, query(name, type, more)), read)
