/**
 * What the figures were measured on: the reader of a table needs it as much as the figures.
 */
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from "node:fs"
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os"
import { join } from "node:path"
import { median } from "./Measure.ts"

export interface Machine {
  readonly [property: string]: string
}

export const readMachine = (folder: string): Machine => ({
  processor: `${cpus()[0]?.model.trim() ?? "unknown"}, ${availableParallelism()} cores`,
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  system: `${platform()} ${release()} ${arch()}`,
  "load at the start": loadavg()
    .map((load) => load.toFixed(1))
    .join(" "),
  node: process.version,
  sqlite: process.versions.sqlite ?? "unknown",
  effect: versionOf("effect"),
  autocannon: versionOf("autocannon"),
  durability: "WAL, synchronous=FULL: every transaction is flushed to disk before it is acknowledged",
  pragmas:
    "wal_autocheckpoint=0 with passive checkpoints on a thread, journal_size_limit of 64 MB, recursive_triggers=ON, cache of 64 MB",
  "one flush": `${flushMillis(folder).toFixed(3)} ms (4 KiB written and fdatasync, median of 200)`
})

const versionOf = (name: string): string => {
  let folder = import.meta.resolve(name)
  while (folder !== "file:///") {
    folder = new URL(".", folder.replace(/\/$/, "")).href
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"))
      if (typeof manifest === "object" && manifest !== null && "name" in manifest && manifest.name === name) {
        return "version" in manifest ? String(manifest.version) : "unknown"
      }
    } catch {
      // No manifest in this folder: the next one up has it.
    }
  }
  return "unknown"
}

/** What the disk asks for a flush: on a RAM disk next to nothing, and then our own share of a commit weighs more. */
const flushMillis = (folder: string): number => {
  const file = openSync(join(folder, "flush"), "w")
  const page = Buffer.alloc(4_096, 1)
  const times = Array.from({ length: 200 }, () => {
    const began = performance.now()
    writeSync(file, page)
    fdatasyncSync(file)
    return performance.now() - began
  })
  closeSync(file)
  return median(times)
}

export const toText = (machine: Machine): string =>
  Object.entries(machine)
    .map(([property, value]) => `- ${property}: ${value}`)
    .join("\n")
