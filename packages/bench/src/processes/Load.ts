/**
 * Load on a server, from a process of its own (`LoadGenerator.ts`).
 */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Round } from "../Measure.ts"

export interface LoadOptions {
  readonly url: string
  readonly method: "GET" | "POST"
  readonly headers: { readonly [name: string]: string }
  readonly connections: number
  /** Seconds, or requests. */
  readonly until: { readonly seconds: number } | { readonly requests: number }
  /** What makes the addresses of this load others than those of the loads before; for POST only. */
  readonly label: string
}

/** What the generator prints. */
export interface LoadReport {
  readonly answered: number
  readonly seconds: number
  /** Connection errors, timeouts, and answers other than 200. */
  readonly errors: number
  readonly latencies: ReadonlyArray<number>
}

/** Fails when a single request does: a rate with errors in it says nothing. */
export const load = async (options: LoadOptions): Promise<Round> => {
  const program = fileURLToPath(new URL("./LoadGenerator.ts", import.meta.url))
  const printed = await new Promise<string>((resolve, reject) => {
    const args = ["--conditions=source", program, JSON.stringify(options)]
    execFile(process.execPath, args, { maxBuffer: 2 ** 28 }, (cause, stdout) => {
      if (cause === null) resolve(stdout)
      else reject(new Error("the load generator failed", { cause }))
    })
  })
  // Printed by the program above.
  const { answered, errors, latencies, seconds } = JSON.parse(printed) as LoadReport
  if (errors > 0) throw new Error(`${errors} of ${answered + errors} requests to ${options.url} failed`)
  return { operations: answered, seconds, latencies: Float64Array.from(latencies) }
}
