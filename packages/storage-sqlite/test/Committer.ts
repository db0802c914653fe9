/**
 * Starts `committer.main.ts` in a process of its own.
 */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"

const main = fileURLToPath(new URL("./committer.main.ts", import.meta.url))

export interface Ended {
  /** What it says was acknowledged. */
  readonly senders: ReadonlyArray<string>
  readonly exitCode: number | null
  readonly errors: string
}

/**
 * Runs until it has done its work, or is killed with SIGKILL as soon as it has acknowledged `killAfter` commits.
 * `together`: see there.
 */
export const committer = (
  file: string,
  prefix: string,
  count: number,
  { killAfter = Number.POSITIVE_INFINITY, together = 1 } = {}
): Effect.Effect<Ended> =>
  Effect.callback<Ended>((resume) => {
    const child = spawn(process.execPath, ["--conditions=source", main, file, prefix, String(count), String(together)])
    const senders: Array<string> = []
    let errors = ""
    child.stderr.on("data", (chunk) => {
      errors += String(chunk)
    })
    // No line is cut in two by the kill: each is one small write.
    createInterface({ input: child.stdout }).on("line", (line) => {
      senders.push(line)
      if (senders.length >= killAfter) child.kill("SIGKILL")
    })
    child.on("close", (exitCode) => resume(Effect.succeed({ senders, exitCode, errors })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })
