/**
 * A question to one server, past the resolver under test: packets are made by `dns-packet`. And waiting for a
 * condition, with a bound.
 */
import { randomInt } from "node:crypto"
import { createSocket } from "node:dgram"
import { type DecodedPacket, decode, encode, RECURSION_DESIRED, type RecordType } from "dns-packet"
import { Effect, Schedule } from "effect"

/** What came back over UDP within half a second, if anything did. Without EDNS: up to 512 octets. */
export const askServer = (port: number, name: string, type: RecordType): Effect.Effect<DecodedPacket | undefined> =>
  Effect.scoped(
    Effect.gen(function* () {
      const socket = yield* Effect.acquireRelease(
        Effect.sync(() => createSocket("udp4")),
        (open) => Effect.sync(() => open.close())
      )
      const id = randomInt(0x1_0000)
      const packet = encode({ type: "query", id, flags: RECURSION_DESIRED, questions: [{ type, name, class: "IN" }] })
      return yield* Effect.callback<DecodedPacket | undefined>((resume) => {
        // Nobody listens there.
        socket.on("error", () => resume(Effect.succeed(undefined)))
        socket.on("message", (candidate) => {
          const answer = decode(candidate)
          if (answer.id === id) resume(Effect.succeed(answer))
        })
        socket.connect(port, "127.0.0.1", () => socket.send(packet))
      }).pipe(Effect.timeoutOrElse({ duration: "500 millis", orElse: () => Effect.succeed(undefined) }))
    })
  )

/** NXDOMAIN (RFC 1035, section 4.1.1). */
export const isNxdomain = (answer: DecodedPacket | undefined): boolean => ((answer?.flags ?? 0) & 0xf) === 3

/** The serial number of a zone, as the server has it. */
export const serialAt = (port: number, apex: string): Effect.Effect<number | undefined> =>
  Effect.map(askServer(port, apex, "SOA"), (answer) => {
    for (const record of answer?.answers ?? []) if (record.type === "SOA") return record.data.serial
    return undefined
  })

/** Waits until the condition holds; it is looked at every 20 milliseconds, for half a minute at most. */
export const until = <E, R>(what: () => string, condition: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  condition.pipe(
    Effect.repeat({ until: (holds) => holds, schedule: Schedule.spaced("20 millis") }),
    Effect.asVoid,
    Effect.timeoutOrElse({
      duration: "30 seconds",
      orElse: () => Effect.die(new Error(`it did not come to it that ${what()}`))
    })
  )
