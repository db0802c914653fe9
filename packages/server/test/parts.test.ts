import { Effect } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { type Environment, run, start, until } from "./Program.ts"
import { add, confirm, stopped } from "./Sandbox.ts"
import { makeWorld } from "./World.ts"

const serve = async (part: string, environment: Environment) => {
  const program = start(["serve", part], environment)
  onTestFinished(() => program.kill("SIGKILL"))
  const url = await until("its first line", () => /Listening on (http:\/\/[\d.:]+)/.exec(program.output())?.[1])
  return { ...program, url }
}

it("one process answers the API without a mail server, another on the same store sends the mail and answers health checks only", async () => {
  const { smtp, environment, account, accessToken } = await makeWorld()
  const { SMTP_URL, MAIL_FROM, DNS_SERVERS, ...alone } = environment
  const api = await serve("--api-only", alone)
  const overview = { account: { id: account, email: "" }, organization: { id: "" }, accessToken, smtp: "", dns: "" }
  const server = { ...api, overview }
  await add(server, "ada@example.com")
  expect(await Effect.runPromise(smtp.messages)).toEqual([])

  const worker = await serve("--worker-only", { ...environment, PUBLIC_URL: api.url })
  const mail = await Effect.runPromise(smtp.awaitMessage(({ to }) => to.includes("ada@example.com"), "20 seconds"))
  const link = /https?:\/\/\S+\/verify\/[\w-]{92}/.exec(mail.text)?.[0] ?? ""
  expect(link.startsWith(`${api.url}/verify/`)).toBe(true)
  expect((await confirm(link)).status).toBe(200)

  for (const path of ["/health", "/ready", "/metrics"]) expect((await fetch(`${worker.url}${path}`)).status).toBe(200)
  for (const path of ["/docs", "/openapi.json", new URL(link).pathname, "/sender/list"]) {
    expect((await fetch(`${worker.url}${path}`)).status).toBe(404)
  }
  for (const program of [api, worker]) expect(await stopped(program)).toMatchObject({ code: 0, stderr: "" })
})

it("takes one part at a time", async () => {
  const ended = await run(["serve", "--api-only", "--worker-only"])
  expect(ended).toMatchObject({ code: 1, stdout: "" })
  expect(ended.stderr).toMatch(/exclude each other/)
})
