/**
 * How a server program of the benchmarks lives: it says where it listens, and ends when its standard input does.
 */
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import type { Greeting } from "./ServerProcess.ts"

export const serveUntilInputEnds = async (
  listener: RequestListener,
  greeting: Omit<Greeting, "port">,
  close: () => Promise<void>
): Promise<void> => {
  const server = createServer(listener)
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  const { port } = server.address() as AddressInfo // A TCP server's address is never a string.
  console.log(JSON.stringify({ port, ...greeting } satisfies Greeting))
  process.stdin.resume()
  await new Promise((ended) => process.stdin.once("end", ended))
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
  await close()
}
