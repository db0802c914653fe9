import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { temporaryFolder } from "./Program.ts"
import { add, becomes, confirm, stopped } from "./Sandbox.ts"
import { linkIn, mailPassword, makeWorld, serve } from "./World.ts"

it("serves as configured, by the mail server and the resolver that it is given, and logs JSON and stores everything without secrets", async () => {
  const folder = temporaryFolder()
  const { smtp, dns, environment, overview } = await makeWorld({ COUNTERSIGN_DATA: folder })

  const program = await serve({ ...environment, LOG_LEVEL: "trace" })
  const { url } = program
  const server = { ...program, overview }

  const added = await add(server, "ada.lovelace@example.com")
  const mail = await Effect.runPromise(
    smtp.awaitMessage(({ to }) => to.includes("ada.lovelace@example.com"), "20 seconds")
  )
  const link = linkIn(mail.text)
  expect(link.startsWith(`${url}/verify/`)).toBe(true)
  expect((await confirm(link)).status).toBe(200)
  for (const { name, type, value } of added.dnsRecords) await Effect.runPromise(dns.zone.put(name, type, value))
  // A second add of the same domain probes it now.
  await add(server, "bob@example.com")
  await becomes(server, "domain-verified")

  for (const path of ["/sandbox", "/sandbox.json", "/sandbox/inbox.json", "/sandbox/dns.json"]) {
    expect((await fetch(`${url}${path}`)).status).toBe(404)
  }
  const ended = await stopped(program)
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  for (const line of ended.stdout.trim().split("\n")) {
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), message: expect.any(String) })
  }
  const secrets = [link.slice(-92), overview.accessToken, mailPassword, environment.COUNTERSIGN_SECRET]
  for (const secret of [...secrets, "ada.lovelace"]) expect(ended.stdout).not.toContain(secret)
  // Of a key only the hash is stored, and of a link nothing that would make it.
  const files = readdirSync(folder)
  const stored = files.map((file) => readFileSync(join(folder, file), "latin1")).join("")
  expect(stored).toContain("ada.lovelace")
  for (const secret of secrets) expect(stored).not.toContain(secret)
})
