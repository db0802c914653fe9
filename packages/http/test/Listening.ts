/**
 * Runs a Node server on a free port of 127.0.0.1 for as long as a scope is open.
 */
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, type Scope } from "effect"

/** Answers its URL. */
export const listenOn = (server: Server): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
      const { port } = server.address() as AddressInfo // A TCP server's address is never a string.
      return `http://127.0.0.1:${port}`
    }),
    () =>
      Effect.promise(async () => {
        const closed = new Promise((done) => server.close(done))
        server.closeAllConnections()
        await closed
      })
  )

/** The same for a test that is no Effect. */
export const serving = (server: Server, test: (url: string) => Promise<void>): Promise<void> =>
  Effect.runPromise(Effect.scoped(Effect.flatMap(listenOn(server), (url) => Effect.promise(() => test(url)))))
