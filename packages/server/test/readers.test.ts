/**
 * Whoever reads what the program writes may go away: `head`, a log collector that is started anew, a terminal that closes.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { expect, it, onTestFinished } from "vitest"
import { command, run, temporaryFolder, until } from "./Program.ts"
import { add, readJson, startSandbox } from "./Sandbox.ts"

const begin = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>>) => {
  const { PATH = "", HOME = "" } = process.env
  const child = spawn(process.execPath, [command, ...args], {
    env: { PATH, HOME, ...environment },
    stdio: ["ignore", "pipe", "pipe"]
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  let errors = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text
  })
  return { child, ended: once(child, "close"), errors: () => errors }
}

it("a server goes on without the reader of its log", async () => {
  const { child, ended, errors } = begin(["serve", "--sandbox"], { PORT: "0", LOG_LEVEL: "trace" })
  let output = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text
  })
  const url = await until("the banner", () => /^Countersign sandbox on (http:\S+)$/m.exec(output)?.[1])
  await until("the end of the banner", () => (output.includes("Ctrl-C ends it.") ? true : undefined))
  child.stdout.destroy()
  child.stderr.destroy()
  const { accessToken } = await readJson<{ readonly accessToken: string }>(`${url}/sandbox.json`)
  for (const name of ["ada", "ben", "cyd"]) {
    const answer = await fetch(`${url}/v1/email-address`, {
      method: "POST",
      headers: { authorization: accessToken, "content-type": "application/json" },
      body: JSON.stringify({ email: `${name}@shop.example` })
    })
    expect(answer.status).toBe(200)
  }
  // A fault is logged, at the level error.
  expect((await fetch(`${url}/sandbox/dns/x.example`, { method: "PUT", body: "{" })).status).toBe(400)
  expect((await fetch(`${url}/ready`)).status).toBe(200)
  child.kill("SIGTERM")
  expect(await ended).toEqual([0, null])
  expect(errors()).toBe("")
})

it("a command ends without a word", async () => {
  const environment = { COUNTERSIGN_DATA: temporaryFolder() }
  const sandbox = await startSandbox(environment)
  for (let number = 0; number < 40; number++) await add(sandbox, `sender-${number}@shop.example`)
  for (const args of [
    ["export", "-"],
    ["account", "list"],
    ["tasks", "list", "--state", "all"]
  ]) {
    const { child, ended, errors } = begin(args, environment)
    child.stdout.destroy()
    expect(await ended).toEqual([141, null])
    expect(errors()).toBe("")
  }
  expect((await run(["verify"], environment)).code).toBe(0)
})
