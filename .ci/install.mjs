// `node .ci/install.mjs <program> [arguments]`: installs what package-lock.json asks for, and nothing when it is there
// already, then runs the program on the Node that came with it. The scripts of package.json start through it and have
// no `pre` scripts, because npm leaves those out with `ignore-scripts`. It runs on the Node of the machine (20 or
// later), so it uses no dependency.
//
// The settings of the user stay as they are. Only `--include=dev` is added: the scripts are made of development
// dependencies, which NODE_ENV=production and `omit=dev` would leave out.

import { spawn, spawnSync } from "node:child_process"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { constants } from "node:os"
import { basename, delimiter, dirname, join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, "node_modules")

const fail = (sentence) => {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}

const read = (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined)

/** What a lock file lists, without what a platform may leave out. */
const required = (file) =>
  Object.entries(JSON.parse(read(file) ?? "{}").packages ?? {}).filter(
    ([path, { optional }]) => path.startsWith("node_modules/") && optional !== true
  )

/** npm writes its own record last, so an install that was interrupted has none. */
const upToDate = () => {
  const installed = new Map(required(join(modules, ".package-lock.json")))
  return required(join(root, "package-lock.json")).every(([path, { version, integrity }]) => {
    const found = installed.get(path)
    return found?.version === version && found?.integrity === integrity && existsSync(join(root, path))
  })
}

/** Runs a program with our terminal, and passes on what asks it to end. Answers its exit code. */
const run = (command, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "inherit", ...options })
    const end = (signal) => child.kill(signal)
    // A Ctrl-C reaches everything at the terminal without us.
    if (!process.stdin.isTTY) process.on("SIGINT", end)
    else process.on("SIGINT", () => undefined)
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, end)
    // npm passes SIGTERM to the shell between us, which may end without telling us.
    const parent = process.ppid
    const watch = setInterval(() => process.ppid !== parent && end("SIGTERM"), 250).unref()
    options.started?.(child.pid)
    child.on("error", (cause) => fail(`${command} could not be started: ${cause.message}.`))
    child.on("exit", (code, signal) => {
      clearInterval(watch)
      resolve(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })

// ---------------------------------------------------------------------------------------------------------------------
// The install: one at a time

const lock = join(root, ".ci", ".installing")

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    return cause.code === "EPERM"
  }
}

/** The file holds the ids of this script and of its npm, which outlives a script that is killed. */
const take = async () => {
  for (let turn = 0; ; turn++) {
    try {
      return writeFileSync(lock, `${process.pid}`, { flag: "wx" })
    } catch (cause) {
      if (cause.code !== "EEXIST") throw cause
    }
    if (turn === 0) process.stderr.write("Another run is installing the dependencies; waiting for it.\n")
    await delay(200)
    const owners = read(lock)
    if (owners !== undefined && !owners.split(" ").some((pid) => isAlive(Number(pid)))) rmSync(lock, { force: true })
  }
}

const install = async () => {
  await take()
  try {
    if (isComplete()) return
    process.stderr.write(
      "Installing the dependencies (npm ci). This happens once for each change of package-lock.json.\n"
    )
    const own = process.env.npm_execpath
    const [npm, first] = basename(own ?? "") === "npm-cli.js" ? [process.execPath, [own]] : ["npm", []]
    const code = await run(npm, [...first, "ci", "--include=dev"], {
      cwd: root,
      stdio: ["ignore", process.stderr.fd, process.stderr.fd],
      shell: npm === "npm" && process.platform === "win32",
      started: (pid) => writeFileSync(lock, `${process.pid} ${pid}`)
    })
    if (code !== 0) return `npm ci failed with exit code ${code}; its reason is above. The next run installs again.`
    if (!upToDate()) return "npm ci succeeded, but node_modules lacks packages named in package-lock.json."
  } finally {
    rmSync(lock, { force: true })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The program

/** The Node of the platform's package, else the one that runs this script, when it is new enough. */
const findNode = () => {
  const packaged = join(modules, nodePackage, "bin", process.platform === "win32" ? "node.exe" : "node")
  if (existsSync(packaged) && spawnSync(packaged, ["--version"]).status === 0) return packaged
  const [major, minor] = process.version.slice(1).split(".").map(Number)
  return major > 22 || (major === 22 && minor >= 19) ? process.execPath : undefined
}

const { platform, arch } = process
const nodePackage = `${platform === "darwin" && arch === "arm64" ? "node-bin" : "node"}-${platform === "win32" ? "win" : platform}-${arch}`

/** The packages of Node are optional, so that a platform without one can bring its own. */
const isComplete = () => upToDate() && (existsSync(join(modules, nodePackage)) || findNode() !== undefined)

if (!isComplete()) {
  const problem = await install()
  if (problem !== undefined) fail(problem)
}
const node = findNode()
if (node === undefined) {
  fail(
    `Countersign needs Node 22.19 or later, and this is ${process.version}: install Node 24, or let npm install the optional package ${nodePackage}, which brings it.`
  )
}
const [...command] = process.argv.slice(2)
if (command.length > 0) {
  // What the program starts by the name of `node` runs on the same one.
  process.env.PATH = `${dirname(node)}${delimiter}${process.env.PATH}`
  process.exit(await run(node, command))
}
