// `npm run pack`: builds every package that will be published, and writes it to `dist/` as the tarball that npm would
// upload. `npm install dist/*.tgz effect` in another folder then installs them all.

import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { published, root } from "./published.mjs"

const run = (program, ...args) => {
  const { status } = spawnSync(program, args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" })
  if (status !== 0) process.exit(status ?? 1)
}

const target = join(root, "dist")
rmSync(target, { recursive: true, force: true })
mkdirSync(target)
// What was built from a file that is gone would be packed too.
for (const name of published) rmSync(join(root, "packages", name, "dist"), { recursive: true, force: true })
run(join(root, "node_modules", ".bin", "tsc"), "-b")
const workspaces = published.flatMap((name) => ["--workspace", `packages/${name}`])
run("npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", target, ...workspaces)
console.log(`Wrote ${readdirSync(target).length} tarballs to ${target}.`)
