/**
 * JSON:API 1.1 as a list of what a server must do, one test per line: P creating, U updating, Q query parameters, E
 * errors.
 */
import { afterAll, describe, expect, it } from "vitest"
import { collection, errorIn, errorsIn, mediaType, resourceIn, startWithTwo } from "./JsonApi.ts"

const { service, client, id, get, wish } = await startWithTwo()
afterAll(() => service.stop())

describe("creating", () => {
  it("P1 wants one resource object with a type, and data in the owner", async () => {
    for (const data of [
      [wish("p1@acme.com").data],
      null,
      { ...wish("p1@acme.com").data, relationships: { owner: {} } }
    ]) {
      expect((await client.call("POST", collection, { data })).status).toBe(422)
    }
  })

  it("P2 is all or nothing", async () => {
    const events = await service.events()
    await client.create({ email: "p2@acme.com", metadata: [] })
    expect(await service.events()).toBe(events)
  })

  it("P3 answers 201 with the resource and its Location", async () => {
    const answer = await client.create({ email: "p3@acme.com" })
    const location = answer.headers.get("location") ?? ""
    const data = await resourceIn(answer)
    expect([answer.status, data.attributes?.email]).toEqual([201, "p3@acme.com"])
    expect(await resourceIn(await client.call("GET", new URL(location).pathname))).toEqual(data)
  })

  it("P4 N an id of the client's is 403", async () => {
    const { data } = wish("p4@acme.com")
    const answer = await client.call("POST", collection, { data: { ...data, id: "" } })
    expect([answer.status, await errorsIn(answer)]).toMatchObject([
      403,
      [{ code: "10015", source: { pointer: "/data/id" } }]
    ])
  })

  it("P5 N an owner that is missing is 404", async () => {
    const answer = await client.create({ email: "p5@acme.com", owner: { type: "profiles", id: "nobody" } })
    expect([answer.status, await errorsIn(answer)]).toMatchObject([
      404,
      [{ code: "10001", source: { pointer: "/data/relationships/owner" } }]
    ])
  })

  it("P6 N another type is 409", async () => {
    const { data } = wish("p6@acme.com")
    const answer = await client.call("POST", collection, { data: { ...data, type: "email_addresses" } })
    expect([answer.status, await errorsIn(answer)]).toMatchObject([
      409,
      [{ code: "10014", title: "Invalid Type Param", source: { pointer: "/data/type" } }]
    ])
  })

  it("P7 is done when it is answered; a lid is ignored", async () => {
    const { data } = wish("p7@acme.com")
    const answer = await client.call("POST", collection, { data: { ...data, lid: "1", id: null } })
    const created = await resourceIn(answer)
    expect([answer.status, (await get(`/${created.id}`)).status]).toEqual([201, 200])
  })
})

describe("updating and deleting", () => {
  it("U1 N PATCH is 403, of an unknown id too; DELETE is 405", async () => {
    const events = await service.events()
    for (const which of [id, "nobody"]) {
      const { data } = wish("u1@acme.com")
      const answer = await client.call("PATCH", `${collection}/${which}`, { data: { ...data, id: which } })
      expect([answer.status, (await errorIn(answer)).code]).toEqual([403, "10015"])
    }
    const gone = await client.call("DELETE", `${collection}/${id}`)
    expect([gone.status, gone.headers.get("allow")]).toEqual([405, "GET, HEAD"])
    expect(await service.events()).toBe(events)
  })
})

describe("query parameters", () => {
  it("Q1 are forms: brackets may be encoded or not, and a plus is a space", async () => {
    const one = await client.list("page[size]=1&filter[metadata][a]=1")
    expect(await client.list("page%5Bsize%5D=1&filter%5bmetadata%5d%5ba%5d=%31")).toEqual(one)
    expect(one.meta.count).toBe(1)
    expect((await client.list("filter[metadata][a]=+1")).meta.count).toBe(0)
  })

  it("Q2 of our own have an underscore in their name", async () => {
    expect((await client.list("created_between[start]=1970-01-01T00:00:00Z")).meta.count).toBeGreaterThan(0)
  })

  it.each([
    "unknown",
    "metadata[a]",
    "created-between[start]",
    "filter",
    "filter[email]",
    "filter[metadata]",
    "filter[metadata][]",
    "filter[metadata][a][b]",
    "filter[created-between]",
    "filter[created-between][begin]",
    "page",
    "page[limit]",
    "page[Number]",
    "Page[number]",
    "fields",
    "__proto__",
    "constructor"
  ])("Q3 N the parameter %s is 400", async (name) => {
    const answer = await get(`?${name}=1`)
    expect([answer.status, (await errorIn(answer)).source]).toEqual([400, { parameter: name }])
  })

  it("Q3 N a parameter of the list is 400 elsewhere, and a repeated one everywhere", async () => {
    expect((await get(`/${id}?page[number]=1`)).status).toBe(400)
    expect((await client.call("POST", `${collection}?page[size]=1`, wish("q3@acme.com"))).status).toBe(400)
    const twice = "page[size]=1&page%5Bsize%5D=2"
    expect((await get(`?${twice}`)).status).toBe(400)
    expect((await get("?created_between[start]=1970-01-01T00:00:00Z&filter[created-between][start]=x")).status).toBe(
      400
    )
  })
})

describe("errors", () => {
  it("E1 are a list under errors, with text statuses and one title per problem", async () => {
    const errors = await errorsIn(await client.call("POST", collection, { data: {} }))
    expect(new Set(errors.map(({ status, title, code }) => `${status} ${title} ${code}`))).toEqual(
      new Set(["422 Missing Required Request Parameter 10006"])
    )
  })

  it("E2 point at what the request has: the parent of what is missing", async () => {
    const body = { data: { type: "email-addresses", attributes: {}, relationships: { owner: { data: {} } } } }
    const errors = await errorsIn(await client.call("POST", collection, body))
    expect(errors.map(({ source }) => source)).toEqual([
      { pointer: "/data/attributes" },
      { pointer: "/data/relationships/owner/data" },
      { pointer: "/data/relationships/owner/data" }
    ])
    const named = await errorsIn(await get("?filter%5Bx%5D=1&y=2"))
    expect(named.map(({ source }) => source)).toEqual([{ parameter: "filter[x]" }, { parameter: "y" }])
  })

  it("E2 name the header that is to blame", async () => {
    const answer = await client.call("POST", collection, wish("e2@acme.com"), { "idempotency-key": "x".repeat(256) })
    expect([answer.status, (await errorIn(answer)).source]).toEqual([400, { header: "Idempotency-Key" }])
  })

  it("E3 of several problems have one status", async () => {
    const answer = await client.create({ email: null, metadata: 5, owner: { type: "x", id: 1 } })
    const errors = await errorsIn(answer)
    expect([answer.status, errors.map(({ code }) => code)]).toEqual([422, ["10007", "10012", "10012"]])
  })

  it("E4 come with the headers that HTTP wants", async () => {
    expect((await get("", { authorization: "" })).headers.get("www-authenticate")).toContain("Basic")
    expect((await client.call("DELETE", collection)).headers.get("allow")).toBe("GET, HEAD, POST")
    expect((await client.call("PATCH", collection, {})).status).toBe(405)
    const head = await client.call("HEAD", collection)
    expect([head.status, head.headers.get("content-type"), await head.text()]).toEqual([200, mediaType, ""])
  })
})
