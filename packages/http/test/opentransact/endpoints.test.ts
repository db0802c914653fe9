import { Senders } from "@countersign/engine"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Service, startService, storages } from "../Service.ts"
import { asListed, collection, errorIn, errorsIn, jsonApiClient, resourceIn } from "./JsonApi.ts"

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
      expect((await client.list("page[size]=100")).data).toContainEqual(asListed(data))
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

  describe("who calls", () => {
    it("a token in the query is an unknown parameter", async () => {
      const answer = await client.call("GET", `${collection}?access_token=${service.token}`)
      expect([answer.status, (await errorIn(answer)).source]).toEqual([400, { parameter: "access_token" }])
    })
  })
})
