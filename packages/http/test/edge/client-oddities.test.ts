/**
 * What the documents and the real clients of the three dialects put on the wire, oddities included. The requests go out
 * as they are written here: no client library mends a path, a query or a header.
 */
import { type IncomingHttpHeaders, request } from "node:http"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Service, startService } from "../Service.ts"

let service: Service
const dialects = { si: "Space Invoices", ot: "OpenTransact", sm: "Sendmachine" } as const
type Dialect = keyof typeof dialects

interface Sent {
  readonly headers?: Record<string, string>
  readonly body?: string
  /** Without a length: in chunks. */
  readonly chunked?: boolean
}

interface Received {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

const send = (method: string, path: string, { headers = {}, body, chunked = false }: Sent = {}) =>
  new Promise<Received>((done, failed) => {
    const length = body === undefined || chunked ? {} : { "content-length": String(Buffer.byteLength(body)) }
    const options = { host: "127.0.0.1", port: service.port, method, path, headers: { ...headers, ...length } }
    const outgoing = request(options, (answer) => {
      let text = ""
      answer.setEncoding("utf8").on("data", (chunk) => {
        text += String(chunk)
      })
      answer.on("end", () => done({ status: answer.statusCode, headers: answer.headers, text }))
    })
    // A body may be refused before it was read to its end: the answer counts, not the broken pipe after it.
    outgoing.on("error", failed)
    if (chunked) outgoing.setHeader("transfer-encoding", "chunked")
    outgoing.end(body)
  })

const credential = (dialect: Dialect): Record<string, string> => ({
  authorization: {
    si: service.token,
    ot: `Basic ${service.token}`,
    sm: `Basic ${Buffer.from(`api-user:${service.token}`).toString("base64")}`
  }[dialect]
})

const json = { "content-type": "application/json" }
const ask = async (dialect: Dialect, method: string, path: string, { headers = {}, ...rest }: Sent = {}) => {
  const {
    status,
    headers: answered,
    text
  } = await send(method, path, {
    ...rest,
    headers: { ...credential(dialect), ...headers }
  })
  return { status, headers: answered, text, body: text === "" ? undefined : JSON.parse(text) }
}

const organization = () => `/v1/organizations/${service.organization}/email-address`
const addByForm = (address: string) =>
  ask("sm", "POST", "/sender/list", { headers: json, body: JSON.stringify({ type: "email", address }) })

let id: string
beforeAll(async () => {
  service = await startService()
  const added = await ask("si", "POST", "/v1/email-address", {
    headers: json,
    body: JSON.stringify({ email: "kept@acme.com" })
  })
  id = added.body.id
  const body = JSON.stringify({ email: "kept@acme.com" })
  await ask("si", "POST", organization(), { headers: json, body })
})
afterAll(() => service.stop())

/** Every endpoint that needs no body, by a path at which there is something. */
const bodiless = (): ReadonlyArray<readonly [Dialect, string, string]> => [
  ["si", "GET", "/v1/email-address"],
  ["si", "GET", "/v1/email-address/status"],
  ["si", "GET", organization()],
  ["si", "GET", `${organization()}/status`],
  ["ot", "GET", "/v1/email-addresses"],
  ["ot", "GET", `/v1/email-addresses/${id}`],
  ["sm", "GET", "/sender/list"],
  ["sm", "GET", "/sender"],
  ["si", "DELETE", "/v1/email-address"],
  ["si", "DELETE", organization()],
  ["sm", "DELETE", "/sender/kept@acme.com"]
]

/** What there is before each request: the same answers can be wanted of each. */
const refill = async () => {
  const body = JSON.stringify({ email: "kept@acme.com" })
  for (const path of ["/v1/email-address", organization()]) await ask("si", "POST", path, { headers: json, body })
}

describe("the body of a GET or a DELETE is not looked at", () => {
  it.each<[string, Sent]>([
    ["JSON with a member of ours", { headers: json, body: '{"email":"other@acme.com","type":"email","address":"x"}' }],
    ["JSON with another account's token", { headers: json, body: '{"access_token":"cs_nobody"}' }],
    ["an empty object", { headers: json, body: "{}" }],
    ["broken JSON", { headers: json, body: '{"broken' }],
    ["JSON that is no object", { headers: json, body: "[1]" }],
    ["a form", { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "access_token=cs_nobody" }],
    ["another media type", { headers: { "content-type": "text/plain" }, body: "x" }],
    ["no media type", { body: "x" }],
    ["a charset that is not read", { headers: { "content-type": "application/json; charset=utf-16" }, body: "{}" }],
    ["bytes that claim to be compressed", { headers: { ...json, "content-encoding": "gzip" }, body: "{}" }],
    ["more than may be sent", { headers: json, body: `{"email":"${"x".repeat(70_000)}"}` }],
    ["chunks", { headers: json, body: '{"email":1}', chunked: true }]
  ])("%s", async (_, sent) => {
    for (const [dialect, method, path] of bodiless()) {
      await refill()
      const bare = await ask(dialect, method, path)
      await refill()
      const answer = await ask(dialect, method, path, sent)
      expect([method, path, answer.status, answer.body]).toEqual([method, path, 200, bare.body])
    }
  })

  it("and makes no other request of it under an Idempotency-Key", async () => {
    for (const [dialect, path, answer] of [
      ["si", "/v1/email-address", { count: 1 }],
      ["si", organization(), { count: 1 }],
      ["sm", "/sender/kept@acme.com", { status: "deleted" }]
    ] as const) {
      await refill()
      const headers = { ...json, "idempotency-key": "a body does not count" }
      expect((await ask(dialect, "DELETE", path, { headers })).body).toEqual(answer)
      for (const body of ["{}", "{", "x".repeat(70_000)]) {
        const again = await ask(dialect, "DELETE", path, { headers, body })
        expect([again.status, again.body]).toEqual([200, answer])
      }
    }
  })

  it("nor of a DELETE that is not offered: 405 in OpenTransact's form", async () => {
    const path = `/v1/email-addresses/${id}`
    for (const body of ["{}", "{", "x".repeat(70_000)]) {
      const refused = await ask("ot", "DELETE", path, { headers: json, body })
      expect([refused.status, refused.body.errors[0].status]).toEqual([405, "405"])
    }
  })
})

describe("application/json with no body", () => {
  it("is taken where no body is wanted", async () => {
    for (const [dialect, method, path] of bodiless()) {
      await refill()
      for (const type of ["application/json", "application/json; charset=utf-8", "application/vnd.api+json"]) {
        if (method === "DELETE") await refill()
        expect([path, (await ask(dialect, method, path, { headers: { "content-type": type } })).status]).toEqual([
          path,
          200
        ])
      }
    }
  })

  it.each(["", " \n", "{}", "{\n}"])("and resending takes the body %j", async (body) => {
    for (const path of ["/v1/email-address", organization()]) {
      await refill()
      // The links of what was removed before wait for each other.
      await service.pass("1 hour")
      const answer = await ask("si", "POST", `${path}/resend-verification`, { headers: json, body })
      expect([answer.status, answer.body]).toEqual([200, { success: true }])
    }
  })

  it("is refused in the form of the dialect where a body is wanted", async () => {
    const si = await ask("si", "POST", "/v1/email-address", { headers: json })
    expect([si.status, si.body.error.details.codes]).toEqual([422, { email: ["presence"] }])
    const sm = await ask("sm", "POST", "/sender/list", { headers: json })
    expect([sm.status, sm.body.status]).toEqual([400, "invalid_request"])
    const ot = await ask("ot", "POST", "/v1/email-addresses", {
      headers: { "content-type": "application/vnd.api+json" }
    })
    expect([ot.status, ot.body.errors[0].status]).toEqual([400, "400"])
  })
})

describe("queries of Sendmachine", () => {
  beforeAll(refill)

  it.each([
    ["as PHP concatenates it", "status=active+pending&type=email"],
    ["as http_build_query writes it", "status=active%2Bpending&type=email"],
    ["escaped in lower case", "status=active%2bpending&type=email"],
    ["with an escaped space", "status=active%20pending&type=email"],
    ["with every letter escaped", "%73tatus=%61ctive%2Bpending&type=emai%6C"],
    ["with empty parts", "&status=active+pending&&type=email&"]
  ])("active+pending %s", async (_, query) => {
    for (const path of ["/sender/list", "/sender/list/", "/SENDER/List"]) {
      const { status, body } = await ask("sm", "GET", `${path}?${query}`)
      expect([status, body.senderlist.length, body.filters]).toEqual([
        200,
        2,
        { status: "active+pending", type: "email", group: "none", limit: 1000, offset: 0 }
      ])
    }
    expect((await ask("sm", "GET", `/sender?${query}`)).body.total).toBe(2)
  })

  it.each([
    ["", { limit: 1000, offset: 0 }],
    ["limit=20", { limit: "20", offset: 0 }],
    ["offset=0", { limit: 1000, offset: "0" }],
    ["limit=020&offset=00", { limit: "020", offset: "00" }],
    ["limit=%32%30&offset=%31", { limit: "20", offset: "1" }],
    ["limit=1000&offset=9007199254740991", { limit: "1000", offset: "9007199254740991" }]
  ])("the numbers of %j come back as texts if they were given", async (query, echoed) => {
    const { body } = await ask("sm", "GET", `/sender/list?${query}`)
    expect(body.filters).toEqual({ status: "all", type: "all", group: "none", ...echoed })
  })

  it.each([
    ["/sender/kept@acme.com"],
    ["/sender/kept%40acme.com"],
    ["/sender/KEPT@Acme.com/"],
    ["/Sender/kept@acme.com?status=all"]
  ])("DELETE %s removes, with the at sign escaped or not", async (path) => {
    await refill()
    expect((await ask("sm", "DELETE", path)).body).toEqual({ status: "deleted" })
  })

  it("a plus in the path of DELETE is a plus, escaped or not", async () => {
    for (const path of ["/sender/a+b@acme.com", "/sender/a%2Bb@acme.com", "/sender/a%2bb%40acme.com"]) {
      expect((await addByForm("a+b@acme.com")).status).toBe(200)
      expect([path, (await ask("sm", "DELETE", path)).status]).toEqual([path, 200])
    }
  })
})

describe("queries of OpenTransact", () => {
  beforeAll(refill)

  it.each([
    ["encoded, as the document has them", "page%5Bnumber%5D=1&page%5Bsize%5D=30"],
    ["not encoded, size first", "page[size]=30&page[number]=1"],
    ["half encoded, in lower case", "page%5bnumber]=1&page[size%5D=30"],
    ["with leading zeros", "page[number]=01&page[size]=0030"],
    ["with empty parts", "&&page[number]=1&"]
  ])("pages %s", async (_, query) => {
    const { status, body } = await ask("ot", "GET", `/v1/email-addresses?${query}`)
    const link = "http://verify.acme.test/v1/email-addresses?page%5Bnumber%5D=1&page%5Bsize%5D=30"
    expect([status, body.meta, body.links]).toEqual([
      200,
      { "page-count": 1, count: 2, "current-page": 1 },
      { self: link, first: link, last: link }
    ])
  })

  it.each(["+02:00", "%2B02:00", "%2b02%3a00"])("the offset %s of a time", async (offset) => {
    const { status, body } = await ask(
      "ot",
      "GET",
      `/v1/email-addresses?created_between[start]=1970-01-01T02:00:00${offset}`
    )
    expect([status, body.meta.count]).toEqual([200, 2])
  })
})

describe("queries of Space Invoices", () => {
  beforeAll(refill)

  it.each(["access_token=TOKEN", "access%5Ftoken=TOKEN", "&x=1&access_token=TOKEN&filter[where][x]=1"])(
    "%s",
    async (query) => {
      for (const path of ["/v1/email-address", "/V1/Email-Address/status", organization().replace("org", "Org")]) {
        const answer = await send("GET", `${path}?${query.replace("TOKEN", service.token)}`, { headers: json })
        expect([path, answer.status]).toEqual([path, 200])
      }
    }
  )

  it("a token that is given twice is none", async () => {
    const path = `/v1/email-address?access_token=${service.token}&access_token=${service.token}`
    expect((await send("GET", path)).status).toBe(401)
  })
})
