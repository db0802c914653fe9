/**
 * A server in a process of its own, so that its work is not on the event loop of whoever measures it.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { createServer } from "node:net"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export interface ServerProcess {
  readonly url: string
  /** What the server said of itself when it began to listen. */
  readonly greeting: Greeting
  /** Its resident memory, in MB (1,000,000 bytes). */
  readonly residentMegabytes: () => number
  readonly stop: () => Promise<void>
}

/** The line that our own server programs print when they listen. */
export interface Greeting {
  readonly port: number
  readonly token?: string
}

/**
 * Starts one of our server programs and waits for its greeting. It ends when its standard input does, and so never
 * outlives us.
 */
export const startServer = async (program: URL, ...args: ReadonlyArray<string>): Promise<ServerProcess> => {
  const child = spawn(process.execPath, ["--conditions=source", fileURLToPath(program), ...args], {
    stdio: ["pipe", "pipe", "inherit"]
  })
  const ended = endOf(child)
  const lines = createInterface({ input: child.stdout })
  const first = await Promise.race([
    new Promise<string>((said) => {
      lines.once("line", said)
    }),
    ended.then((how) => {
      throw new Error(`${program.pathname} ${how} before it listened`)
    })
  ])
  // Printed by the programs beside this file.
  const greeting = JSON.parse(first) as Greeting
  return {
    url: `http://127.0.0.1:${greeting.port}`,
    greeting,
    residentMegabytes: () => residentMegabytes(child),
    stop: async () => {
      child.stdin.end()
      await ended
    }
  }
}

/** The command `countersign`, found by the name of its package as npm finds it. */
const command = fileURLToPath(new URL("../bin/countersign.mjs", import.meta.resolve("@countersign/server")))

/** Starts `countersign serve --sandbox` as `npm start` does, and waits for the first answer of `/health`. */
export const startSandbox = async (): Promise<ServerProcess & { readonly millis: number }> => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const began = performance.now()
  const child = spawn(process.execPath, [command, "serve", "--sandbox"], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port) }
  })
  const ended = endOf(child)
  const orphan = () => child.kill()
  process.once("exit", orphan)
  const died = ended.then((how) => {
    throw new Error(`countersign serve --sandbox ${how} before it answered`)
  })
  await Promise.race([firstAnswer(`${url}/health`), died])
  const millis = performance.now() - began
  died.catch(() => undefined)
  return {
    url,
    greeting: { port },
    millis,
    residentMegabytes: () => residentMegabytes(child),
    stop: async () => {
      child.kill("SIGTERM")
      await ended
      process.off("exit", orphan)
    }
  }
}

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("exit", (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`))
  })

/** Asks until somebody listens; 30 seconds are enough for any machine. */
const firstAnswer = async (url: string): Promise<void> => {
  const deadline = performance.now() + 30_000
  while (performance.now() < deadline) {
    try {
      const answer = await fetch(url)
      await answer.arrayBuffer()
      if (answer.ok) return
    } catch {
      // Nobody listens yet.
    }
    await new Promise((later) => setTimeout(later, 5))
  }
  throw new Error(`${url} did not answer within 30 seconds`)
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

/** VmRSS of /proc, which Linux alone has; elsewhere it is not a number, and says so in the table. */
const residentMegabytes = ({ pid }: ChildProcess): number => {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
    return (Number(kibibytes) * 1_024) / 1e6
  } catch {
    return Number.NaN
  }
}
