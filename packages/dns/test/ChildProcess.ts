/**
 * Running a script in a process of its own.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { text } from "node:stream/consumers"

/**
 * What the script prints. Waits until the process has ended by itself; after 20 seconds it is killed, and this fails.
 */
export const runInChildProcess = async (script: string, environment: { readonly [name: string]: string } = {}) => {
  const child = spawn(process.execPath, ["--conditions=source", "--input-type=module", "--eval", script], {
    cwd: import.meta.dirname,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 20_000
  })
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, "exit")])
  if (code !== 0) throw new Error(`the process ended with ${String(code)}`)
  return out
}
