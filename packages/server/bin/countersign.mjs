#!/usr/bin/env node
// The command `countersign`. Plain JavaScript, because it may be started by a Node that is too old for the rest:
// outside of npm's scripts that is whatever Node the machine has.
//
// On Node 22.19 and later it loads the program into this very process, so that a signal to this process id reaches the
// server. In the repository that is the TypeScript in `src`, and the packages resolve each other's sources; installed
// from the registry it is `dist`.

import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import * as module from "node:module"
import { constants } from "node:os"
import { fileURLToPath } from "node:url"

const leastNode = "22.19"
const here = (path) => new URL(path, import.meta.url)

// A published package has no tests, and Node strips no types below a node_modules folder.
const inRepository = existsSync(here("../test")) && existsSync(here("../src/main.ts"))

const [major, minor] = process.versions.node.split(".").map(Number)
if (major > 22 || (major === 22 && minor >= 19)) await run()
else runOnInstalledNode()

async function run() {
  module.enableCompileCache?.()
  if (!inRepository) return import("../dist/main.js")
  module.registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith("@countersign/")
        ? next(specifier, { ...context, conditions: [...context.conditions, "source"] })
        : next(specifier, context)
  })
  return import("../src/main.ts")
}

/** Starts this file again on the Node that npm has put into the repository. Signals and the exit code go through. */
function runOnInstalledNode() {
  const { platform, arch } = process
  const name = `${platform === "darwin" && arch === "arm64" ? "node-bin" : "node"}-${platform === "win32" ? "win" : platform}-${arch}`
  const node = fileURLToPath(here(`../../../node_modules/${name}/bin/${platform === "win32" ? "node.exe" : "node"}`))
  if (!existsSync(node)) {
    process.stderr.write(
      `countersign needs Node ${leastNode} or later, and this is Node ${process.versions.node}: install Node 24, or in the repository run \`npm ci\`, which brings it.\n`
    )
    process.exit(1)
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" })
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
  child.on("error", (cause) => {
    process.stderr.write(`countersign could not start ${node}: ${cause.message}.\n`)
    process.exit(1)
  })
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}
