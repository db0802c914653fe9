/**
 * Programs of the repository as processes, for the tests of the documentation: started as the documentation says,
 * watched through what they print, ended with the test.
 */
import { spawn } from "node:child_process"
import { createServer } from "node:net"
import { onTestFinished } from "vitest"
import { root } from "../rooms/House.ts"

type Environment = Readonly<Record<string, string>>

/** Nothing of the test's own environment gets through but what a process needs to run. */
const bareEnvironment = (more: Environment): Record<string, string> => {
  const { PATH = "", HOME = "" } = process.env
  return { PATH, HOME, npm_config_update_notifier: "false", ...more }
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Server {
  readonly url: string
  /** All that it has printed on standard output. */
  readonly printed: () => string
  /** Asks it to end, and waits. */
  readonly stop: () => Promise<Ended>
}

interface Running {
  readonly stdout: () => string
  readonly ended: Promise<Ended>
  readonly kill: (signal: NodeJS.Signals) => void
  /** Called with all of standard output whenever something was added to it. */
  readonly watch: (look: (stdout: string) => void) => void
}

/** Starts a program in the folder of the repository. It ends with the test, by force if need be. */
const start = (program: string, args: ReadonlyArray<string>, environment: Environment): Running => {
  const child = spawn(program, args, {
    cwd: root,
    env: bareEnvironment(environment),
    stdio: ["ignore", "pipe", "pipe"]
  })
  const looks: Array<(stdout: string) => void> = []
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
    for (const look of looks) look(stdout)
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code) => resolve({ code, stdout, stderr }))
  })
  onTestFinished(async () => {
    child.kill("SIGKILL")
    await ended
  })
  return {
    stdout: () => stdout,
    ended,
    kill: (signal) => void child.kill(signal),
    watch: (look) => void looks.push(look)
  }
}

/** Runs a program to its end. */
export const run = (program: string, args: ReadonlyArray<string>, environment: Environment) =>
  start(program, args, environment).ended

/** Starts a program with this Node, and waits until it prints the URL that `listening` finds. */
export const startServer = async (
  args: ReadonlyArray<string>,
  listening: RegExp,
  environment: Environment
): Promise<Server> => {
  const program = start(process.execPath, args, environment)
  const url = await new Promise<string>((resolve, reject) => {
    program.watch((stdout) => {
      const found = listening.exec(stdout)?.[1]
      if (found !== undefined) resolve(found)
    })
    program.ended.then(({ stdout, stderr }) => reject(new Error(`It ended at its start: ${stdout}${stderr}`)), reject)
  })
  return {
    url,
    printed: program.stdout,
    stop: () => {
      program.kill("SIGTERM")
      return program.ended
    }
  }
}

/** A port that was free a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
