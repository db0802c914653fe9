/**
 * The connections of a running smtp-server, kept to break them off: one by a fault, all at the end. The care is for
 * TLS: a plain socket must not be destroyed underneath the TLS socket that reads from it, which crashes Node 24 (the
 * test "happens with the scope, also in the middle of a TLS handshake" does so with a careless version).
 */
import type { Socket } from "node:net"
import { Effect } from "effect"
import type { SMTPServer, SMTPServerSession } from "smtp-server"

type Connection = SMTPServer["connections"] extends Set<infer C> ? C : never

export interface SmtpConnections {
  /** Tells of a connection that is about to be greeted. */
  readonly begun: (session: SMTPServerSession) => void
  /** Tells of a connection that is gone. */
  readonly ended: (session: SMTPServerSession) => void
  /** Breaks off one connection. */
  readonly drop: (session: SMTPServerSession) => void
  /** Stops listening and breaks off all connections. */
  readonly close: Effect.Effect<void>
  /** Connections accepted since the start, and those open now. */
  readonly count: Effect.Effect<{ readonly total: number; readonly open: number }>
}

const breakOff = (connection: Connection) => {
  // While STARTTLS is negotiated, smtp-server still holds the plain socket and nobody else the TLS socket on top of it.
  // The TLS socket destroys itself, and what is beneath it, when it hears that the plain one has closed.
  if (connection._upgrading) connection._socket.emit("close", false)
  else connection._socket.destroy()
}

/**
 * Runs `then` as soon as no accepted socket waits for its TLS socket, which smtp-server puts on it one turn of the
 * event loop after it was accepted. Destroyed before, the plain socket would be wrapped all the same.
 */
const whenWrapped = (server: SMTPServer, then: () => void): void => {
  if ([...server._pendingSockets].some(([accepted, top]) => accepted === top)) {
    setImmediate(() => whenWrapped(server, then))
  } else then()
}

/** Watches a server that has not begun to listen. */
export const watch = (server: SMTPServer, implicitTls: boolean): SmtpConnections => {
  /** Accepted, and unknown to smtp-server for a moment yet; by the port of the client. */
  const accepted = new Map<number, Socket>()
  /** Greeted. smtp-server forgets a connection at QUIT, although its socket may stay open for seconds. */
  const greeted = new Map<string, Connection>()
  let total = 0
  server.server.on("connection", (socket) => {
    total += 1
    const { remotePort } = socket
    if (remotePort === undefined) return
    accepted.set(remotePort, socket)
    socket.once("close", () => {
      if (accepted.get(remotePort) === socket) accepted.delete(remotePort)
    })
  })
  return {
    begun: (session) => {
      accepted.delete(session.remotePort)
      const connection = [...server.connections].find(({ id }) => id === session.id)
      if (connection !== undefined) greeted.set(session.id, connection)
    },
    ended: (session) => {
      greeted.delete(session.id)
    },
    drop: (session) => {
      const connection = greeted.get(session.id)
      if (connection !== undefined) breakOff(connection)
    },
    close: Effect.callback((resume) => {
      whenWrapped(server, () => {
        // This also ends the handshakes of implicit TLS.
        server.close(() => resume(Effect.void))
        for (const connection of new Set([...server.connections, ...greeted.values()])) breakOff(connection)
        if (!implicitTls) for (const socket of accepted.values()) socket.destroy()
      })
    }),
    count: Effect.callback((resume) => {
      // An error means that the server is closed, and then none is open.
      server.server.getConnections((_error, open) => resume(Effect.succeed({ total, open: open ?? 0 })))
    })
  }
}
