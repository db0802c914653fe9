// Our packages as somebody installs them: only the files that npm would publish, in a folder elsewhere, resolved
// without the condition `source`. There the command starts and serves, and a plain JavaScript program embeds the
// engine. Reads `dist`. What the packages need from the registry is linked from this repository's node_modules.

import { execFile, spawn } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"

const patience = 30_000

/** A service without TypeScript; it imports every entry of every package that runs outside of a test runner. */
const program = `
import { createCountersign } from "countersign"
import { SpaceInvoices } from "countersign/dialects"
import { memory } from "countersign/memory"
import "countersign/postgres"
import { smtp } from "countersign/smtp"
import { sqlite } from "countersign/sqlite"
import { makeTestCountersign } from "countersign/testing"
import { CountersignApi } from "@countersign/http/api"
import { SmtpSink } from "@countersign/sandbox"

if (typeof SmtpSink !== "function" || typeof CountersignApi !== "function") throw new Error("an export is missing")
const settings = {
  publicUrl: "http://127.0.0.1:1",
  secret: "0123456789abcdef0123456789abcdef",
  dkimZone: "dkim.example.com",
  mail: smtp("smtp://127.0.0.1:1", "verify@example.com"),
  dns: { servers: ["127.0.0.1:1"] }
}
const works = async (countersign) => {
  const { created } = await countersign.senders.add({ account: "acme", address: "billing@acme.com" })
  countersign.api(SpaceInvoices)
  const { status } = await countersign.page.fetch(new Request("http://127.0.0.1/verify/x"))
  if (!created || status !== 404) throw new Error("the embedded engine does not work: " + status)
  await countersign.close()
}
for (const storage of [memory(), sqlite("embedded.db")]) await works(await createCountersign({ ...settings, storage }))
await works(await makeTestCountersign())
`

/** The files that npm would publish, by the package's folder. */
const published = async (root, names) => {
  const where = names.flatMap((name) => ["--workspace", `packages/${name}`])
  const npm = promisify(execFile)("npm", ["pack", "--dry-run", "--json", "--ignore-scripts", ...where], {
    cwd: root,
    maxBuffer: 64 * 1_024 * 1_024,
    shell: process.platform === "win32"
  })
  const packed = Object.values(JSON.parse((await npm).stdout))
  return packed.map(({ name, files }) => ({ name, files: files.map(({ path }) => path) }))
}

/** Lays the packages out below `folder` as an installation does. */
const install = async (root, folder, names) => {
  const modules = join(folder, "node_modules")
  const packages = await published(root, names)
  if (packages.length !== names.length)
    throw new Error(`npm would publish ${packages.length} of ${names.length} packages`)
  for (const { name, files } of packages) {
    for (const file of ["README.md", "LICENSE"]) {
      if (!files.includes(file)) throw new Error(`npm would publish ${name} without ${file}`)
    }
    for (const file of files) {
      const target = join(modules, name, file)
      mkdirSync(dirname(target), { recursive: true })
      cpSync(join(root, "packages", name.replace("@countersign/", ""), file), target)
    }
  }
  for (const entry of readdirSync(join(root, "node_modules"))) {
    if (["@countersign", "countersign"].includes(entry) || entry.startsWith(".")) continue
    symlinkSync(join(root, "node_modules", entry), join(modules, entry), "junction")
  }
  return modules
}

/** The sandbox of the installed command: it must answer, show its page and mail a link. */
const serves = async (node, command, folder) => {
  const server = spawn(node, [command, "serve", "--sandbox"], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let output = ""
  const keep = (text) => {
    output += text
  }
  server.stdout.setEncoding("utf8").on("data", keep)
  server.stderr.setEncoding("utf8").on("data", keep)
  const ended = new Promise((resolve) => server.once("close", resolve))
  const end = Date.now() + patience
  const until = async (look) => {
    for (;;) {
      const found = await look()
      if (found) return found
      if (Date.now() > end || server.exitCode !== null)
        throw new Error(`the installed server does not serve:\n${output}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  try {
    const url = await until(() => /^Countersign sandbox on (http:\S+)$/m.exec(output)?.[1])
    for (const path of ["/ready", "/sandbox", "/docs", "/openapi.json"]) {
      const { status } = await fetch(url + path)
      if (status !== 200) throw new Error(`the installed server answers ${status} at ${path}`)
    }
    const { accessToken } = await (await fetch(`${url}/sandbox.json`)).json()
    const headers = { authorization: accessToken, "content-type": "application/json" }
    await fetch(`${url}/v1/email-address`, { method: "POST", headers, body: '{"email":"ada@shop.example"}' })
    await until(async () => (await (await fetch(`${url}/sandbox/inbox.json`)).json()).messages.length === 1)
  } finally {
    server.kill("SIGTERM")
    await ended
  }
}

/** Rejects with what is wrong with the packages `names` once they are installed. `node` is the Node that runs them. */
export const checkInstalled = async (root, node, names) => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-installed-"))
  try {
    const modules = await install(root, folder, names)
    const command = join(modules, "@countersign", "server", "bin", "countersign.mjs")
    writeFileSync(join(folder, "embed.mjs"), program)
    const run = (...args) => promisify(execFile)(node, args, { cwd: folder, timeout: patience })
    await run(command, "--version")
    await run("embed.mjs")
    await serves(node, command, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
