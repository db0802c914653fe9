import { Schema } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { SenderList } from "../../src/dialects/sendmachine/Sender.ts"
import { type Service, startService } from "../Service.ts"

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
        { status: "already_added", error_reason: "The account already has this sender." }
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

describe("removing", () => {
  it("takes the address from every owner, in any spelling, and nothing else", async () => {
    const path = `/v1/organizations/${service.organization}/email-address`
    await add("Everywhere@acme.com")
    await service.call("POST", path, { email: "everywhere@acme.com" })
    await add("everywhere+tag@acme.com")
    expect((await remove("EVERYWHERE@acme.com")).body).toEqual({ status: "deleted" })
    const left = (await emails()).filter((each) => each.includes("everywhere"))
    expect(left).toEqual(["everywhere+tag@acme.com pending"])
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
})
