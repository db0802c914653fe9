/**
 * Child processes with a bound: each ends by itself, or is ended, and none outlives this program.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createServer } from "node:net"
import { dirname } from "node:path"

/** The Node of this program. */
export const node = process.execPath

const { PATH = "", HOME = "", TEMP = "" } = process.env

/** Nothing else of our own environment gets through by itself. Programs that name none, such as `npm`, run on this Node. */
const environment = { PATH: `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${PATH}`, HOME, TEMP }

interface Options {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly shell?: boolean
}

const alive = new Set<ChildProcess>()

/** A process that started others takes them along: it leads a group where the platform knows groups. */
const kill = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined || !alive.has(child)) return
  try {
    if (process.platform === "win32") child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch (cause) {
    // It ended meanwhile.
    if (!(cause instanceof Error && "code" in cause && cause.code === "ESRCH")) throw cause
  }
}

const killAll = () => {
  for (const child of alive) kill(child, "SIGKILL")
}
process.once("exit", killAll)
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1))

const start = (program: string, args: ReadonlyArray<string>, { cwd, env = {}, shell = false }: Options) => {
  const child = spawn(program, args, {
    cwd,
    shell,
    env: { ...env, ...environment },
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"]
  })
  alive.add(child)
  let output = ""
  const keep = (text: string) => {
    output += text
  }
  child.stdout.setEncoding("utf8").on("data", keep)
  child.stderr.setEncoding("utf8").on("data", keep)
  const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => {
      alive.delete(child)
      resolve(code ?? signal)
    })
  })
  return { child, output: () => output, ended }
}

const minutes = 60_000

/** Runs a program to its end, and answers what it printed. Rejects with that when it fails, or takes too long. */
export const run = async (program: string, args: ReadonlyArray<string>, options: Options): Promise<string> => {
  const { child, output, ended } = start(program, args, options)
  const timer = setTimeout(() => kill(child, "SIGKILL"), 5 * minutes)
  const code = await ended
  clearTimeout(timer)
  if (code === 0) return output()
  throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${output()}`)
}

/** Looks again until there is something, for a minute at most. */
export const until = async <A>(what: string, look: () => Promise<A | undefined>): Promise<A> => {
  for (const end = Date.now() + minutes; Date.now() < end; ) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`waited in vain: ${what}`)
}

/** Keeps a server for as long as `use` lasts, then asks it to end, and expects it to do so by itself. */
export const serving = async (
  program: string,
  args: ReadonlyArray<string>,
  options: Options & { readonly url: string },
  use: () => Promise<void>
): Promise<void> => {
  const { child, output, ended } = start(program, args, options)
  try {
    await until(`${options.url} answers`, async () => {
      if (!alive.has(child)) throw new Error("it ended at its start")
      return fetch(options.url).catch(() => undefined)
    })
    await use()
    kill(child, "SIGTERM")
    const timer = setTimeout(() => kill(child, "SIGKILL"), minutes / 2)
    const end = await ended
    clearTimeout(timer)
    // 143 is how Next says that SIGTERM ended it; NestJS closes what it holds, and lets the signal end it.
    if (end !== 0 && end !== 143 && end !== "SIGTERM") throw new Error(`it was asked to end, and ended with ${end}`)
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : cause}\n${output()}`, { cause })
  } finally {
    kill(child, "SIGKILL")
  }
}

/** A port that was free a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
