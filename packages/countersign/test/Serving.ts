/**
 * Runs a Node listener on a free port of 127.0.0.1 for as long as a test uses it.
 */
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"

export const serving = async (listener: RequestListener, test: (url: string) => Promise<void>) => {
  const server = createServer(listener)
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  try {
    const { port } = server.address() as AddressInfo // A TCP server's address is never a string.
    await test(`http://127.0.0.1:${port}`)
  } finally {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
}
