/**
 * From nothing to a signed mail, in virtual time: the host publishes its keys, the customer the records, and a receiver
 * of mail says that it passes.
 */
import { isSenderFailure, type MailOwner } from "countersign"
import { makeTestCountersign, type TestCountersign } from "countersign/testing"
import { authenticate } from "mailauth"
import { createTransport } from "nodemailer"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const account = "acme"
const address = "billing@acme.com"
const crlf = (...lines: ReadonlyArray<string>) => lines.join("\r\n")
const message = (from: string) => crlf(`From: ${from}`, "To: bob@example.net", "Subject: Your invoice", "", "Hello", "")

let countersign: TestCountersign
/** What the DNS of the world has at each name. */
const published = new Map<string, string>()

const confirmNewest = async () => {
  const link = (await countersign.mails()).at(-1)?.link ?? "no mail"
  await countersign.senders.confirm({ token: link.split("/").at(-1) ?? link })
}

beforeAll(async () => {
  countersign = await makeTestCountersign({ dkimKeys: "here", fallbackFrom: "mail@host.com" })
  const { sender } = await countersign.senders.add({ account, address })
  await countersign.advance("1 second")
  await confirmNewest()
  await countersign.dns.publish(sender)
  const keys = await countersign.keyRecords()
  for (const [index, { name, value: target }] of sender.plan.records.entries()) {
    published.set(name, keys[index]?.value ?? "no key")
    expect(target).toContain(keys[index]?.name.slice(1))
  }
  await countersign.advance("10 minutes")
})
afterAll(() => countersign.close())

/** As a receiver does whose policy for the domain is to reject. */
const verdict = async (mail: Uint8Array) => {
  const { dkim, dmarc } = await authenticate(Buffer.from(mail), {
    ...{ ip: "192.0.2.1", helo: "mx.invalid", sender: "bounce@invalid.invalid", mta: "mx.invalid" },
    ...{ disableArc: true, disableBimi: true },
    resolver: async (name: string) => {
      const text = name === "_dmarc.acme.com" ? "v=DMARC1; p=reject; adkim=s" : published.get(name)
      if (text === undefined) throw Object.assign(new Error(`no such name: ${name}`), { code: "ENOTFOUND" })
      return [[text]]
    }
  })
  return [dkim.results.map(({ status }) => status.result), dmarc === false ? "none" : dmarc.status.result]
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("it was signed"),
    (error: unknown) => (isSenderFailure(error) ? error : expect.unreachable(`not ours: ${String(error)}`))
  )

const transport = (owner: MailOwner | ((data: { readonly subject?: unknown }) => MailOwner)) => {
  const made = createTransport({ streamTransport: true, buffer: true, newline: "windows" })
  made.use("stream", countersign.nodemailer(owner))
  return made
}
const mail = { from: `Acme <${address}>`, to: "bob@example.net", subject: "acme", text: "Hello" }

describe("a mail of an active sender", () => {
  it("passes at its receiver, from text and from octets", async () => {
    for (const given of [message(address), Buffer.from(message(`Acme <${address}>`))]) {
      const signed = await countersign.sign(given, { account })
      expect(await verdict(signed)).toEqual([["pass"], "pass"])
      expect(String(signed)).toMatch(
        /^DKIM-Signature: (.|\r\n)* d=acme\.com;(.|\r\n)*\r\nMessage-ID: <[\w-]+@acme\.com>/
      )
    }
  })

  it("passes when nodemailer composed it, for an owner and for a function of the mail", async () => {
    for (const owner of [
      { account },
      ({ subject }: { readonly subject?: unknown }) => ({ account: String(subject) })
    ]) {
      const { message } = await transport(owner).sendMail(mail)
      if (!Buffer.isBuffer(message)) throw new Error("the mail is a stream")
      expect(await verdict(message)).toEqual([["pass"], "pass"])
    }
  })
})

describe("what is not signed", () => {
  it("is another account's, an organization's or nobody's From", async () => {
    for (const owner of [{ account: "other" }, { account, organization: "berlin" }]) {
      const sentence = "This From address is none of your senders."
      const refused = { _tag: "FromRefused", code: "from-not-a-sender", message: sentence }
      expect(await refusal(countersign.sign(message(address), owner))).toMatchObject(refused)
      await expect(transport(owner).sendMail(mail)).rejects.toMatchObject(refused)
    }
  })

  it("is a message that breaks a rule", async () => {
    const twice = message(`${address}\r\nFrom: eve@example.net`)
    expect(await refusal(countersign.sign(twice, { account }))).toMatchObject({
      _tag: "MessageRefused",
      code: "header-repeated"
    })
  })

  it("is mail of a sender that was removed a second ago, which gets the fallback", async () => {
    const { sender } = await countersign.senders.add({ account, address: "new@acme.com" })
    await countersign.advance("1 second")
    await confirmNewest()
    await countersign.advance("1 second")
    expect(await verdict(await countersign.sign(message("new@acme.com"), { account }))).toEqual([["pass"], "pass"])
    await countersign.senders.remove({ account, id: sender.id })
    await countersign.advance("1 second")
    expect(await refusal(countersign.sign(message("new@acme.com"), { account }))).toMatchObject({ _tag: "FromRefused" })
    const plan = await countersign.senders.sendPlan({ account, from: "new@acme.com" })
    expect([plan.reason, plan.from]).toEqual(["fallback", '"acme" <mail@host.com>'])
  })

  it("is anything while the keys are elsewhere", async () => {
    const other = await makeTestCountersign()
    expect(await refusal(other.sign(message(address), { account }))).toMatchObject({
      _tag: "FromRefused",
      message: "The signing keys are kept elsewhere: nothing is signed here."
    })
    await other.close()
  })
})

it("a domain does not count while the host's own keys cannot be seen behind its records", async () => {
  const other = await makeTestCountersign({ dkimKeys: "here" })
  const { sender } = await other.senders.add({ account, address })
  for (const { name, type, value } of sender.plan.records) await other.dns.put(name, type, value)
  await other.advance("10 minutes")
  expect((await other.senders.get({ account, id: sender.id })).domainState).toBe("pending")
  await other.dns.publish(sender)
  await other.advance("1 hour")
  expect((await other.senders.get({ account, id: sender.id })).domainState).toBe("verified")
  await other.close()
})
