/** The plugin in nodemailer itself: what a server gets is what was signed, and nothing when it was not. */
import { createServer } from "node:net"
import { createTransport } from "nodemailer"
import { expect, it } from "vitest"
import { countersignSigning } from "../src/index.ts"
import { judges } from "./Judges.ts"
import { domain, records, signed } from "./Signing.ts"

const mail = {
  from: "J\u00FCrgen <ada@example.com>",
  to: "bob@example.net",
  bcc: "eve@example.net",
  subject: "Gr\u00FC\u00DFe",
  text: "Hello \n.\n\nb",
  html: "<p>Hello</p>",
  attachments: [{ filename: "a.bin", content: Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 256)) }]
}

it("signs what nodemailer composed, once and without its Bcc", async () => {
  const owners: Array<string> = []
  const transport = createTransport({ streamTransport: true, buffer: true, newline: "windows" })
  const sign = (raw: Uint8Array, owner: string) => {
    owners.push(owner)
    return signed(raw)
  }
  transport.use(
    "stream",
    countersignSigning(sign, (data: { readonly subject?: unknown }) => `owner of ${data.subject}`)
  )
  const { message, envelope } = await transport.sendMail(mail)
  expect(owners).toEqual(["owner of Gr\u00FC\u00DFe"])
  expect(envelope.to).toEqual(["bob@example.net", "eve@example.net"])
  if (!Buffer.isBuffer(message)) throw new Error("the mail is a stream")
  expect(String(message)).not.toMatch(/^bcc:/im)
  for (const [name, judge] of judges) {
    expect([name, await judge([message], domain, records)]).toEqual([name, [true]])
  }
})

it("fails and does not connect when the mail is not signed", async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" ? address?.port : undefined
  const transport = createTransport({ host: "127.0.0.1", port: port ?? 0 })
  transport.use(
    "stream",
    countersignSigning(
      (raw) => signed(raw),
      () => undefined
    )
  )
  try {
    await expect(transport.sendMail({ ...mail, from: "a@example.com, b@example.com" })).rejects.toMatchObject({
      _tag: "MessageRefused",
      code: "from-syntax"
    })
    expect(connections).toBe(0)
  } finally {
    transport.close()
    await new Promise((resolve) => server.close(resolve))
  }
})
