/** `serve --relay`: a program sends as a sender of the account, as soon as that is active and no sooner. */
import { createTransport } from "nodemailer"
import { expect, it } from "vitest"
import { run, until } from "./Program.ts"
import { add, becomes, confirm, inbox, mailedLink, putRecord, startSandbox } from "./Sandbox.ts"

it("signs and passes on what an active sender sends, in front of the sandbox's mail server", async () => {
  const sandbox = await startSandbox({ RELAY_LISTEN: "127.0.0.1:0" }, "--relay")
  const port = await until(
    "the relay",
    () => /The relay listens on 127\.0\.0\.1, port (\d+)/.exec(sandbox.output())?.[1]
  )
  const auth = { user: sandbox.overview.account.id, pass: sandbox.overview.accessToken }
  const relay = createTransport({ host: "127.0.0.1", port: Number(port), ignoreTLS: true, auth })
  const send = () =>
    relay.sendMail({ from: "Ada <ada@shop.example>", to: "bob@else.example", subject: "hello", text: "t" })

  const added = await add(sandbox, "ada@shop.example")
  const why = "550 5.7.1 ada@shop.example is not active: its status is pending."
  await expect(send()).rejects.toMatchObject({ responseCode: 550, response: why })
  await confirm(await mailedLink(sandbox, "ada@shop.example"))
  for (const record of added.dnsRecords) await putRecord(sandbox, record)
  await becomes(sandbox, "active")

  const { response } = await until("a slot that signs", async () => send().catch(() => undefined))
  expect(response).toMatch(/^250 2\.0\.0 kept as \d+$/)
  const mail = (await inbox(sandbox)).find(({ subject }) => subject === "hello")
  expect(mail).toMatchObject({ from: "bounce@example.com", to: ["bob@else.example"] })
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
