/**
 * One connection to the mail server, as bytes out and whole replies in.
 *
 * A reply that came before the connection broke is still given, so that the reason of a break is not lost.
 */
import type { Socket } from "node:net"
import { Data, type Duration, Effect } from "effect"
import type { SmtpReply } from "./SmtpReply.ts"

/** The connection is of no more use. `reason` is a sentence without secrets. */
export class UpstreamLost extends Data.TaggedError("UpstreamLost")<{
  readonly reason: string
  readonly cause?: unknown
}> {}

const wholeReply = /^(?:\d{3}-[^\n]*\n)*\d{3}(?:[ \r][^\n]*)?\n/
const replyLine = /^\d{3}(?:[ -]|\r?$)/
const longestReply = 64 * 1024

export interface Wire {
  readonly socket: Socket
  /** The next reply. */
  readonly reply: (within: Duration.Input) => Effect.Effect<SmtpReply, UpstreamLost>
  readonly write: (bytes: string | Uint8Array) => void
  /** Whether something came that nobody has asked for. */
  readonly hasMore: () => boolean
  readonly isOpen: () => boolean
  /** Leaves the socket to another one on top of it. */
  readonly release: () => void
  /** Says goodbye and goes, without waiting for an answer for long. */
  readonly quit: () => void
  readonly close: () => void
}

/** Reads and writes on a socket, from before it is connected. */
export const wireOver = (socket: Socket): Wire => {
  let received = ""
  let lost: UpstreamLost | undefined
  let deliver: ((next: Effect.Effect<SmtpReply, UpstreamLost>) => void) | undefined

  const next = (): Effect.Effect<SmtpReply, UpstreamLost> | undefined => {
    const whole = wholeReply.exec(received)?.[0]
    if (whole !== undefined) {
      received = received.slice(whole.length)
      return Effect.succeed(parsed(whole))
    }
    const firstLine = received.slice(0, received.indexOf("\n") + 1)
    if (received.length > longestReply || (firstLine !== "" && !replyLine.test(firstLine.trimEnd()))) {
      fail("what the mail server answers is no SMTP")
      socket.destroy()
    }
    return lost === undefined ? undefined : Effect.fail(lost)
  }
  const turn = () => {
    const answer = deliver === undefined ? undefined : next()
    if (answer === undefined) return
    const give = deliver
    deliver = undefined
    give?.(answer)
  }
  const fail = (reason: string, cause?: unknown) => {
    lost ??= new UpstreamLost({ reason, cause })
  }
  const onData = (chunk: Buffer) => {
    received += chunk.toString("latin1")
    turn()
  }
  const onError = (cause: Error) => fail(`the connection to the mail server broke: ${cause.message}`, cause)
  const onClose = () => {
    fail("the mail server closed the connection")
    turn()
  }
  socket.on("data", onData).on("error", onError).on("close", onClose).on("end", onClose)

  return {
    socket,
    reply: (within) =>
      Effect.callback<SmtpReply, UpstreamLost>((resume) => {
        deliver = resume
        turn()
        return Effect.sync(() => {
          deliver = undefined
        })
      }).pipe(
        Effect.timeoutOrElse({
          duration: within,
          // A late answer would be taken for the next one.
          orElse: () => {
            fail("the mail server did not answer in time")
            socket.destroy()
            return Effect.fail(new UpstreamLost({ reason: "the mail server did not answer in time" }))
          }
        })
      ),
    write: (bytes) => {
      if (socket.writable) socket.write(bytes)
    },
    hasMore: () => received !== "",
    isOpen: () => lost === undefined && socket.writable,
    release: () => {
      socket.off("data", onData).off("close", onClose).off("end", onClose)
    },
    quit: () => {
      fail("the connection to the mail server was closed")
      socket.end("QUIT\r\n")
      setTimeout(() => socket.destroy(), 1_000).unref()
    },
    close: () => {
      fail("the connection to the mail server was closed")
      socket.destroy()
    }
  }
}

/** The lines were read as bytes: a text may be UTF-8. */
const parsed = (whole: string): SmtpReply => {
  const lines = Buffer.from(whole, "latin1").toString("utf8").trimEnd().split(/\r?\n/)
  return { code: Number(whole.slice(0, 3)), lines: lines.map((line) => line.slice(4)) }
}
