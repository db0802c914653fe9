/**
 * A mail server of the tests that answers each command as it is told, and keeps the bytes as they came. For what the
 * sandbox's sink cannot be: wrong before the first transaction, without 8BITMIME, or a refusal of DATA itself.
 */
import { createServer, type Socket } from "node:net"
import { Effect } from "effect"

export interface ScriptedUpstream {
  readonly port: number
  /** All commands, with the number of their connection in front; `.` is the end of a message. */
  readonly said: ReadonlyArray<string>
  /** The messages as they came over the wire, without the last dot, as bytes. */
  readonly messages: ReadonlyArray<string>
  /** Connections that are open. */
  readonly open: () => number
}

/** The answer to a command; `undefined`: the usual one, `drop`: none, and the connection is closed. */
export type Script = (command: string, connection: number) => string | undefined

const usual = (command: string): string => {
  if (command === "connect") return "220 upstream.example"
  if (command.startsWith("EHLO")) return "250-upstream.example\r\n250 8BITMIME"
  return command === "DATA" ? "354 go on" : "250 2.0.0 fine"
}

export const scriptedUpstream = (script: Script = () => undefined) =>
  Effect.acquireRelease(
    Effect.callback<ScriptedUpstream & { readonly stop: () => void }>((resume) => {
      const said: Array<string> = []
      const messages: Array<string> = []
      const sockets = new Set<Socket>()
      let connections = 0
      const server = createServer((socket) => {
        connections += 1
        const connection = connections
        let received = ""
        let inMessage = false
        const answer = (command: string) => {
          if (command !== "connect") said.push(`${connection} ${command}`)
          const text = script(command, connection) ?? usual(command)
          if (text === "drop") socket.destroy()
          else if (text !== "silent") socket.write(`${text}\r\n`)
          if (command === "DATA") inMessage = text.startsWith("354")
          if (command === "QUIT") socket.end()
        }
        sockets.add(socket)
        socket.on("error", () => undefined).on("close", () => sockets.delete(socket))
        socket.on("data", (chunk) => {
          received += chunk.toString("latin1")
          while (true) {
            const end = received.indexOf(inMessage ? "\r\n.\r\n" : "\r\n")
            if (end === -1) return
            const taken = received.slice(0, end)
            received = received.slice(end + (inMessage ? 5 : 2))
            if (inMessage) {
              messages.push(`${taken}\r\n`)
              inMessage = false
              answer(".")
            } else answer(taken)
          }
        })
        answer("connect")
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = address !== null && typeof address === "object" ? address.port : 0
        const stop = () => {
          server.close()
          for (const socket of sockets) socket.destroy()
        }
        resume(Effect.succeed({ port, said, messages, open: () => sockets.size, stop }))
      })
    }),
    ({ stop }) => Effect.sync(stop)
  )
