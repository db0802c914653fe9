import { Effect } from "effect"
import { expect, it } from "vitest"
import { run } from "./Program.ts"
import { add, confirm, stopped } from "./Sandbox.ts"
import { linkIn, makeWorld, serve } from "./World.ts"

it("one process answers the API without a mail server, another on the same store sends the mail and answers health checks only", async () => {
  const { smtp, environment, overview } = await makeWorld()
  const { SMTP_URL, MAIL_FROM, DNS_SERVERS, ...alone } = environment
  const api = await serve(alone, "--api-only")
  const server = { ...api, overview }
  await add(server, "ada@example.com")
  expect(await Effect.runPromise(smtp.messages)).toEqual([])

  const worker = await serve({ ...environment, PUBLIC_URL: api.url }, "--worker-only")
  const mail = await Effect.runPromise(smtp.awaitMessage(({ to }) => to.includes("ada@example.com"), "20 seconds"))
  const link = linkIn(mail.text)
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
  expect(ended.stderr).toMatch(/cannot be combined/)
})
