/**
 * vitest's global set-up of a run: named in vitest.workspace.ts, run once, in the process that lives as long as the
 * run.
 */
import type { TestProject } from "vitest/node"
import { missingVersions, serveSharedServers } from "./SharedServer.ts"

/** Starts nothing but the place to ask at: a run without PostgreSQL tests starts no PostgreSQL. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  for (const line of missingVersions()) process.stderr.write(`${line}\n`)
  const servers = await serveSharedServers()
  project.provide("postgresServers", servers.url)
  return servers.close
}
