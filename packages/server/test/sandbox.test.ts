import { createSocket } from "node:dgram"
import { decode, encode, type Packet, type RecordType } from "dns-packet"
import { createTransport } from "nodemailer"
import { expect, it } from "vitest"
import { temporaryFolder, until } from "./Program.ts"
import { add, becomes, confirm, current, inbox, mailedLink, putRecord, startSandbox, stopped, zone } from "./Sandbox.ts"

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(":") + 1))

/** One question over UDP, as raw packets. */
const ask = (server: string, name: string, type: RecordType = "CNAME"): Promise<Packet> =>
  new Promise((resolve, reject) => {
    const socket = createSocket("udp4")
    socket.once("error", reject)
    socket.once("message", (packet) => {
      socket.close()
      resolve(decode(packet))
    })
    socket.send(encode({ type: "query", id: 7, questions: [{ type, name }] }), portOf(server), "127.0.0.1")
  })

it("walks from an address to an active sender, over real SMTP and real DNS", async () => {
  const sandbox = await startSandbox()
  const added = await add(sandbox, "ada@shop.example")
  expect(added).toMatchObject({ email: "ada@shop.example", status: "pending", emailVerificationStatus: "PENDING" })
  expect(added.dnsRecords).toHaveLength(3)

  const confirmed = await confirm(await mailedLink(sandbox, "ada@shop.example"))
  expect(confirmed.status).toBe(200)
  expect((await current(sandbox)).status).toBe("email-verified")

  for (const record of added.dnsRecords) expect((await putRecord(sandbox, record)).status).toBe(200)
  expect(await zone(sandbox)).toHaveLength(3)
  await becomes(sandbox, "active")
  expect(await inbox(sandbox)).toHaveLength(1)
})

it("keeps the members of its JSON as they are promised", async () => {
  const sandbox = await startSandbox()
  expect(Object.keys(sandbox.overview)).toEqual(["account", "organization", "accessToken", "smtp", "dns", "relay"])
  expect(Object.keys(sandbox.overview.account)).toEqual(["id", "email"])
  expect(Object.keys(sandbox.overview.organization)).toEqual(["id"])
  expect(sandbox.overview.smtp).toMatch(/^127\.0\.0\.1:\d+$/)
  expect(sandbox.overview.dns).toMatch(/^127\.0\.0\.1:\d+$/)
  expect(sandbox.overview.relay).toMatch(/^127\.0\.0\.1:\d+$/)

  await add(sandbox, "Ada+Tag@shop.example")
  await mailedLink(sandbox, "Ada+Tag@shop.example")
  const [mail] = await inbox(sandbox)
  const content = ["id", "from", "to", "subject", "text", "html", "receivedAt"]
  expect(Object.keys(mail ?? {})).toEqual([...content, "raw", "authentication"])
  expect(mail?.to).toEqual(["Ada+Tag@shop.example"])
})

it("takes a mail from any client, and shows it decoded and newest first", async () => {
  const sandbox = await startSandbox()
  const port = portOf(sandbox.overview.smtp)
  const client = createTransport({ host: "127.0.0.1", port, ignoreTLS: true })
  await client.sendMail({ from: "a@b.example", to: "c@d.example", subject: "Grüße", text: "erste Zeile: ä" })
  await client.sendMail({
    from: "a@b.example",
    to: ["c@d.example", "e@f.example"],
    subject: "second",
    html: "<b>ü</b>"
  })
  client.close()
  const mails = await inbox(sandbox)
  expect(mails.map(({ subject }) => subject)).toEqual(["second", "Grüße"])
  expect(mails[0]).toMatchObject({ from: "a@b.example", to: ["c@d.example", "e@f.example"], html: "<b>ü</b>\n" })
  expect(mails[1]?.text).toContain("erste Zeile: ä")
})

it("answers raw DNS packets from the zone, and NXDOMAIN with an SOA for unknown names", async () => {
  const sandbox = await startSandbox()
  const unknown = await ask(sandbox.overview.dns, "nobody.shop.example")
  expect(unknown).toMatchObject({ id: 7, rcode: "NXDOMAIN", answers: [], authorities: [{ type: "SOA" }] })

  const record = { type: "CNAME", name: "www.shop.example", value: "target.example.net" }
  await putRecord(sandbox, record)
  const known = await ask(sandbox.overview.dns, "www.shop.example")
  expect(known.answers).toMatchObject([{ type: "CNAME", name: "www.shop.example", data: "target.example.net" }])

  await putRecord(sandbox, { ...record, value: "other.example.net" })
  expect(await zone(sandbox)).toMatchObject([{ ...record, value: "other.example.net" }])
  const path = `${sandbox.url}/sandbox/dns/www.shop.example`
  expect(await (await fetch(path, { method: "DELETE" })).json()).toEqual({ removed: true })
  expect(await (await fetch(path, { method: "DELETE" })).json()).toEqual({ removed: false })
  expect(await zone(sandbox)).toEqual([])
})

it("holds records of every promised type, and replaces those of a name and type by one PUT", async () => {
  const sandbox = await startSandbox()
  const name = "shop.example"
  const records = [
    ["A", "192.0.2.9", "192.0.2.1", "192.0.2.1"],
    ["AAAA", "2001:db8::9", "2001:db8::1", "2001:db8::1"],
    ["TXT", "old", "v=spf1 -all", [Buffer.from("v=spf1 -all")]],
    ["NS", "old.example", "ns.example", "ns.example"],
    ["MX", "20 old.example", "10 mx.example", { preference: 10, exchange: "mx.example" }]
  ] as const
  for (const [type, before, value] of records) {
    expect((await putRecord(sandbox, { name, type, value: before })).status).toBe(200)
    expect((await putRecord(sandbox, { name, type, value })).status).toBe(200)
  }
  expect(await zone(sandbox)).toHaveLength(records.length)
  for (const [type, , , data] of records) {
    expect((await ask(sandbox.overview.dns, name, type)).answers).toMatchObject([{ type, name, data }])
  }
})

it("refuses records that no zone can hold, and changes nothing", async () => {
  const sandbox = await startSandbox()
  const put = (name: string, body: string) => fetch(`${sandbox.url}/sandbox/dns/${name}`, { method: "PUT", body })
  const status = async (name: string, body: string) => (await put(name, body)).status
  expect(await status("a.example", "no json")).toBe(400)
  expect(await status("a.example", '{"type":"CNAME"}')).toBe(400)
  expect(await status("a.example", '{"type":"SRV","value":"x.example"}')).toBe(400)
  expect(await status("a.example", '{"type":"A","value":"x.example"}')).toBe(400)
  expect(await status("a..example", '{"type":"A","value":"192.0.2.1"}')).toBe(400)
  expect(await status("a.example", `{"type":"TXT","value":"${"x".repeat(70_000)}"}`)).toBe(413)
  expect(await status("a.example", '{"type":"TXT","value":"x"}')).toBe(200)
  expect(await status("a.example", '{"type":"CNAME","value":"x.example"}')).toBe(409)
  expect(await zone(sandbox)).toMatchObject([{ name: "a.example", type: "TXT", value: "x" }])
})

it("lets no other web site in", async () => {
  const sandbox = await startSandbox()
  const put = (headers: Record<string, string>) =>
    fetch(`${sandbox.url}/sandbox/dns/a.example`, {
      method: "PUT",
      headers,
      body: JSON.stringify({ type: "TXT", value: "x" })
    })
  expect((await put({ origin: "https://evil.example" })).status).toBe(403)
  expect((await put({ origin: "null" })).status).toBe(403)
  expect(await zone(sandbox)).toEqual([])
  expect((await put({ origin: sandbox.url })).status).toBe(200)
  const page = await fetch(`${sandbox.url}/sandbox`)
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'")
  expect(page.headers.get("access-control-allow-origin")).toBeNull()
})

it("makes one sender and one mail of 100 POSTs of one address at once", async () => {
  const sandbox = await startSandbox()
  const answers = await Promise.all(Array.from({ length: 100 }, () => add(sandbox, "same@shop.example")))
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
  await mailedLink(sandbox, "same@shop.example")
  // A mail that comes later tells that none for the first address is still on its way: the tasks are done in order.
  await add(sandbox, "later@shop.example")
  await mailedLink(sandbox, "later@shop.example")
  expect((await inbox(sandbox)).map(({ to }) => to[0]).sort()).toEqual(["later@shop.example", "same@shop.example"])
})

it("makes 100 senders and 100 mails of 100 different addresses at once", async () => {
  const sandbox = await startSandbox()
  const addresses = Array.from({ length: 100 }, (_, index) => `user${index}@shop.example`)
  const answers = await Promise.all(addresses.map((address) => add(sandbox, address)))
  expect(new Set(answers.map(({ id }) => id)).size).toBe(100)
  await until("100 mails", async () => ((await inbox(sandbox)).length >= 100 ? true : undefined), 60)
  expect((await inbox(sandbox)).map(({ to }) => to[0]).sort()).toEqual([...addresses].sort())
})

it("keeps everything in COUNTERSIGN_DATA: account, senders, links, zone and inbox", async () => {
  const data = temporaryFolder()
  const first = await startSandbox({ COUNTERSIGN_DATA: data })
  const verified = await add(first, "ada@shop.example", first.overview.organization.id)
  await confirm(await mailedLink(first, "ada@shop.example"))
  for (const record of verified.dnsRecords) await putRecord(first, record)
  await becomes(first, "active", first.overview.organization.id)
  await add(first, "bob@shop.example")
  const link = new URL(await mailedLink(first, "bob@shop.example"))
  const before = { inbox: await inbox(first), zone: await zone(first) }
  expect((await stopped(first)).code).toBe(0)

  const second = await startSandbox({ COUNTERSIGN_DATA: data })
  expect(second.overview.account).toEqual(first.overview.account)
  expect(second.overview.organization).toEqual(first.overview.organization)
  expect({ inbox: await inbox(second), zone: await zone(second) }).toEqual(before)
  expect((await current(second, second.overview.organization.id)).status).toBe("active")
  expect((await confirm(`${second.url}${link.pathname}`)).status).toBe(200)
  expect((await current(second)).status).toBe("active")
})

it("leads from the bare address to its page", async () => {
  const sandbox = await startSandbox()
  const root = await fetch(`${sandbox.url}/`, { redirect: "manual" })
  expect([root.status, root.headers.get("location")]).toEqual([302, "/sandbox"])
})
