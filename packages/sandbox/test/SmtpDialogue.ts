/** A raw SMTP client for the tests: it sends lines over a plain socket and reads whole replies, nothing more. */
import { connect, type Socket } from "node:net"
import { Effect } from "effect"

export interface SmtpDialogue {
  readonly socket: Socket
  /** The next reply, all its lines; `closed` when the server hangs up instead. */
  readonly reply: Effect.Effect<string>
  /** Sends a line and reads the reply. */
  readonly say: (line: string) => Effect.Effect<string>
}

/** Connects to a sink; the connection goes with the scope. */
export const open = (port: number) =>
  Effect.acquireRelease(
    Effect.callback<SmtpDialogue, Error>((resume) => {
      const socket = connect(port, "127.0.0.1")
      let buffered = ""
      let closed = false
      let reader: ((reply: string) => void) | undefined
      const turn = () => {
        const reply = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n/.exec(buffered)?.[0]
        if (reader === undefined || (reply === undefined && !closed)) return
        const deliver = reader
        reader = undefined
        buffered = buffered.slice(reply?.length ?? buffered.length)
        deliver(reply === undefined ? "closed" : reply.trimEnd())
      }
      const reply = Effect.callback<string>((deliver) => {
        reader = (text) => deliver(Effect.succeed(text))
        turn()
      })
      socket.setEncoding("utf8")
      socket.on("data", (text: string) => {
        buffered += text
        turn()
      })
      socket.on("close", () => {
        closed = true
        turn()
      })
      socket.on("error", (error) => resume(Effect.fail(error)))
      socket.on("connect", () =>
        resume(
          Effect.succeed({
            socket,
            reply,
            say: (line) =>
              Effect.andThen(
                Effect.sync(() => socket.write(`${line}\r\n`)),
                reply
              )
          })
        )
      )
    }),
    ({ socket }) => Effect.sync(() => socket.destroy())
  )
