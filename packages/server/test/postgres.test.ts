import { onPostgres } from "@countersign/testkit"
import { PostgresCluster } from "@countersign/testkit/postgres"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { run, until } from "./Program.ts"
import { add, becomes, confirm, current, stopped } from "./Sandbox.ts"
import { linkIn, makeWorld, serve } from "./World.ts"

onPostgres((postgres) => {
  it("several processes on one database share requests and work, and one that is killed is not missed", async () => {
    const { url } = await postgres.database()
    const { smtp, dns, environment, overview } = await makeWorld({ DATABASE_URL: url })
    const mailTo = (address: string) =>
      Effect.runPromise(smtp.awaitMessage(({ to }) => to.includes(address), "30 seconds"))
    const first = { ...(await serve(environment)), overview }
    const second = { ...(await serve(environment)), overview }

    const { dnsRecords } = await add(first, "ada@example.com")
    expect(await current(second)).toMatchObject({ email: "ada@example.com" })
    const link = new URL(linkIn((await mailTo("ada@example.com")).text))
    // Whose link it is does not matter: they have the same secret.
    expect((await confirm(`${second.url}${link.pathname}`)).status).toBe(200)
    for (const { name, type, value } of dnsRecords) await Effect.runPromise(dns.zone.put(name, type, value))

    first.kill("SIGKILL")
    await first.ended
    // A second add of the same domain probes it now.
    await add(second, "bob@example.com")
    await mailTo("bob@example.com")
    await becomes(second, "domain-verified")
    expect(await stopped(second)).toMatchObject({ code: 0, stderr: "" })
  })
})

it("answers 503 with Retry-After while the database is away or does not answer, and goes on when it is back", async () => {
  await using cluster = await PostgresCluster.make()
  const { environment, overview } = await makeWorld({ DATABASE_URL: await cluster.createDatabase("away") })
  const server = { ...(await serve(environment)), overview }
  const authorization = overview.accessToken
  const ask = {
    read: () => fetch(`${server.url}/v1/email-address`, { headers: { authorization } }),
    write: () =>
      fetch(`${server.url}/v1/email-address`, {
        method: "POST",
        headers: { authorization, "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
        body: JSON.stringify({ email: "ada@example.com" })
      }),
    list: () => fetch(`${server.url}/sender/list`, { headers: { authorization: `Bearer ${authorization}` } }),
    ready: () => fetch(`${server.url}/ready`)
  }
  const isUnavailable = async () => {
    for (const response of await Promise.all(Object.values(ask).map((request) => request()))) {
      expect(response.status).toBe(503)
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
      expect(await response.text()).not.toMatch(/postgres|sql|ECONN/i)
    }
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
  }
  const isBack = () => until("readiness", async () => ((await ask.ready()).status === 200 ? true : undefined))

  await cluster.stop()
  await isUnavailable()
  await cluster.start()
  await isBack()
  expect((await ask.write()).status).toBe(200)

  await cluster.pause()
  await isUnavailable()
  await cluster.resume()
  await isBack()
  expect((await ask.read()).status).toBe(200)
  expect(await stopped(server)).toMatchObject({ code: 0, stderr: "" })
})

it("ends a start that cannot reach its database with one sentence, which does not name the password", async () => {
  await using cluster = await PostgresCluster.make()
  const there = new URL(await cluster.createDatabase("there"))
  const refused = async (change: (url: URL) => void) => {
    const url = new URL(there)
    change(url)
    const ended = await run(["account", "list"], { DATABASE_URL: url.href })
    expect(ended).toMatchObject({ code: 1, stdout: "" })
    expect(ended.stderr).not.toContain(there.password)
    return ended.stderr
  }
  expect(await refused((url) => (url.password = "wrong-secret"))).toMatch(
    /^The storage is not available: [^\n]*password[^\n]*\.\n$/
  )
  expect(await refused((url) => (url.pathname = "/nowhere"))).toMatch(
    /^The storage is not available: [^\n]*no such database[^\n]*\.\n$/
  )
  expect(await refused((url) => (url.search = "?sslmode=require"))).toMatch(
    /^The storage is not available: [^\n]*TLS[^\n]*\.\n$/
  )
  await cluster.stop()
  expect(await refused(() => undefined)).toMatch(/^The storage is not available: [^\n]*cannot be reached[^\n]*\.\n$/)
})
