import { spawnSync } from "node:child_process"
import { expect, it } from "vitest"
import { until } from "./Program.ts"
import { startSandbox } from "./Sandbox.ts"

const hasCurl = spawnSync("curl", ["--version"]).status === 0
const reason = "there is no curl: the commands of the banner were NOT run"
if (!hasCurl) console.warn(`banner.test.ts: ${reason}`)

it("prints five commands that lead to a signed mail of an active sender when they are pasted", async ({ skip }) => {
  if (!hasCurl) skip(reason)
  const sandbox = await startSandbox()
  await until("the end of the banner", () => (sandbox.output().includes("Ctrl-C stops it.") ? true : undefined))
  const commands = sandbox
    .output()
    .split("\n")
    .filter((line) => line.startsWith("   "))
  expect(commands).toHaveLength(5)
  const paste = (lines: ReadonlyArray<string>) => spawnSync("sh", [], { input: lines.join("\n"), encoding: "utf8" })
  const tooEarly = paste(commands.slice(-1))
  expect(tooEarly.stdout).toBe("550 5.7.1 This From address is none of your senders.\r\n")
  const pasted = paste(commands)
  expect(pasted).toMatchObject({ status: 0, stderr: "" })
  const [added, confirmed, ...rest] = pasted.stdout.trim().split("\n")
  expect(added).toContain('"status":"pending"')
  expect(confirmed).toBe("200")
  expect(rest).toHaveLength(6)
  expect(rest[3]).toContain('"status":"active"')
  expect(rest[4]).toMatch(/^250 2\.0\.0 kept as \d+\r$/)
  expect(rest[5]).toBe('"authentication":{"dkim":"pass","dmarc":"pass","spf":"none"}')
})
