/**
 * `serve --sandbox` as a process, and what a client of it does: the HTTP calls of the walk, typed as far as tests look.
 */
import { onTestFinished } from "vitest"
import { type Environment, type Program, start, until } from "./Program.ts"

interface Overview {
  readonly account: { readonly id: string; readonly email: string }
  readonly organization: { readonly id: string }
  readonly accessToken: string
  readonly smtp: string
  readonly dns: string
  readonly relay: string
}

export interface Mail {
  readonly id: string
  readonly from: string
  readonly to: ReadonlyArray<string>
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly receivedAt: string
  readonly raw: string
  readonly authentication: { readonly dkim: string; readonly dmarc: string; readonly spf: string } | null
}

export interface DnsRecord {
  readonly type: string
  readonly name: string
  readonly value: string
}

export interface EmailAddress {
  readonly id: string
  readonly email: string
  readonly createdAt: string
  readonly status: string
  readonly emailVerificationStatus: string
  readonly domainVerificationStatus: string
  readonly dnsRecords: ReadonlyArray<DnsRecord>
}

export interface Sandbox extends Program {
  readonly url: string
  readonly overview: Overview
}

const listening = /^Countersign sandbox on (http:\S+)$/m

/** Starts a sandbox on a free port and waits for its banner. It ends with the test. */
export const startSandbox = async (
  environment: Environment = {},
  ...flags: ReadonlyArray<string>
): Promise<Sandbox> => {
  const program = start(["serve", "--sandbox", ...flags], { PORT: "0", ...environment })
  let ended = false
  void program.ended.then(() => {
    ended = true
  })
  onTestFinished(async () => {
    const forced = setTimeout(() => program.kill("SIGKILL"), 15_000)
    program.kill("SIGTERM")
    await program.ended
    clearTimeout(forced)
  })
  const url = await until("the banner", () => {
    if (ended) throw new Error(`The sandbox ended at its start: ${program.output()}`)
    return listening.exec(program.output())?.[1]
  })
  return { ...program, url, overview: await readJson<Overview>(`${url}/sandbox.json`) }
}

/** Asks it to stop, and waits. */
export const stopped = (program: Program) => {
  program.kill("SIGTERM")
  return program.ended
}

// The shape is what the test expects; it looks at the members that it uses.
const json = async <A>(response: Response): Promise<A> => (await response.json()) as A

const readJson = async <A>(url: string): Promise<A> => json(await fetch(url))

const emailAddressPath = (organization?: string): string =>
  organization === undefined ? "/v1/email-address" : `/v1/organizations/${organization}/email-address`

const authorized = ({ overview }: Pick<Sandbox, "overview">) => ({ authorization: overview.accessToken })

export const add = async (sandbox: Sandbox, email: string, organization?: string): Promise<EmailAddress> => {
  const response = await fetch(`${sandbox.url}${emailAddressPath(organization)}`, {
    method: "POST",
    headers: { ...authorized(sandbox), "content-type": "application/json" },
    body: JSON.stringify({ email })
  })
  if (response.status !== 200) throw new Error(`POST answered ${response.status}: ${await response.text()}`)
  return json(response)
}

/** Requests a new link, and answers the status. */
export const resend = async (sandbox: Sandbox, organization?: string): Promise<number> => {
  const url = `${sandbox.url}${emailAddressPath(organization)}/resend-verification`
  return (await fetch(url, { method: "POST", headers: authorized(sandbox) })).status
}

export const current = async (sandbox: Sandbox, organization?: string): Promise<EmailAddress> =>
  json(await fetch(`${sandbox.url}${emailAddressPath(organization)}`, { headers: authorized(sandbox) }))

export const removeAll = async (sandbox: Sandbox, organization?: string): Promise<{ readonly count: number }> => {
  const path = `${sandbox.url}${emailAddressPath(organization)}`
  const response = await fetch(path, { method: "DELETE", headers: authorized(sandbox) })
  if (response.status !== 200) throw new Error(`DELETE answered ${response.status}`)
  return json(response)
}

export const inbox = async ({ url }: Pick<Sandbox, "url">): Promise<ReadonlyArray<Mail>> =>
  (await readJson<{ readonly messages: ReadonlyArray<Mail> }>(`${url}/sandbox/inbox.json`)).messages

const records = async ({ url }: Pick<Sandbox, "url">): Promise<ReadonlyArray<DnsRecord>> =>
  (await readJson<{ readonly records: ReadonlyArray<DnsRecord> }>(`${url}/sandbox/dns.json`)).records

/** The records that somebody put. */
export const zone = async (sandbox: Pick<Sandbox, "url">): Promise<ReadonlyArray<DnsRecord>> =>
  (await records(sandbox)).filter(({ name }) => !/^(\*|_dmarc)\./.test(name))

/** The records that the sandbox puts itself. */
export const keyRecords = async (sandbox: Pick<Sandbox, "url">): Promise<ReadonlyArray<DnsRecord>> =>
  (await records(sandbox)).filter(({ name }) => name.startsWith("*."))

export const putRecord = ({ url }: Pick<Sandbox, "url">, { name, type, value }: DnsRecord): Promise<Response> =>
  fetch(`${url}/sandbox/dns/${name}`, { method: "PUT", body: JSON.stringify({ type, value }) })

/** The link in the newest mail to the address, once it has come. */
export const mailedLink = (sandbox: Pick<Sandbox, "url">, address: string): Promise<string> =>
  until(`a mail to ${address}`, async () => {
    const mail = (await inbox(sandbox)).find(({ to }) => to.includes(address))
    return mail === undefined ? undefined : /https?:\/\/\S+\/verify\/[\w-]{92}/.exec(mail.text)?.[0]
  })

/** Opens the link's page and presses a button, as a browser does. Answers the page after it. */
const press = async (link: string, action: string): Promise<{ readonly status: number; readonly page: string }> => {
  const page = await fetch(link)
  const cookie = (page.headers.get("set-cookie") ?? "").split(";")[0] ?? ""
  const nonce = /name="nonce" value="([^"]+)"/.exec(await page.text())?.[1] ?? ""
  const answer = await fetch(link, {
    method: "POST",
    headers: { cookie, origin: new URL(link).origin },
    body: new URLSearchParams({ action, nonce })
  })
  return { status: answer.status, page: await answer.text() }
}

export const confirm = (link: string) => press(link, "confirm")

export const decline = (link: string) => press(link, "decline")

/** Waits until the newest sender has this status. */
export const becomes = (sandbox: Sandbox, status: string, organization?: string): Promise<EmailAddress> =>
  until(`status ${status}`, async () => {
    const sender = await current(sandbox, organization)
    return sender.status === status ? sender : undefined
  })
