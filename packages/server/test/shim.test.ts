import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { start, temporaryFolder, until } from "./Program.ts"

/** Makes a process believe that it runs on an old Node. */
const oldNode = [
  "--import",
  `data:text/javascript,${encodeURIComponent(`Object.defineProperty(process.versions, "node", { value: "20.11.0" })`)}`
]

it("goes on with the Node of the repository when it is started on an old one", async () => {
  const ended = await start(["--version"], {}, oldNode).ended
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  expect(ended.stdout).toMatch(/^countersign v\d/)
})

it("passes signals and the exit code through", async () => {
  const refused = await start(["serve"], {}, oldNode).ended
  expect(refused.code).toBe(1)
  const program = start(["serve", "--sandbox"], { PORT: "0" }, oldNode)
  await until("the banner", () => (program.output().includes("Ctrl-C stops it.") ? true : undefined))
  program.kill("SIGTERM")
  expect(await program.ended).toMatchObject({ code: 0 })
})

it("says in one sentence what to do where there is no newer Node", () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, "bin"))
  const alone = join(folder, "bin", "countersign.mjs")
  copyFileSync(new URL("../bin/countersign.mjs", import.meta.url), alone)
  const ended = spawnSync(process.execPath, [...oldNode, alone], { encoding: "utf8" })
  expect(ended.status).toBe(1)
  expect(ended.stderr).toMatch(/^countersign needs Node 22\.19 or later, and this is Node 20\.11\.0: [^\n]+\.\n$/)
})
