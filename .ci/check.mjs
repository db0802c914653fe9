// `npm run check`: everything that can be said about the code without running its tests. All steps run, also after a
// failure; each says one line, and only the failing ones show their output. The last line is `N passed, N failed`.

import { spawn } from "node:child_process"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { checkInstalled } from "./installed.mjs"
import { published, root } from "./published.mjs"

/** Runs one of the installed programs and keeps what it says. */
const run = (program, ...args) =>
  new Promise((resolve) => {
    const script = join(root, "node_modules", ".bin", program)
    const child = spawn(script, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32"
    })
    const chunks = []
    child.stdout.on("data", (chunk) => chunks.push(chunk))
    child.stderr.on("data", (chunk) => chunks.push(chunk))
    child.on("error", (cause) => resolve({ ok: false, output: `${program} could not be started: ${cause.message}` }))
    child.on("close", (code, signal) => {
      const end = code === 0 ? "" : `${program} ended with ${signal ?? `exit code ${code}`}\n`
      resolve({ ok: code === 0, output: Buffer.concat(chunks).toString("utf8") + end })
    })
  })

/**
 * publint on every package that will be published, as npm would pack it. Reads `dist`, so it follows the type check.
 */
const shapes = async () => {
  const reports = []
  for (const name of published) reports.push(await run("publint", "run", `packages/${name}`, "--strict"))
  const failed = reports.filter((report) => !report.ok)
  return { ok: failed.length === 0, output: failed.map((report) => report.output).join("\n") }
}

/** The same packages, installed and used. */
const installed = () => {
  return checkInstalled(root, process.execPath, published).then(
    () => ({ ok: true, output: "" }),
    (problem) => ({ ok: false, output: String(problem?.message ?? problem) })
  )
}

const types = () => run("tsc", "-b")

const rooms = () => run("vitest", "run", "--project", "testkit", "rooms", "dependencies")

// Steps of one row follow one another; the rows run side by side.
const rows = [
  [
    ["types", types],
    ["package shape", shapes],
    ["installed packages", installed]
  ],
  [
    ["lint and format", () => run("biome", "check", "--error-on-warnings", "--max-diagnostics=200", ".")],
    ["unused exports and dependencies", () => run("knip")],
    ["direction of dependencies", rooms]
  ]
]

let passed = 0
let failed = 0

const runRow = async (steps) => {
  for (const [name, step] of steps) {
    const start = performance.now()
    const { ok, output } = await step()
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`${ok ? "ok    " : "FAILED"} ${name} (${seconds} s)`)
    if (ok) passed += 1
    else {
      failed += 1
      console.log(`\n${output.trim()}\n`)
    }
  }
}

await Promise.all(rows.map(runRow))
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
