/**
 * `npm run test:mutation`: changes judging and diagnosis in thousands of small ways, one at a time, and runs core's tests
 * on each. A change that no test notices has survived; when too many do, the run fails. It needs npm's registry, and
 * minutes.
 *
 * Stryker and its runner are installed into a temporary folder beside a copy of the packages, so that neither the
 * repository's dependencies nor its files are touched. Names of files or folders of `src` as arguments leave out the rest.
 */
import { spawn } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const here = fileURLToPath(new URL("./", import.meta.url))

const judging = ["DnsVerdict.ts", "Demotion.ts", "Evidence.ts", "ProbeSchedule.ts", "DkimKey.ts", "Rederivation.ts"]
const diagnosis = ["Diagnosis.ts", "Diagnosis/**/*.ts"]
const [...chosen] = process.argv.slice(2)

/** The share of changes, in percent, that tests must notice. */
const least = 85

const folder = mkdtempSync(join(tmpdir(), "countersign-mutation-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1))

const run = (cwd: string, program: string, ...args: ReadonlyArray<string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ["ignore", "inherit", "inherit"],
      shell: process.platform === "win32"
    })
    process.once("exit", () => child.kill())
    child.once("error", reject)
    child.once("close", (code) => resolve(code ?? 1))
  })

/** The tools, with the repository's vitest in place of one of their own. */
const installTools = async (): Promise<string> => {
  const tools = join(folder, "tools")
  mkdirSync(tools)
  for (const file of ["package.json", "package-lock.json"]) cpSync(join(here, file), join(tools, file))
  const code = await run(tools, "npm", "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund")
  if (code !== 0) throw new Error(`npm ci ended with exit code ${code}`)
  symlinkSync(join(root, "node_modules", "vitest"), join(tools, "node_modules", "vitest"), "junction")
  return tools
}

/** The packages, with what is installed here; they know one another, not the repository. */
const copyPackages = (): string => {
  const copy = join(folder, "copy")
  const modules = join(copy, "node_modules")
  mkdirSync(join(modules, "@countersign"), { recursive: true })
  const link = (target: string, name: string) => symlinkSync(target, join(modules, name), "junction")
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (!name.startsWith(".") && name !== "@countersign" && name !== "countersign")
      link(join(root, "node_modules", name), name)
  }
  for (const name of readdirSync(join(root, "packages"))) {
    const from = join(root, "packages", name)
    if (!existsSync(join(from, "package.json"))) continue
    const to = join(copy, "packages", name)
    for (const part of ["package.json", "tsconfig.json", "src", ...(name === "core" ? ["test"] : [])]) {
      cpSync(join(from, part), join(to, part), { recursive: true })
    }
    link(to, name === "countersign" ? name : `@countersign/${name}`)
  }
  for (const part of ["package.json", "tsconfig.json", "docs"])
    cpSync(join(root, part), join(copy, part), { recursive: true })
  return copy
}

/** What the tests have of testkit: all of it would take longer to load, for each change, than they take. */
const testkit = ["arbitraries/Sights.ts", "SenderSpec.ts"]

const vitestConfig = `
const conditions = ["source", "node"]
export default {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name: "core",
    root: "packages/core",
    isolate: false,
    // On a busy machine a change would seem to be noticed by the clock.
    testTimeout: 60_000,
    // What a test of another module notices is luck, and each change would be tried on a thousand of them.
    include: ${JSON.stringify([...judging, ...diagnosis].map((name) => `test/${name.replace(/\.ts$/, ".test.ts")}`))}
  }
}
`

const main = async (): Promise<number> => {
  const tools = await installTools()
  const copy = copyPackages()
  writeFileSync(join(copy, "vitest.config.mjs"), vitestConfig)
  const exported = testkit.map((file) => `export * from "./${file}"\n`)
  writeFileSync(join(copy, "packages", "testkit", "src", "index.ts"), exported.join(""))
  const options = {
    mutate: (chosen.length > 0 ? chosen : [...judging, ...diagnosis]).map((name) => `packages/core/src/${name}`),
    testRunner: "vitest",
    vitest: { configFile: "vitest.config.mjs", related: false },
    // Nothing else works on the copy.
    inPlace: true,
    concurrency: Math.max(1, availableParallelism()),
    // Half a minute at least, whatever else the machine does.
    timeoutMS: 30_000,
    reporters: ["progress-append-only", "clear-text"],
    clearTextReporter: { allowColor: false, reportTests: false, logTests: false },
    allowConsoleColors: false,
    thresholds: { high: 95, low: least, break: least }
  }
  writeFileSync(join(copy, "stryker.json"), JSON.stringify(options))
  const stryker = join(tools, "node_modules", "@stryker-mutator", "core", "bin", "stryker.js")
  return run(copy, process.execPath, stryker, "run", "stryker.json")
}

process.exit(await main())
