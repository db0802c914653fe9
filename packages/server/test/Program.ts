/**
 * The program as a process of its own: started as a person starts it, watched through its output, ended by signals.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { onTestFinished, vi } from "vitest"

/** The path of the command. */
export const command = fileURLToPath(new URL("../bin/countersign.mjs", import.meta.url))

// A bound, not a wait: processes start slowly on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Program {
  readonly pid: number
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<Ended>
  readonly output: () => string
}

export type Environment = Readonly<Record<string, string>>

/** Nothing of the test's own environment gets through but what a process needs to run. */
const bare = (): Record<string, string> => {
  const { PATH = "", HOME = "", TMPDIR } = process.env
  return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }) }
}

const running = new Set<ChildProcess>()
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL")
})

export const start = (
  args: ReadonlyArray<string>,
  environment: Environment = {},
  nodeArgs: ReadonlyArray<string> = []
): Program => {
  const child = spawn(process.execPath, [...nodeArgs, command, ...args], {
    env: { ...bare(), ...environment },
    stdio: ["ignore", "pipe", "pipe"]
  })
  running.add(child)
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => {
      running.delete(child)
      resolve({ code, signal, stdout, stderr })
    })
  })
  return { pid: child.pid ?? 0, kill: (signal) => child.kill(signal), ended, output: () => stdout + stderr }
}

/** Runs a command to its end. */
export const run = (args: ReadonlyArray<string>, environment: Environment = {}): Promise<Ended> =>
  start(args, environment).ended

/** Waits until `find` answers something; asks again every 20 ms, for `seconds` at most. */
export const until = async <A>(
  what: string,
  find: () => A | undefined | Promise<A | undefined>,
  seconds = 20
): Promise<A> => {
  const end = Date.now() + seconds * 1_000
  for (;;) {
    const found = await find()
    if (found !== undefined) return found
    if (Date.now() > end) throw new Error(`${what} did not happen within ${seconds} s`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A folder that goes with the test. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-test-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
