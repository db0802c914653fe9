/**
 * Whoever reads what the program writes may go away: `head`, a log collector that is started anew, a terminal that
 * closes.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { expect, it, onTestFinished } from "vitest"
import { command, run, temporaryFolder, until } from "./Program.ts"
import { add, startSandbox } from "./Sandbox.ts"
import { makeWorld } from "./World.ts"

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
  const { environment, overview } = await makeWorld()
  // Nobody listens there, so the mail fails and the log says so.
  const { child, ended } = begin(["serve"], { ...environment, SMTP_URL: "smtp://127.0.0.1:1" })
  let output = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text
  })
  const url = await until("its first line", () => /Listening on (http:\/\/[\d.:]+)/.exec(output)?.[1])
  child.stdout.destroy()
  child.stderr.destroy()
  const added = await fetch(`${url}/v1/email-address`, {
    method: "POST",
    headers: { authorization: overview.accessToken, "content-type": "application/json" },
    body: JSON.stringify({ email: "ada@example.com" })
  })
  expect(added.status).toBe(200)
  await until("the mail to fail", async () => {
    const listed = await run(["tasks", "list", "--state", "waiting", "--kind", "verification-mail"], environment)
    return /attempts [1-9]/.test(listed.stdout) ? true : undefined
  })
  expect((await fetch(`${url}/ready`)).status).toBe(200)
  child.kill("SIGTERM")
  expect(await ended).toEqual([0, null])
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
