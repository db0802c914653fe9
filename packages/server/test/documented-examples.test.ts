/**
 * The examples of the documentation that this API follows, in each language that it gives them in: `curl` as it is
 * pasted, `fetch`, and what Python's `requests` puts on the wire. Host, token, id and address are filled in, nothing
 * else.
 */
import { execFile } from "node:child_process"
import { request } from "node:http"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { confirm, mailedLink, startSandbox } from "./Sandbox.ts"

interface Example {
  readonly url: string
  readonly method: "GET" | "POST" | "DELETE"
  readonly accessToken: string
  /** Absent in the examples without one. */
  readonly body?: Readonly<Record<string, string>>
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

const byCurl = async ({ url, method, accessToken, body }: Example): Promise<Answer> => {
  const data = body === undefined ? "" : ` \\\n-d '${JSON.stringify(body).replace("{", "{\n").replace("}", "\n}")}'`
  const pasted = `curl -X ${method} ${url} \\\n-H 'Authorization: ${accessToken}' \\\n-H 'Content-Type: application/json'${data}`
  const { stdout } = await promisify(execFile)("sh", ["-c", `${pasted} -s -w '\\n%{http_code}'`])
  const end = stdout.lastIndexOf("\n")
  return { status: Number(stdout.slice(end)), body: JSON.parse(stdout.slice(0, end)) }
}

const byFetch = async ({ url, method, accessToken, body }: Example): Promise<Answer> => {
  const response = await fetch(url, {
    method,
    headers: { Authorization: accessToken, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  return { status: response.status, body: await response.json() }
}

// The headers that requests 2.34 sends, in its order and spelling; its JSON has a space after each colon.
const byPython = ({ url, method, accessToken, body }: Example): Promise<Answer> =>
  new Promise((done, failed) => {
    const data = body === undefined ? "" : JSON.stringify(body).replace('":"', '": "')
    const headers = [
      ["Host", new URL(url).host],
      ["User-Agent", "python-requests/2.34.2"],
      ["Accept-Encoding", "gzip, deflate"],
      ["Accept", "*/*"],
      ["Connection", "keep-alive"],
      ["Authorization", accessToken],
      ["content-type", "application/json"],
      ...(method === "GET" ? [] : [["Content-Length", String(Buffer.byteLength(data))]])
    ]
    const sent = request(url, { method, headers: headers.flat(), setDefaultHeaders: false }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part
      })
      response.on("end", () => done({ status: response.statusCode ?? 0, body: JSON.parse(text) }))
    })
    sent.on("error", failed).end(data)
  })

const forms = { curl: byCurl, fetch: byFetch, requests: byPython }

const word = expect.stringMatching(/^(PENDING|SUCCESS)$/)
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

it.each(["curl", "fetch", "requests"] as const)("all ten endpoints answer as documented to %s", async (form) => {
  const { url: host, overview } = await startSandbox()
  const send = (method: Example["method"], url: string, body?: Example["body"]) =>
    forms[form]({ url, method, accessToken: overview.accessToken, ...(body === undefined ? {} : { body }) })

  for (const organizationId of [null, overview.organization.id]) {
    const email = `${organizationId === null ? "all" : "one"}@${form}.example`
    const path = organizationId === null ? "email-address" : `organizations/${organizationId}/email-address`
    const url = `${host}/v1/${path}`
    const object = {
      id: expect.any(String),
      email,
      emailVerificationStatus: "PENDING",
      domainVerificationStatus: "PENDING",
      tokens: [expect.any(String), expect.any(String), expect.any(String)],
      accountId: overview.account.id,
      organizationId,
      createdAt: time,
      updatedAt: time
    }
    expect(await send("POST", url, { email })).toEqual({ status: 200, body: expect.objectContaining(object) })
    expect(await send("GET", url)).toEqual({ status: 200, body: expect.objectContaining(object) })
    const status = { emailVerificationStatus: word, domainVerificationStatus: word }
    expect(await send("GET", `${url}/status`)).toEqual({ status: 200, body: status })
    // A second link within a minute of the first would be refused; a confirmed address may ask at any time.
    await confirm(await mailedLink({ url: host }, email))
    expect(await send("POST", `${url}/resend-verification`, {})).toEqual({ status: 200, body: { success: true } })
    expect(await send("DELETE", url)).toEqual({ status: 200, body: { count: 1 } })
    expect(await send("GET", url)).toMatchObject({ status: 404, body: { error: { code: "MODEL_NOT_FOUND" } } })
  }
})
