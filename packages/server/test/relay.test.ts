/**
 * The relay of the server: in the sandbox, whose inbox says what a receiver makes of the mail, and with `--relay`.
 */
import { createTransport } from "nodemailer"
import { expect, it } from "vitest"
import { run, start, temporaryFolder, until } from "./Program.ts"
import { add, becomes, confirm, inbox, mailedLink, putRecord, type Sandbox, startSandbox, stopped } from "./Sandbox.ts"

const clientOf = (sandbox: Sandbox) => {
  const { account, accessToken, relay } = sandbox.overview
  const auth = { user: account.id, pass: accessToken }
  return createTransport({ host: "127.0.0.1", port: Number(relay.split(":")[1]), ignoreTLS: true, auth })
}

const authenticationOf = async (sandbox: Sandbox, wanted: string) =>
  (await inbox(sandbox)).find(({ subject }) => subject === wanted)?.authentication

it("signs what an active sender sends, so that its receiver accepts it, and nothing before", async () => {
  const sandbox = await startSandbox()
  const relay = clientOf(sandbox)
  const send = (subject: string) =>
    relay.sendMail({ from: "Ada <ada@shop.example>", to: "bob@else.example", subject, text: "Grüße" })

  const added = await add(sandbox, "ada@shop.example")
  const why = "550 5.7.1 ada@shop.example is not active: its status is pending."
  await expect(send("early")).rejects.toMatchObject({ responseCode: 550, response: why })
  await confirm(await mailedLink(sandbox, "ada@shop.example"))
  for (const record of added.dnsRecords) await putRecord(sandbox, record)
  await becomes(sandbox, "active")

  const { response } = await until("a slot that signs", async () => send("hello").catch(() => undefined))
  expect(response).toMatch(/^250 2\.0\.0 kept as \d+$/)
  const mail = (await inbox(sandbox)).find(({ subject }) => subject === "hello")
  expect(mail).toMatchObject({
    from: "bounce@example.com",
    to: ["bob@else.example"],
    raw: expect.stringContaining("\r\n d=shop.example;"),
    authentication: { dkim: "pass", dmarc: "pass", spf: "none" }
  })
  expect(await authenticationOf(sandbox, "early")).toBeUndefined()

  // A mail whose Subject was changed on the way.
  const port = Number(sandbox.overview.smtp.split(":")[1])
  const forger = createTransport({ host: "127.0.0.1", port, ignoreTLS: true })
  const forged = (mail?.raw ?? "").replace("Subject: hello", "Subject: forged")
  await forger.sendMail({ envelope: { from: "a@b.example", to: "bob@else.example" }, raw: forged })
  expect(await authenticationOf(sandbox, "forged")).toMatchObject({ dkim: "fail", dmarc: "fail" })

  // A verdict stays what it was when the DNS changes.
  for (const { name } of added.dnsRecords) await fetch(`${sandbox.url}/sandbox/dns/${name}`, { method: "DELETE" })
  expect(await authenticationOf(sandbox, "hello")).toEqual(mail?.authentication)
})

it("does not judge mail where nobody who can is installed, as in production", async () => {
  const absent = `import{registerHooks}from"node:module";registerHooks({resolve(name,context,next){if(name==="mailauth")throw(Object.assign(new(Error),{code:"ERR_MODULE_NOT_FOUND"}));return(next(name,context))}})`
  const sandbox = await startSandbox({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(absent)}` })
  await add(sandbox, "ada@shop.example")
  await mailedLink(sandbox, "ada@shop.example")
  expect(await inbox(sandbox)).toMatchObject([{ authentication: null }])
  expect(sandbox.output()).not.toContain("could not be judged")
})

it("takes mail beside the API, in front of the configured mail server", async () => {
  const { overview } = await startSandbox()
  const server = start(["serve", "--relay"], {
    PORT: "0",
    COUNTERSIGN_DATA: temporaryFolder(),
    COUNTERSIGN_SECRET: "a".repeat(64),
    DKIM_ZONE: "dkim.example.com",
    MAIL_FROM: "no-reply@example.com",
    SMTP_URL: `smtp://${overview.smtp}`,
    DNS_SERVERS: overview.dns,
    DNS_MODE: "resolver",
    RELAY_LISTEN: "127.0.0.1:0",
    RELAY_BOUNCE: "bounce@example.com"
  })
  const listening = () => /The relay listens on 127\.0\.0\.1, port (\d+)/.exec(server.output())?.[1]
  const port = Number(await until("the relay", listening))
  const auth = { user: overview.account.id, pass: overview.accessToken }
  const stranger = createTransport({ host: "127.0.0.1", port, ignoreTLS: true, auth })
  await expect(stranger.verify()).rejects.toMatchObject({ responseCode: 535 })
  await stopped(server)
})

it("is kept on loopback in the sandbox", async () => {
  const { code, stderr } = await run(["serve", "--sandbox"], {
    RELAY_LISTEN: "0.0.0.0:0",
    RELAY_TLS_CERT: "/dev/null",
    RELAY_TLS_KEY: "/dev/null"
  })
  expect([code, stderr]).toEqual([1, "RELAY_LISTEN is refused in the sandbox: it listens on loopback only.\n"])
})

it("says what it lacks, each variable once", async () => {
  const { code, stderr } = await run(["serve", "--relay"], { RELAY_LISTEN: "0.0.0.0:2587", DKIM_KEYS: "here" })
  expect(code).toBe(1)
  const names = stderr
    .trim()
    .split("\n")
    .map((line) => line.split(" ")[0])
  expect(names.filter((name) => name === "SMTP_URL")).toHaveLength(1)
  const elsewhere = await run(["serve", "--relay"], { SMTP_URL: "smtp://127.0.0.1:25", DKIM_KEYS: "elsewhere" })
  expect(elsewhere.stderr).toContain("DKIM_KEYS must be here with --relay: the relay signs.\n")
  const open = await run(["serve", "--relay"], { SMTP_URL: "smtp://127.0.0.1:25", RELAY_LISTEN: "0.0.0.0:2587" })
  for (const name of ["RELAY_BOUNCE", "RELAY_TLS_CERT", "RELAY_TLS_KEY"])
    expect(open.stderr).toContain(`${name} must be `)
})
