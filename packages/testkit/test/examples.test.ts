/**
 * The programs of docs/examples run: each starts as its own header says, answers, and ends when it is told to.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { type Server, startServer } from "./docs/Servers.ts"

const patience = 60_000

// Nobody answers there: an example neither mails nor asks anybody outside of this machine.
const nowhere = "127.0.0.1:9"

const startExample = (name: string, environment: Readonly<Record<string, string>> = {}): Promise<Server> =>
  startServer(["--conditions=source", `docs/examples/${name}/main.ts`], /^Listening on (http:\S+)$/m, {
    PORT: "0",
    ...environment
  })

const jsonOf = async (answer: Promise<Response>): Promise<unknown> => (await answer).json()

/** A request to the HTTP application below `path`: it is there, and knows nobody. */
const callerUnknown = async (url: string): Promise<void> => {
  const body = JSON.stringify({ email: "a@acme.com" })
  const headers = { "content-type": "application/json", authorization: "nobody's" }
  const answer = fetch(`${url}/v1/email-address`, { method: "POST", headers, body })
  expect(await jsonOf(answer)).toMatchObject({ error: { statusCode: 401, code: "AUTHORIZATION_REQUIRED" } })
}

it("Express: adds by a function, and answers links below a prefix", { timeout: patience }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-example-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const example = await startExample("express", {
    DATABASE: join(folder, "countersign.db"),
    SMTP_URL: `smtp://${nowhere}`,
    DNS_SERVERS: nowhere
  })
  const settings = `${example.url}/settings/sender`
  const put = (address: string) =>
    jsonOf(
      fetch(settings, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ address })
      })
    )
  expect(await jsonOf(fetch(settings))).toEqual({ error: "SenderNotFound", message: "there is no such sender" })
  expect(await put("nonsense")).toMatchObject({ error: "AddressRefused" })
  expect(await put("ada@acme.com")).toMatchObject({ status: "pending", publish: [{ type: "CNAME" }, {}, {}] })
  expect(await jsonOf(fetch(settings))).toMatchObject({
    address: "ada@acme.com",
    blockers: [{ code: "mailbox-unconfirmed" }, { code: "domain-unverified" }]
  })
  expect((await fetch(`${example.url}/mail/verify/damaged`)).status).toBe(404)
  expect((await fetch(`${example.url}/mail/metrics`)).status).toBe(404)
  expect(await example.stop()).toMatchObject({ code: 0, stderr: "" })
})

it("Fastify: mounts below a prefix, beside the service's own", { timeout: patience }, async () => {
  const example = await startExample("fastify")
  expect(await (await fetch(example.url)).text()).toBe("the service's own")
  await callerUnknown(`${example.url}/api`)
  expect(await (await fetch(`${example.url}/mail/verify/damaged`)).text()).toContain("link")
  expect(await example.stop()).toMatchObject({ code: 0, stderr: "" })
})

it("Effect: lives in one router with the service's own", { timeout: patience }, async () => {
  const example = await startExample("effect")
  expect(await jsonOf(fetch(`${example.url}/from/acme`))).toEqual({ from: null })
  await callerUnknown(example.url)
  expect(await example.stop()).toMatchObject({ stderr: "" })
})
