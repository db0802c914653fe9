/**
 * The first minute of a clone: what `.ci/install.mjs` installs and starts, under the settings of npm that would leave
 * something out. A small clone stands for ours; its dependencies are folders, so that the real npm installs them
 * without a registry.
 */
import { execFile, spawn } from "node:child_process"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { expect, it, onTestFinished, vi } from "vitest"
import { root } from "./rooms/House.ts"

// A bound, not a wait: npm starts slowly on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

const { scripts }: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8")
)

const platform = process.platform === "win32" ? "win" : process.platform
const nodePackage = `${platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"}-${platform}-${process.arch}`

/** What `npm start` starts: it says on which Node it runs, and whether the development dependency is there. */
const program = `
import { existsSync } from "node:fs"
const { PACKAGED = "no", NODE_ENV = "" } = process.env
console.log(JSON.stringify({ packaged: PACKAGED, mode: NODE_ENV, tool: existsSync("node_modules/tool"), args: process.argv.slice(2) }))
if (process.argv.includes("--stay")) setInterval(() => undefined, 1_000)
`

/** A clone with its settings of npm. Its Node is a shell script that leaves a mark and starts the real one. */
const makeClone = (settings = "", node = `#!/bin/sh\nPACKAGED=yes exec "${process.execPath}" "$@"\n`) => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-clone-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const write = (path: string, text: string | object) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), typeof text === "string" ? text : JSON.stringify(text))
  }
  const link = (path: string, kind: object) => ({ [`node_modules/${path}`]: { resolved: path, link: true, ...kind } })
  const wanted = {
    devDependencies: { tool: "file:tool" },
    optionalDependencies: { [nodePackage]: `file:${nodePackage}` }
  }
  write("package.json", { name: "clone", version: "1.0.0", scripts, ...wanted })
  write("package-lock.json", {
    name: "clone",
    version: "1.0.0",
    lockfileVersion: 3,
    packages: {
      "": { name: "clone", version: "1.0.0", ...wanted },
      ...link("tool", { dev: true }),
      ...link(nodePackage, { optional: true }),
      tool: { version: "1.0.0", dev: true, hasInstallScript: true },
      [nodePackage]: { version: "1.0.0", optional: true, bin: { node: "bin/node" } }
    }
  })
  write("tool/package.json", {
    name: "tool",
    version: "1.0.0",
    scripts: { postinstall: "echo once >> ../scripts.log" }
  })
  write(`${nodePackage}/package.json`, { name: nodePackage, version: "1.0.0", bin: { node: "bin/node" } })
  write(`${nodePackage}/bin/node`, node)
  chmodSync(join(folder, nodePackage, "bin", "node"), 0o755)
  write("packages/server/bin/countersign.mjs", program)
  write(".npmrc", `${readFileSync(join(root, ".npmrc"), "utf8")}\noffline=true\n${settings}\n`)
  mkdirSync(join(folder, ".ci"))
  copyFileSync(join(root, ".ci", "install.mjs"), join(folder, ".ci", "install.mjs"))
  const scriptsRun = () =>
    existsSync(join(folder, "scripts.log"))
      ? readFileSync(join(folder, "scripts.log"), "utf8").split("\n").length - 1
      : 0
  return { folder, scriptsRun }
}

/** Nothing of the npm that runs this test gets through. */
const environment = (more: Readonly<Record<string, string>> = {}) => {
  const { PATH = "", HOME = "" } = process.env
  return { PATH, HOME, ...more }
}

const npmStart = (folder: string, more: Readonly<Record<string, string>> = {}) =>
  new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resolve) => {
    execFile("npm", ["start", "--silent"], { cwd: folder, env: environment(more) }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr })
    )
  })

const started = (mode = "") => ({ packaged: "yes", mode, tool: true, args: ["serve", "--sandbox"] })

it.each([
  { name: "as it is", settings: "", more: {}, mode: "", scriptsRun: 1 },
  { name: "NODE_ENV=production", settings: "", more: { NODE_ENV: "production" }, mode: "production", scriptsRun: 1 },
  { name: "omit=dev", settings: "omit=dev", more: {}, mode: "production", scriptsRun: 1 },
  { name: "ignore-scripts=true", settings: "ignore-scripts=true", more: {}, mode: "", scriptsRun: 0 }
])(
  "npm start installs, and runs on the Node that it installed: $name",
  async ({ settings, more, mode, scriptsRun }) => {
    const clone = makeClone(settings)
    const first = await npmStart(clone.folder, more)
    expect(first).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Installing the dependencies [^\n]+\n/) })
    expect(JSON.parse(first.stdout.trim().split("\n").at(-1) ?? "")).toEqual(started(mode))
    expect(clone.scriptsRun()).toBe(scriptsRun)
    const second = await npmStart(clone.folder, more)
    expect(second).toMatchObject({ code: 0, stderr: "" })
    expect(JSON.parse(second.stdout)).toEqual(started(mode))
  }
)

it("installs once when two start at the same time", async () => {
  const clone = makeClone()
  const both = await Promise.all([npmStart(clone.folder), npmStart(clone.folder)])
  expect(both.map(({ code }) => code)).toEqual([0, 0])
  expect(clone.scriptsRun()).toBe(1)
})

it("goes on after a run that was killed while it installed", async () => {
  const clone = makeClone()
  writeFileSync(join(clone.folder, ".ci", ".installing"), "999999998 999999999")
  expect(await npmStart(clone.folder)).toMatchObject({ code: 0 })
})

it("says in one sentence that npm failed, and starts nothing", async () => {
  const clone = makeClone()
  writeFileSync(
    join(clone.folder, "package.json"),
    JSON.stringify({ name: "clone", scripts, dependencies: { gone: "file:gone" } })
  )
  const ended = await npmStart(clone.folder)
  expect(ended).toMatchObject({ code: 1, stdout: "" })
  expect(ended.stderr).toMatch(/\nnpm ci failed with exit code 1; [^\n]+\.\n$/)
})

it("takes the Node of the machine where the package's does not run, and says so in one sentence when that is too old", async () => {
  const clone = makeClone("", "#!/bin/sh\nexit 1\n")
  const run = (...flags: ReadonlyArray<string>) =>
    new Promise<{ readonly stdout: string; readonly stderr: string }>((resolve) => {
      const args = [...flags, ".ci/install.mjs", "packages/server/bin/countersign.mjs"]
      execFile(process.execPath, args, { cwd: clone.folder, env: environment() }, (_, stdout, stderr) =>
        resolve({ stdout, stderr })
      )
    })
  expect(JSON.parse((await run()).stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ packaged: "no", tool: true })
  const old = `data:text/javascript,${encodeURIComponent(`Object.defineProperty(process, "version", { value: "v22.18.0" })`)}`
  const refused = await run("--import", old)
  expect(refused.stdout).toBe("")
  expect(refused.stderr).toMatch(/^Countersign needs Node 22\.19 or later, and this is v22\.18\.0: [^\n]+\.\n$/)
})

it("ends its program with `npm start`, whose shell tells it nothing", async () => {
  const clone = makeClone()
  await npmStart(clone.folder)
  const line = `"${process.execPath}" .ci/install.mjs packages/server/bin/countersign.mjs --stay; :`
  const shell = spawn("/bin/sh", ["-c", line], {
    cwd: clone.folder,
    env: environment(),
    stdio: ["ignore", "pipe", "ignore"]
  })
  const ended = new Promise((resolve) => shell.stdout.once("close", resolve))
  await new Promise((resolve) => shell.stdout.once("data", resolve))
  shell.kill("SIGTERM")
  // The program holds the other end of the pipe for as long as it lives.
  await ended
})

it("is how every script starts that needs what it installs, and none has a part of its own before or after", () => {
  const names = Object.keys(scripts)
  expect(names.filter((name) => /^(?:pre|post)/.test(name))).toEqual([])
  const direct = Object.entries(scripts).filter(([, line]) => !line.startsWith("node .ci/install.mjs "))
  expect(direct.map(([name]) => name)).toEqual(["format", "build"])
})
