import { OutcomeUnknown, Overloaded, StorageUnavailable } from "@countersign/engine"
import { Effect, Schema } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { SenderList } from "../../src/dialects/sendmachine/Sender.ts"
import { emailAddressIn, type Service, startService } from "../Service.ts"

let service: Service
beforeAll(async () => {
  service = await startService({ workers: true })
})
afterAll(() => service.stop())

const base64 = (text: string) => Buffer.from(text).toString("base64")
const as = (token: string) => ({ authorization: `Basic ${base64(`api-user:${token}`)}` })

const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const answer = await service.call(method, path, body, { ...as(service.token), ...headers })
  return { status: answer.status, headers: answer.headers, body: await answer.json() }
}
const add = (address: unknown, type: unknown = "email", headers?: Record<string, string>) =>
  call("POST", "/sender/list", { type, address }, headers)
const remove = (address: string, headers?: Record<string, string>) =>
  call("DELETE", `/sender/${address}`, undefined, headers)
/** The address and the status of each sender in the list. */
const emails = async (query = "", token = service.token): Promise<ReadonlyArray<string>> => {
  const { body } = await call("GET", `/sender/list${query}`, undefined, as(token))
  const { senderlist } = Schema.decodeUnknownSync(SenderList)(body)
  return Object.values(senderlist)
    .flat()
    .map(({ email, status }) => `${email} ${status}`)
}
const wordIn = (body: unknown) => Schema.decodeUnknownSync(Schema.Struct({ status: Schema.String }))(body).status

describe("adding", () => {
  it("an address sends two mails: the notice to the account, and the confirmation to the address", async () => {
    const before = (await service.mails()).length
    const answer = await add("email2@example.org")
    expect([answer.status, answer.body]).toEqual([
      200,
      { sender: { address: "email2@example.org", type: "email" }, status: "added" }
    ])
    await service.work("1 second")
    const mails = (await service.mails()).slice(before)
    expect(mails.map(({ to, subject }) => [to, subject]).sort()).toEqual([
      ["email2@example.org", "Confirm email2@example.org as a sender address"],
      ["owner@acme.com", "Sender added: email2@example.org"]
    ])
    expect(mails.find(({ to }) => to === "owner@acme.com")?.text).toMatch(/\._domainkey\.example\.org CNAME /)
    const link = /\/verify\/(\S+)/.exec(mails.find(({ to }) => to === "email2@example.org")?.text ?? "")?.[1] ?? ""
    expect((await service.confirm(link)).state).toBe("verified")
    expect(await emails()).toEqual(["email2@example.org pending"])
  })

  it("the same again is refused, in any spelling, writes nothing and mails nothing", async () => {
    const [events, mails] = [await service.events(), await service.mails()]
    for (const address of ["email2@example.org", "EMAIL2@Example.ORG"]) {
      const answer = await add(address)
      expect([answer.status, answer.body]).toEqual([
        409,
        { status: "already_added", error_reason: "The account has this sender already." }
      ])
      expect((await call("POST", "/sender", { type: "email", address })).status).toBe(409)
    }
    await service.work("1 minute")
    expect([await service.events(), await service.mails()]).toEqual([events, mails])
  })

  it("what another owner of the account has is no duplicate, and neither is the domain of an address", async () => {
    const path = `/v1/organizations/${service.organization}/email-address`
    await service.call("POST", path, { email: "shared@example.org" })
    expect((await add("shared@example.org")).status).toBe(200)
    expect((await add("example.org", "domain")).status).toBe(200)
    expect((await add("example.org", "domain")).status).toBe(409)
    await remove("shared@example.org")
    await remove("example.org")
  })

  it.each([
    [{}, "invalid_request", "The member type is missing."],
    [{ address: "a@acme.com" }, "invalid_request", "The member type is missing."],
    [{ type: "all", address: "a@acme.com" }, "invalid_request", "The member type must be email or domain."],
    [{ type: ["email"], address: "a@acme.com" }, "invalid_request", "The member type is not a string."],
    [{ type: "email" }, "invalid_request", "The member address is missing."],
    [{ type: "email", address: null }, "invalid_request", "The member address is missing."],
    [{ type: "email", address: "" }, "invalid_request", "The member address is missing."],
    [{ type: "email", address: 7 }, "invalid_request", "The member address is not a string."],
    [{ type: "email", address: "string" }, "invalid_address", expect.stringContaining("at sign")],
    [{ type: "email", address: "a@localhost" }, "invalid_address", expect.any(String)],
    [{ type: "email", address: "a@acme.com\u0000" }, "invalid_address", expect.any(String)],
    [{ type: "email", address: "acme.com" }, "invalid_address", expect.any(String)],
    [{ type: "domain", address: "a@acme.com" }, "invalid_address", expect.any(String)],
    [{ type: "domain", address: "co.uk" }, "invalid_address", expect.any(String)],
    [{ type: "domain", address: "127.0.0.1" }, "invalid_address", expect.any(String)]
  ])("%j is refused, and writes nothing", async (body, status, reason) => {
    const events = await service.events()
    const answer = await call("POST", "/sender/list", body)
    expect([answer.status, answer.body]).toEqual([400, { status, error_reason: reason }])
    expect(await service.events()).toBe(events)
  })

  it("reads a form as well as JSON", async () => {
    const answer = await fetch(`${service.url}/sender/list`, {
      method: "POST",
      headers: as(service.token),
      body: new URLSearchParams({ type: "email", address: "form+tag@acme.com" })
    })
    expect(await answer.json()).toMatchObject({ sender: { address: "form+tag@acme.com" } })
    await remove("form+tag@acme.com")
  })
})

describe("a domain", () => {
  it("is active by DNS alone, is told of in one mail with its records, and is removed by its name", async () => {
    const before = (await service.mails()).length
    const added = await add("Shop.com", "domain")
    expect(added.body).toEqual({ sender: { address: "Shop.com", type: "domain" }, status: "added" })
    await service.work("1 minute")
    const [notice, ...more] = (await service.mails()).slice(before)
    expect([notice?.to, notice?.subject, more]).toEqual(["owner@acme.com", "Sender added: Shop.com", []])
    expect([...(notice?.text.matchAll(/^\S+\._domainkey\.shop\.com CNAME \S+$/gm) ?? [])]).toHaveLength(3)

    expect(await emails("?type=domain")).toEqual(["Shop.com pending"])
    expect(await emails("?type=domain&status=active")).toEqual([])
    await service.publishAll()
    await service.work("1 hour")
    expect(await emails("?type=domain&status=active")).toEqual(["Shop.com active"])
    expect((await remove("SHOP.com")).body).toEqual({ status: "deleted" })
    expect(await emails("?type=domain")).toEqual([])
  })

  it("proves itself for its addresses, which each still need their click", async () => {
    await add("proven.com", "domain")
    await service.publishAll()
    await service.work("1 hour")
    await add("a@proven.com")
    expect(await emails("?status=pending")).toContain("a@proven.com pending")
    await remove("proven.com")
    await remove("a@proven.com")
  })
})

describe("one model behind two dialects", () => {
  const organizationPath = () => `/v1/organizations/${service.organization}/email-address`

  it("what one adds, the other shows; removed in one, it is gone in the other", async () => {
    await remove("email2@example.org")
    await service.call("POST", "/v1/email-address", { email: "si@acme.com" })
    await service.call("POST", organizationPath(), { email: "org@acme.com" })
    expect(await emails()).toEqual(["si@acme.com pending", "org@acme.com pending"])
    await add("sm@acme.com")
    const current = await emailAddressIn(await service.call("GET", "/v1/email-address"))
    expect([current.email, current.organizationId, current.status]).toEqual(["sm@acme.com", null, "pending"])

    expect((await remove("sm@acme.com")).status).toBe(200)
    expect((await emailAddressIn(await service.call("GET", "/v1/email-address"))).email).toBe("si@acme.com")
    await service.call("DELETE", "/v1/email-address")
    await service.call("DELETE", organizationPath())
    expect(await emails()).toEqual([])
    expect((await remove("org@acme.com")).status).toBe(404)
  })

  it("a domain is no address of the other", async () => {
    await add("acme.com", "domain")
    expect((await service.call("GET", "/v1/email-address")).status).toBe(404)
    await remove("acme.com")
  })
})

describe("removing", () => {
  it("takes the address from every owner, in any spelling, and nothing else", async () => {
    const path = `/v1/organizations/${service.organization}/email-address`
    await add("Everywhere@acme.com")
    await service.call("POST", path, { email: "everywhere@acme.com" })
    await add("everywhere+tag@acme.com")
    expect((await remove("EVERYWHERE@acme.com")).body).toEqual({ status: "deleted" })
    expect(await emails()).toEqual(["everywhere+tag@acme.com pending"])
    expect((await service.call("GET", path)).status).toBe(404)
    expect((await remove(encodeURIComponent("everywhere+tag@acme.com"))).status).toBe(200)
  })

  it.each([
    "nobody@acme.com",
    "acme.com",
    "@",
    "a@",
    "listing",
    "%00",
    "a%2Fb@acme.com",
    "x".repeat(2_000),
    "%F0%9F%98%80"
  ])("%s answers 404 when there is none", async (address) => {
    const answer = await remove(address)
    expect([answer.status, answer.body]).toEqual([
      404,
      { status: "not_found", error_reason: "There is no such sender." }
    ])
  })
})

describe("the bodies of GET and DELETE are not looked at", () => {
  it.each([
    ["application/json", '{"type":"email","address":"a@acme.com"}'],
    ["application/json", '{"broken'],
    ["text/plain", "x"],
    ["application/json", "x".repeat(70_000)]
  ])("%s", async (type, body) => {
    await add("body@acme.com")
    const ask = (line: string) =>
      service.raw(
        `${line} HTTP/1.1\r\nhost: a\r\nauthorization: ${as(service.token).authorization}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`
      )
    expect(await ask("GET /sender/list")).toMatch(/^HTTP\/1.1 200 .*body@acme\.com/s)
    expect(await ask("GET /sender")).toMatch(/^HTTP\/1.1 200 /)
    expect(await ask("DELETE /sender/body@acme.com")).toMatch(/^HTTP\/1.1 200 .*\{"status":"deleted"\}$/s)
  })
})

describe("the key", () => {
  it.each<[string, (token: string) => string]>([
    ["as the password of any user", (token) => `Basic ${base64(`somebody:${token}`)}`],
    ["as the password of a long user", (token) => `basic ${base64(`${"x".repeat(300)}é:${token}`)}`],
    ["as the password of no user", (token) => `BASIC ${base64(`:${token}`)}`],
    ["as the user without a password", (token) => `Basic ${base64(`${token}:`)}`],
    ["as Bearer", (token) => `Bearer ${token}`],
    ["as bearer, in lower case", (token) => `bearer   ${token}`]
  ])("%s", async (_, authorization) => {
    const answer = await service.call("GET", "/sender/list", undefined, { authorization: authorization(service.token) })
    expect(answer.status).toBe(200)
  })

  it.each<[string, (token: string) => Record<string, string>]>([
    ["none", () => ({ authorization: "" })],
    ["an unknown one", () => as("cs_nobody")],
    ["one with a character too many", (token) => as(`${token}x`)],
    [
      "the right one as the user beside a wrong password",
      (token) => ({ authorization: `Basic ${base64(`${token}:x`)}` })
    ],
    ["the right one without a scheme", (token) => ({ authorization: token })],
    ["the right one in another scheme", (token) => ({ authorization: `Digest ${token}` })],
    ["the right one where another dialect has it", (token) => ({ authorization: "", "x-access-token": token })],
    ["Basic that is no base64", (token) => ({ authorization: `Basic ${token}` })],
    ["the scheme alone", () => ({ authorization: "Basic " })],
    ["a colon alone", () => ({ authorization: `Basic ${base64(":")}` })]
  ])("%s: 401 with the schemes, and nothing changes", async (_, headers) => {
    const events = await service.events()
    for (const [method, path] of [
      ["GET", "/sender/list?limit=x"],
      ["POST", "/sender/list"],
      ["GET", "/sender"],
      ["POST", "/sender"],
      ["DELETE", "/sender/a@acme.com"]
    ] as const) {
      const body = method === "POST" ? { type: "email", address: "a@acme.com" } : undefined
      const answer = await call(method, path, body, headers(service.token))
      expect([answer.status, answer.body, answer.headers.get("www-authenticate")]).toEqual([
        401,
        { status: "unauthorized", error_reason: "Send the access key of an account." },
        'Basic realm="countersign", Bearer realm="countersign"'
      ])
    }
    expect(await service.events()).toBe(events)
  })

  it("of another account sees and changes nothing of this one", async () => {
    await add("walled@acme.com")
    await add("walled.com", "domain")
    const { token } = service.other
    expect(await emails("", token)).toEqual([])
    expect((await call("GET", "/sender", undefined, as(token))).body).toEqual({ senderlist: [], total: 0 })
    const foreign = await remove("walled@acme.com", as(token))
    const absent = await remove("absent@acme.com", as(token))
    expect([foreign.status, foreign.body]).toEqual([absent.status, absent.body])
    expect((await remove("walled.com", as(token))).status).toBe(404)
    expect((await add("walled@acme.com", "email", as(token))).status).toBe(200)
    expect(await emails("", token)).toEqual(["walled@acme.com pending"])
    expect((await remove("walled@acme.com", as(token))).status).toBe(200)
    expect(await emails()).toEqual(["walled@acme.com pending", "walled.com pending"])
    await remove("walled@acme.com")
    await remove("walled.com")
  })
})

describe("idempotency keys", () => {
  const key = (text: string) => ({ "idempotency-key": text })

  it("answer the first outcome of an add, although the sender is gone or there was one", async () => {
    const first = await add("once@acme.com", "email", key("one"))
    expect((await add("once@acme.com", "email", key("two"))).status).toBe(409)
    await remove("once@acme.com")
    const events = await service.events()
    expect((await add("once@acme.com", "email", key("one"))).body).toEqual(first.body)
    expect((await add("once@acme.com", "email", key("two"))).status).toBe(409)
    expect(await service.events()).toBe(events)
    expect(await emails()).toEqual([])
  })

  it("refuse another body, and count per path", async () => {
    const other = await add("another@acme.com", "email", key("one"))
    expect([other.status, wordIn(other.body)]).toEqual([422, "idempotency_key_reused"])
    const alias = await call("POST", "/sender", { type: "email", address: "another@acme.com" }, key("one"))
    expect(alias.status).toBe(200)
  })

  it("answer the first outcome of a removal, whatever body came with it", async () => {
    expect((await remove("another@acme.com", key("gone"))).status).toBe(200)
    await add("another@acme.com")
    const again = await call("DELETE", "/sender/another@acme.com", { type: "email" }, key("gone"))
    expect([again.status, again.body]).toEqual([200, { status: "deleted" }])
    expect(await emails()).toEqual(["another@acme.com pending"])
    expect((await remove("absent@acme.com", key("gone"))).status).toBe(404)
    await remove("another@acme.com")
  })

  it.each(["", "x".repeat(256)])("refuse %j as a key", async (text) => {
    const answer = await add("a@acme.com", "email", key(text))
    expect([answer.status, wordIn(answer.body)]).toEqual([400, "invalid_request"])
  })

  it("are for one of many at once", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => add("many@acme.com", "email", key("many"))))
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0)
    expect(answers.every(({ status, body }) => status === 200 || wordIn(body) === "in_progress")).toBe(true)
    await remove("many@acme.com")
  })
})

describe("other refusals", () => {
  it.each([
    ["broken JSON", "{", "application/json", 400, "invalid_request"],
    ["JSON that is no object", "[]", "application/json", 400, "invalid_request"],
    ["another media type", "{}", "text/plain", 415, "unsupported_media_type"],
    ["a body that is too large", "x".repeat(65_537), "application/json", 413, "too_large"]
  ])("%s", async (_, body, type, status, word) => {
    for (const path of ["/sender/list", "/sender"]) {
      const answer = await call("POST", path, body, { "content-type": type })
      expect([answer.status, answer.body]).toEqual([status, { status: word, error_reason: expect.any(String) }])
    }
  })

  it("a fault says nothing but where the log has it", async () => {
    const broken = await startService({ disturb: () => ({ senders: { list: () => Effect.die("SELECT secrets") } }) })
    const answer = await broken.call("GET", "/sender/list", undefined, as(broken.token))
    const id = answer.headers.get("x-correlation-id") ?? "none"
    expect([answer.status, await answer.json()]).toEqual([
      500,
      {
        status: "internal_error",
        error_reason: `Something went wrong here; nothing is wrong with the request. The log has it under ${id}.`
      }
    ])
    expect(broken.log.some((line) => line.includes(id) && line.includes("SELECT secrets"))).toBe(true)
    await broken.stop()
  })

  it.each([
    ["the storage does not answer", new StorageUnavailable({ reason: "x" }), "5"],
    ["it is not known whether it was written", new OutcomeUnknown({ reason: "x" }), "5"],
    ["too much is waiting", new Overloaded({ retryAfter: 2_300 }), "3"]
  ])("503 with Retry-After when %s", async (_, failure, seconds) => {
    const broken = await startService({ disturb: () => ({ senders: { removeAddress: () => Effect.fail(failure) } }) })
    const answer = await broken.call("DELETE", "/sender/a@acme.com", undefined, as(broken.token))
    expect([answer.status, answer.headers.get("retry-after"), await answer.json()]).toEqual([
      503,
      seconds,
      { status: "unavailable", error_reason: "The service is not available just now: try again in a few seconds." }
    ])
    await broken.stop()
  })
})
