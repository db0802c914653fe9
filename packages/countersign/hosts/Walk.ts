/**
 * What somebody does with a service that embeds Countersign: adds senders, opens the mailed link, confirms, and asks for
 * a list that is so long that the storage walks it on a thread.
 */
import type { SmtpSinkHandle } from "@countersign/sandbox"
import { Effect } from "effect"
import { until } from "./Programs.ts"

const expectStatus = async (answer: Response, status: number): Promise<string> => {
  const text = await answer.text()
  if (answer.status !== status) throw new Error(`${answer.url} answered ${answer.status}, not ${status}: ${text}`)
  return text
}

const add = async (url: string, address: string): Promise<void> => {
  const headers = { "content-type": "application/json" }
  const answer = await fetch(`${url}/senders`, { method: "POST", headers, body: JSON.stringify({ address }) })
  const text = await answer.text()
  if (!answer.ok || !text.includes('"created":true')) throw new Error(`adding answered ${answer.status}: ${text}`)
}

/** The path of the link that was mailed to an address. */
const linkTo = (inbox: SmtpSinkHandle, address: string): Promise<string> =>
  until(`a mail to ${address}`, async () => {
    const mail = (await Effect.runPromise(inbox.messages)).find(({ to }) => to.includes(address))
    return /https:\/\/app\.example\.com(\/\S*verify\/\S+)/.exec(mail?.text ?? "")?.[1]
  })

/** Opens a mailed link as a browser does, and presses the button. */
export const confirm = async (url: string, inbox: SmtpSinkHandle, address: string): Promise<void> => {
  const link = url + (await linkTo(inbox, address))
  const page = await fetch(link)
  const cookie = page.headers.get("set-cookie")?.split(";")[0] ?? ""
  const nonce = /name="nonce" value="([^"]+)"/.exec(await expectStatus(page, 200))?.[1] ?? ""
  const body = new URLSearchParams({ nonce, action: "confirm" })
  await expectStatus(await fetch(link, { method: "POST", headers: { cookie }, body }), 200)
}

/** More than the storage walks on the event loop. */
const many = 60

/** The whole walk through a service as the pages have it: its own `/senders`, and the confirmation page below `/mail`. */
export const walk = async (url: string, inbox: SmtpSinkHandle): Promise<void> => {
  const address = `billing-${new URL(url).port}@acme.com`
  await add(url, address)
  await confirm(url, inbox, address)
  for (let number = 1; number < many; number++) await add(url, `sender-${number}@acme.com`)
  const list: unknown = JSON.parse(await expectStatus(await fetch(`${url}/senders`), 200))
  if (!Array.isArray(list) || list.length !== many) throw new Error(`the list is not of ${many} senders`)
  const statuses = list.map((sender) => sender.status).filter((status) => status !== "pending")
  if (statuses.join() !== "email-verified") throw new Error(`one sender is confirmed, not ${statuses.join()}`)
  await expectStatus(await fetch(`${url}/mail/verify/damaged`), 404)
  await expectStatus(await fetch(`${url}/mail/metrics`), 404)
}
