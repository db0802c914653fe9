// Installs what package-lock.json asks for, and nothing when it is there already. Runs before `npm start`, `npm test`,
// `npm run check` and `npm run bench`, on whatever Node npm happens to run on (20 or later), so it uses no dependency.
//
// The stamp `node_modules/.countersign-lock` is written last, after the installed Node has answered with its version, and
// removed first: an install that was interrupted at any point has no stamp and is done again. A folder in `.ci` keeps two
// runs apart; the second one waits and then finds nothing to do.

import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, "node_modules")
const stamp = join(modules, ".countersign-lock")
const lockFolder = join(root, ".ci", ".installing")
const node = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node")
const leastNode = 24
const longestWait = 10 * 60_000

const say = (sentence) => process.stderr.write(`${sentence}\n`)

/** Ends the script with one sentence. The lock folder, if it is ours, goes first. */
const fail = (sentence) => {
  release()
  say(sentence)
  process.exit(1)
}

const read = (file) => {
  try {
    return readFileSync(file, "utf8")
  } catch (cause) {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined
    throw cause
  }
}

const lockText = read(join(root, "package-lock.json"))
if (lockText === undefined) fail("package-lock.json is missing: this is not a complete checkout of Countersign.")
const wanted = createHash("sha256").update(lockText).digest("hex")

/** The paths that the lock file asks for on every platform: packages that are not optional, and links to the workspaces. */
const required = () =>
  Object.entries(JSON.parse(lockText).packages).filter(
    ([path, entry]) => path.startsWith("node_modules/") && !entry.optional
  )

const complete = () => existsSync(node) && required().every(([path]) => existsSync(join(root, path)))

const upToDate = () => read(stamp)?.trim() === wanted && complete()

/** True when somebody ran `npm install` or `npm ci` by hand: npm's own record then agrees with the lock file. */
const installedByHand = () => {
  const record = read(join(modules, ".package-lock.json"))
  if (record === undefined) return false
  const installed = JSON.parse(record).packages
  const same = ([path, entry]) =>
    installed[path]?.version === entry.version && installed[path]?.integrity === entry.integrity
  return complete() && required().every(same)
}

// ---------------------------------------------------------------------------------------------------------------------
// One install at a time

let ours = false

/** The ids of the processes that hold the lock: this script, and its npm, which outlives a script that is killed. */
const ownersOf = (folder) => read(join(folder, "pids")) ?? ""

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause.code === "EPERM"
  }
}

const setOwners = (...pids) => writeFileSync(join(lockFolder, "pids"), pids.join(" "))

const take = () => {
  try {
    mkdirSync(lockFolder)
  } catch (cause) {
    if (cause.code === "EEXIST") return false
    throw cause
  }
  setOwners(process.pid)
  ours = true
  return true
}

/** Puts aside the folder of a process that is gone. Only one of several waiters wins the rename, and it looks again at
 *  what it has moved, so that it never throws away a lock that another waiter has just taken. */
const putAside = (stale) => {
  const aside = `${lockFolder}.${process.pid}`
  try {
    renameSync(lockFolder, aside)
  } catch (cause) {
    if (cause.code === "ENOENT") return
    throw cause
  }
  if (ownersOf(aside) === stale) rmSync(aside, { recursive: true, force: true })
  else renameSync(aside, lockFolder)
}

const release = () => {
  if (ours) rmSync(lockFolder, { recursive: true, force: true })
  ours = false
}

const acquire = async () => {
  const start = Date.now()
  let nameless = 0
  for (let turn = 0; !take(); turn++) {
    const owners = ownersOf(lockFolder)
    // A folder without a process id belongs to a process between two system calls, or to one that died there.
    nameless = owners === "" ? nameless + 1 : 0
    if (nameless > 25 || (owners !== "" && !owners.split(" ").some((pid) => isAlive(Number(pid))))) {
      putAside(owners)
      continue
    }
    if (turn === 0) say("Another run is installing the dependencies; waiting for it.")
    if (Date.now() - start > longestWait) fail(`Another install (process ${owners}) has not ended in ten minutes.`)
    await delay(200)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The install itself

/** The npm that runs this script, else the one on the PATH. */
const npm = () => {
  const self = process.env.npm_execpath
  return self !== undefined && basename(self) === "npm-cli.js" ? [process.execPath, [self]] : ["npm", []]
}

const npmCi = () =>
  new Promise((resolve, reject) => {
    const [command, first] = npm()
    const child = spawn(command, [...first, "ci"], {
      cwd: root,
      stdio: ["ignore", process.stderr.fd, process.stderr.fd],
      shell: command === "npm" && process.platform === "win32"
    })
    if (child.pid !== undefined) setOwners(process.pid, child.pid)
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
    child.on("error", reject)
    child.on("exit", (code, signal) => resolve({ code, signal }))
  })

const installedNode = () => {
  const run = spawnSync(node, ["--version"], { encoding: "utf8" })
  return run.status === 0 ? run.stdout.trim() : undefined
}

/** Writes the stamp once the Node that the scripts will run on has proven that it runs. */
const finish = () => {
  const version = installedNode()
  if (version === undefined || Number.parseInt(version.slice(1), 10) < leastNode) {
    fail(
      `node_modules/.bin/node ${version === undefined ? "does not run" : `is ${version}`}, but Countersign needs Node ${leastNode}: ` +
        "the package `node` fetches it in its install script, so run `npm ci` with install scripts allowed (no --ignore-scripts)."
    )
  }
  if (!complete()) fail("npm ci ended well, but packages that package-lock.json names are missing in node_modules.")
  writeFileSync(stamp, `${wanted}\n`)
}

const install = async () => {
  say("Installing the dependencies (npm ci). This happens once for each change of package-lock.json.")
  rmSync(stamp, { force: true })
  const { code, signal } = await npmCi().catch((cause) => fail(`npm could not be started: ${cause.message}`))
  if (signal !== null) fail(`npm ci was stopped by ${signal}; the next run installs again.`)
  if (code !== 0) {
    fail(`npm ci failed with exit code ${code}, its reason is above. Nothing was started; the next run installs again.`)
  }
}

if (!upToDate()) {
  await acquire()
  try {
    if (!upToDate()) {
      if (!installedByHand()) await install()
      finish()
    }
  } finally {
    release()
  }
}
