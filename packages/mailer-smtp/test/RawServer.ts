/**
 * Servers that behave as no SMTP server should: what the sandbox cannot be told to do, on a bare socket.
 */
import { createServer, type Socket } from "node:net"
import { Effect } from "effect"

/** Listens on loopback until the scope closes. `talk` is called with each connection. */
export const rawServer = (talk: (socket: Socket) => void) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly address: string; readonly open: Set<Socket>; readonly close: () => void }>((resume) => {
      const open = new Set<Socket>()
      const server = createServer((socket) => {
        open.add(socket)
        socket.on("close", () => open.delete(socket))
        // A client that gives up resets the connection.
        socket.on("error", () => undefined)
        talk(socket)
      })
      server.listen(0, "127.0.0.1", () => {
        const at = server.address()
        const port = at !== null && typeof at === "object" ? at.port : 0
        const close = () => {
          server.close()
          for (const socket of open) socket.destroy()
        }
        resume(Effect.succeed({ address: `127.0.0.1:${port}`, open, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

/** Answers command by command as the script says; a command that is not in it is answered 250. */
export const dialogue =
  (script: { readonly [command: string]: (socket: Socket) => void }) =>
  (socket: Socket): void => {
    socket.write("220 raw\r\n")
    let line = ""
    socket.on("data", (chunk) => {
      line += chunk.toString("latin1")
      for (let end = line.indexOf("\r\n"); end !== -1; end = line.indexOf("\r\n")) {
        const command = line.slice(0, 4)
        line = line.slice(end + 2)
        const answer = script[command]
        if (answer === undefined) socket.write("250 fine\r\n")
        else answer(socket)
      }
    })
  }
