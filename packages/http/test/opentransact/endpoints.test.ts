import { CommandInFlight, Senders } from "@countersign/engine"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { emailAddressIn, type Service, startService, storages } from "../Service.ts"
import { collection, documentOf, errorsIn, jsonApiClient, resourceIn } from "./JsonApi.ts"

describe.each(storages)("over %s", (storage) => {
  let service: Service
  let client: ReturnType<typeof jsonApiClient>
  beforeAll(async () => {
    // The time of the vendor's examples.
    service = await startService({ storage, publicUrl: "https://verify.acme.test/mail" })
    await service.pass(Date.parse("2024-05-01T00:00:00.250Z"))
    client = jsonApiClient(service)
  })
  afterAll(() => service.stop())

  const base64 = (text: string) => Buffer.from(text).toString("base64")

  describe("the vendor's example", () => {
    it("creates an address of a profile: 201, Location, the documented object", async () => {
      const answer = await client.create({ email: "john.smiths@test.com", owner: client.profile })
      expect(answer.status).toBe(201)
      const location = answer.headers.get("location")
      const data = await resourceIn(answer)
      expect(location).toBe(`https://verify.acme.test/mail/v1/email-addresses/${data.id}`)
      const { meta, ...documented } = data
      expect(documented).toEqual({
        type: "email-addresses",
        id: data.id,
        attributes: {
          email: "john.smiths@test.com",
          metadata: "{}",
          "created-at": "2024-05-01T00:00:00Z",
          "updated-at": "2024-05-01T00:00:00Z"
        },
        relationships: { owner: { data: { type: "profiles", id: service.organization } } }
      })
      expect([meta.status, meta.kind, meta["dns-records"].length]).toEqual(["pending", "email", 3])
      expect(await resourceIn(await client.call("GET", `${collection}/${data.id}`))).toEqual(data)
    })

    it("lists 38 addresses on two pages, with the documented meta and links", async () => {
      for (let i = 1; i < 38; i++) await client.create({ email: `user${i}@example.com` })
      const url = "https://verify.acme.test/mail/v1/email-addresses?page%5Bnumber%5D="
      const first = await client.list()
      expect(first.data).toHaveLength(30)
      expect(first.meta).toEqual({ "page-count": 2, count: 38, "current-page": 1 })
      expect(first.links).toEqual({
        self: `${url}1&page%5Bsize%5D=30`,
        first: `${url}1&page%5Bsize%5D=30`,
        last: `${url}2&page%5Bsize%5D=30`,
        next: `${url}2&page%5Bsize%5D=30`
      })
      const second = await client.list("page%5Bnumber%5D=2")
      expect(second.data.map(({ attributes }) => attributes?.email)).toEqual(
        Array.from({ length: 8 }, (_, i) => `user${i + 30}@example.com`)
      )
      expect(second.links).not.toHaveProperty("next")
      expect(second.links.prev).toBe(`${url}1&page%5Bsize%5D=30`)
      expect(second.data[0]?.relationships).toEqual({ owner: { data: client.application } })
    })
  })

  describe("pages", () => {
    it("have at most 100 addresses, whatever is asked for", async () => {
      const { links, data } = await client.list("page[size]=5000")
      expect([data.length, links.self]).toEqual([38, expect.stringContaining("page%5Bsize%5D=100")])
    })

    it("beyond the end are empty, and lead back to the last one", async () => {
      const beyond = await client.list("page[number]=9007199254740991&page[size]=10")
      expect([beyond.data, beyond.meta["current-page"], beyond.links.next]).toEqual([[], 9007199254740991, undefined])
      expect(beyond.links.prev).toContain("page%5Bnumber%5D=4&page%5Bsize%5D=10")
    })

    it("of nothing: no pages, one link", async () => {
      const { data, meta, links } = await client.list("filter[owner-id]=nobody")
      expect([data, meta]).toEqual([[], { "page-count": 0, count: 0, "current-page": 1 }])
      expect(links).toEqual({ self: links.self, first: links.self, last: links.self })
    })

    it.each(["0", "-1", "1.5", "", "x", "1e3", "99999999999999999999", "%D9%A1"])(
      "refuse %j as a number",
      async (value) => {
        for (const name of ["page[number]", "page[size]"]) {
          const answer = await client.call("GET", `${collection}?${name}=${value}`)
          expect(answer.status).toBe(422)
          expect(await errorsIn(answer)).toMatchObject([{ title: "Invalid Param Value", source: { parameter: name } }])
        }
      }
    )
  })

  describe("a sender of a whole domain", () => {
    it("is listed with the domain, and says its kind", async () => {
      const caller = { account: service.account, actor: "test", correlation: "test" }
      const { sender } = await service.run(
        Effect.flatMap(Senders, (senders) =>
          senders.add({ ...caller, owner: { _tag: "Account" }, kind: "domain", address: "whole.com" })
        )
      )
      const data = await resourceIn(await client.call("GET", `${collection}/${sender.id}`))
      expect([data.attributes?.email, data.meta.kind, data.meta.status]).toEqual(["whole.com", "domain", "pending"])
      expect((await client.list("page[size]=100")).data).toContainEqual(data)
    })
  })

  describe("a duplicate", () => {
    it("of the same owner is 409 without a code, changes nothing, and is none for another owner or after removal", async () => {
      const email = "twice@acme.com"
      expect((await client.create({ email })).status).toBe(201)
      const events = await service.events()
      const again = await client.create({ email: "Twice@ACME.com", metadata: { a: 1 } })
      expect(again.status).toBe(409)
      const [error, ...rest] = await errorsIn(again)
      expect([error.code, error.source, rest]).toEqual([undefined, { pointer: "/data/attributes/email" }, []])
      expect(await service.events()).toBe(events)
      expect((await client.create({ email, owner: client.profile })).status).toBe(201)
      await service.call("DELETE", "/v1/email-address")
      expect((await client.create({ email })).status).toBe(201)
    })
  })

  describe("beside the Space Invoices dialect", () => {
    it("an address that is added in one is seen in the other, and so is its removal", async () => {
      await service.call("DELETE", "/v1/email-address")
      const theirs = await emailAddressIn(await service.call("POST", "/v1/email-address", { email: "si@acme.com" }))
      const seen = await resourceIn(await client.call("GET", `${collection}/${theirs.id}`))
      expect(seen).toMatchObject({
        attributes: { email: "si@acme.com", "created-at": `${theirs.createdAt.slice(0, 19)}Z` },
        relationships: { owner: { data: client.application } },
        meta: { status: theirs.status, kind: "email", "dns-records": theirs.dnsRecords }
      })
      await service.confirm(await service.link(theirs.id))
      expect((await resourceIn(await client.call("GET", `${collection}/${theirs.id}`))).meta.status).toBe(
        "email-verified"
      )
      const organization = `/v1/organizations/${service.organization}/email-address`
      const ours = await resourceIn(await client.create({ email: "ot@acme.com", owner: client.profile }))
      expect(await emailAddressIn(await service.call("GET", organization))).toMatchObject({
        id: ours.id,
        email: "ot@acme.com",
        organizationId: service.organization
      })
      await service.call("DELETE", organization)
      await service.call("DELETE", "/v1/email-address")
      for (const { id } of [ours, theirs]) expect((await client.call("GET", `${collection}/${id}`)).status).toBe(404)
      expect(await client.emails(`filter[owner-id]=${service.organization}`)).toEqual([])
    })
  })

  describe("the walls between accounts", () => {
    it("show and tell nothing of another's", async () => {
      const stranger = jsonApiClient(service, service.other.token)
      const { id } = await resourceIn(await client.create({ email: "walled@acme.com" }))
      const answers = [`${collection}/${id}`, `${collection}/nobody`].map((path) => stranger.call("GET", path))
      const [foreign, absent] = await Promise.all(answers.map(async (answer) => (await answer).text()))
      expect(foreign).toBe(absent)
      for (const query of ["", `filter[owner-id]=${service.account}`, `filter[application-id]=${service.account}`]) {
        expect((await stranger.list(query)).meta.count).toBe(0)
      }
      const events = await service.events()
      const owners = [
        client.profile,
        client.application,
        { type: "profiles", id: "nobody" },
        { type: "applications", id: "nobody" }
      ]
      const refusals = new Set<string>()
      for (const owner of owners) {
        const answer = await stranger.create({ email: "a@acme.com", owner })
        expect(answer.status).toBe(404)
        refusals.add(await answer.text())
      }
      expect(refusals.size).toBe(1)
      expect(await service.events()).toBe(events)
    })
  })

  describe("who calls", () => {
    it.each<[string, (token: string) => string]>([
      ["Basic of the raw key", (token) => `Basic ${token}`],
      ["Basic of the key in base64", (token) => `Basic ${base64(token)}`],
      ["Basic of the key and a colon in base64", (token) => `basic ${base64(`${token}:`)}`],
      ["Bearer", (token) => `Bearer ${token}`]
    ])("%s is known", async (_, authorization) => {
      const headers = { authorization: authorization(service.token) }
      expect((await client.call("GET", collection, undefined, headers)).status).toBe(200)
    })

    it.each<[string, (token: string) => string, string]>([
      ["nothing", () => "", "10003"],
      ["an unknown key", () => "Bearer cs_nobody", "10002"],
      ["the scheme alone", () => "Basic", "10002"],
      ["a key without a scheme", (token) => token, "10002"],
      ["another scheme", (token) => `Digest ${token}`, "10002"],
      ["a changed key", (token) => `Bearer ${token.slice(0, -1)}!`, "10002"]
    ])("%s is 401 everywhere", async (_, authorization, code) => {
      const headers = { authorization: authorization(service.token) }
      const events = await service.events()
      for (const [method, path] of [
        ["GET", collection],
        ["POST", collection],
        ["GET", `${collection}/x`],
        ["PATCH", `${collection}/x`]
      ] as const) {
        const body = method === "POST" ? documentOf({ email: "a@acme.com", owner: client.application }) : undefined
        const answer = await client.call(method, path, body, headers)
        expect([answer.status, (await errorsIn(answer))[0].code]).toEqual([401, code])
        expect(answer.headers.get("www-authenticate")).toBe('Basic realm="countersign", Bearer realm="countersign"')
      }
      expect(await service.events()).toBe(events)
    })

    it("a token in the query is an unknown parameter", async () => {
      const answer = await client.call("GET", `${collection}?access_token=${service.token}`)
      expect([answer.status, (await errorsIn(answer))[0].source]).toEqual([400, { parameter: "access_token" }])
    })
  })

  describe("idempotency keys", () => {
    const key = (name: string) => ({ "idempotency-key": name })

    it("answer the first outcome again, 201 and 409 alike, even after a removal", async () => {
      const email = "once@acme.com"
      const first = await client.create({ email }, key("one"))
      const text = await first.text()
      const second = await client.create({ email }, key("one"))
      expect([second.status, second.headers.get("location"), await second.text()]).toEqual([
        201,
        first.headers.get("location"),
        text
      ])
      expect((await client.create({ email }, key("two"))).status).toBe(409)
      await service.call("DELETE", "/v1/email-address")
      expect((await client.create({ email }, key("two"))).status).toBe(409)
      expect((await client.create({ email }, key("one"))).status).toBe(201)
      expect(await client.emails("filter[owner-type]=applications")).not.toContain(email)
    })

    it("refuse another body: 422", async () => {
      await client.create({ email: "first@acme.com" }, key("three"))
      const answer = await client.create({ email: "second@acme.com" }, key("three"))
      expect([answer.status, (await errorsIn(answer))[0].source]).toEqual([422, { header: "Idempotency-Key" }])
    })

    it("count apart from those of other paths", async () => {
      await service.call("POST", "/v1/email-address", { email: "si-key@acme.com" }, key("four"))
      expect((await client.create({ email: "ot-key@acme.com" }, key("four"))).status).toBe(201)
    })

    it("that are none are 400, one in flight is 409", async () => {
      expect((await client.create({ email: "a@acme.com" }, key("x".repeat(256)))).status).toBe(400)
      const busy = await startService({
        disturb: () => ({ senders: { add: () => Effect.fail(new CommandInFlight()) } })
      })
      const answer = await jsonApiClient(busy).create({ email: "a@acme.com" }, key("five"))
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([409, "1"])
      await errorsIn(answer)
      await busy.stop()
    })
  })
})
