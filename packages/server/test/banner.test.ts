import { spawnSync } from "node:child_process"
import { expect, it } from "vitest"
import { until } from "./Program.ts"
import { startSandbox } from "./Sandbox.ts"

const hasCurl = spawnSync("curl", ["--version"]).status === 0
const reason = "there is no curl: the commands of the banner were NOT run"
if (!hasCurl) console.warn(`banner.test.ts: ${reason}`)

it("prints four commands that lead to an active sender when they are pasted", async ({ skip }) => {
  if (!hasCurl) skip(reason)
  const sandbox = await startSandbox()
  await until("the end of the banner", () => (sandbox.output().includes("Ctrl-C stops it.") ? true : undefined))
  const commands = sandbox
    .output()
    .split("\n")
    .filter((line) => line.startsWith("   "))
  expect(commands).toHaveLength(4)
  const pasted = spawnSync("sh", [], { input: commands.join("\n"), encoding: "utf8" })
  expect(pasted).toMatchObject({ status: 0, stderr: "" })
  const [added, confirmed, ...rest] = pasted.stdout.trim().split("\n")
  expect(added).toContain('"status":"pending"')
  expect(confirmed).toBe("200")
  expect(rest).toHaveLength(4)
  expect(rest[3]).toContain('"status":"active"')
})
