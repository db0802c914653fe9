import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { DnsServer, SmtpSink } from "@countersign/sandbox"
import { Effect, Exit, Scope } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { type Environment, run, start, temporaryFolder, until } from "./Program.ts"
import { add, becomes, confirm, stopped } from "./Sandbox.ts"

/** Something that lives until the test ends. */
const forTheTest = async <A, E>(make: Effect.Effect<A, E, Scope.Scope>): Promise<A> => {
  const scope = await Effect.runPromise(Scope.make())
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.runPromise(Scope.provide(make, scope))
}

/** Runs an operator's command, and answers a member of what it says. */
const operate = async (environment: Environment, member: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const ended = await run([...args, "--json"], environment)
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  return String(JSON.parse(ended.stdout)[member])
}

it("serves as configured, by the mail server and the resolver that it is given, and logs JSON and stores everything without secrets", async () => {
  const smtp = await forTheTest(SmtpSink.make({ auth: { user: "mailer", pass: "s3cret-pass" } }))
  const dns = await forTheTest(DnsServer.make())
  const environment = {
    PORT: "0",
    COUNTERSIGN_DATA: temporaryFolder(),
    COUNTERSIGN_SECRET: "0123456789abcdef0123456789abcdef",
    SMTP_URL: `smtp://mailer:s3cret-pass@${smtp.address}`,
    MAIL_FROM: "Countersign <no-reply@countersign.example>",
    DKIM_ZONE: "dkim.countersign.example",
    DNS_SERVERS: dns.address,
    LOG_LEVEL: "trace"
  }
  const account = await operate(environment, "id", "account", "create", "--email", "ops@acme.example", "--name", "Acme")
  const accessToken = await operate(environment, "secret", "key", "create", "--account", account)

  const program = start(["serve"], environment)
  onTestFinished(() => program.kill("SIGKILL"))
  const url = await until("its first line", () => /Listening on (http:[^;]+);/.exec(program.output())?.[1])
  const overview = { account: { id: account, email: "" }, organization: { id: "" }, accessToken, smtp: "", dns: "" }
  const server = { ...program, url, overview }

  const added = await add(server, "ada.lovelace@example.com")
  const mail = await Effect.runPromise(
    smtp.awaitMessage(({ to }) => to.includes("ada.lovelace@example.com"), "20 seconds")
  )
  const link = /https?:\/\/\S+\/verify\/[\w-]{92}/.exec(mail.text)?.[0] ?? ""
  expect(link.startsWith(`${url}/verify/`)).toBe(true)
  expect((await confirm(link)).status).toBe(200)
  for (const { name, type, value } of added.dnsRecords) await Effect.runPromise(dns.zone.put(name, type, value))
  // A second add of the same domain looks at it now.
  await add(server, "bob@example.com")
  await becomes(server, "domain-verified")

  for (const path of ["/sandbox", "/sandbox.json", "/sandbox/inbox.json", "/sandbox/dns.json"]) {
    expect((await fetch(`${url}${path}`)).status).toBe(404)
  }
  const ended = await stopped(program)
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  for (const line of ended.stdout.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("level")
  const secrets = [link.slice(-92), accessToken, "s3cret-pass", environment.COUNTERSIGN_SECRET]
  for (const secret of [...secrets, "ada.lovelace"]) expect(ended.stdout).not.toContain(secret)
  // Of a key only the hash is stored, and of a link nothing that would make it.
  const files = readdirSync(environment.COUNTERSIGN_DATA)
  const stored = files.map((file) => readFileSync(join(environment.COUNTERSIGN_DATA, file), "latin1")).join("")
  expect(stored).toContain("ada.lovelace")
  for (const secret of secrets) expect(stored).not.toContain(secret)
})
