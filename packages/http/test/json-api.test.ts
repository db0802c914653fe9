/**
 * JSON:API 1.1 as a list of what a server must do, one test per line: C content negotiation, D documents, F fetching, P creating, U updating, Q query
 * parameters, E errors.
 */
import { Overloaded } from "@countersign/engine"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { collection, documentOf, errorsIn, jsonApiClient, listIn, mediaType, resourceIn } from "./JsonApi.ts"
import { type Service, startService } from "./Service.ts"

let service: Service
let client: ReturnType<typeof jsonApiClient>
let id: string
beforeAll(async () => {
  service = await startService()
  client = jsonApiClient(service)
  id = (await resourceIn(await client.create({ email: "first@acme.com", metadata: { a: "1" } }))).id
  await client.create({ email: "second@acme.com", owner: client.profile })
})
afterAll(() => service.stop())

const get = (query = "", headers?: Record<string, string>) =>
  client.call("GET", `${collection}${query}`, undefined, headers)
const wish = (email: string) => documentOf({ email, owner: client.application })

/** Every member of a document, below it too, with where it is. */
const membersOf = (value: unknown, at = ""): ReadonlyArray<readonly [name: string, at: string]> =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([name, member]) => [
        ...(Array.isArray(value) ? [] : [[name, `${at}/${name}`] as const]),
        ...membersOf(member, `${at}/${name}`)
      ])

/** One document of every kind that is answered. */
const documents = async (): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const answers = [
    await get(),
    await get("?filter[owner-id]=nobody"),
    await get(`/${id}`),
    await get("/nobody"),
    await get("?sort=email"),
    await client.create({ email: `d${Math.random()}@acme.com` }),
    await client.create({ email: 5 })
  ]
  return Promise.all(answers.map(async (answer) => Object(await answer.json())))
}

describe("content negotiation", () => {
  it("C1 every answer is of the media type, without parameters; errors and unknown routes too", async () => {
    const busy = await startService({
      disturb: () => ({
        senders: { count: () => Effect.die("a fault"), add: () => Effect.fail(new Overloaded({ retryAfter: 10 })) }
      })
    })
    const there = jsonApiClient(busy)
    const answers: ReadonlyArray<readonly [number, Response]> = [
      [200, await get()],
      [200, await get(`/${id}`)],
      [201, await client.create({ email: "c1@acme.com" })],
      [400, await client.call("POST", collection, "{")],
      [400, await get("?sort=email")],
      [401, await get("", { authorization: "" })],
      [403, await client.call("PATCH", `${collection}/${id}`, {})],
      [404, await get("/nobody")],
      [404, await get(`/${id}/owner`)],
      [404, await get(`/${id}/relationships/owner`)],
      [404, await get("/%zz")],
      [405, await client.call("DELETE", `${collection}/${id}`)],
      [405, await client.call("PUT", "/V1/Email-Addresses/", {})],
      [406, await get("", { accept: `${mediaType}; charset=utf-8` })],
      [409, await client.create({ email: "first@acme.com" })],
      [413, await client.call("POST", collection, "x".repeat(70_000))],
      [415, await client.call("POST", collection, "x", { "content-type": "text/plain" })],
      [422, await client.create({})],
      [500, await there.call("GET", collection)],
      [503, await there.create({ email: "a@acme.com" })]
    ]
    for (const [status, answer] of answers) {
      expect(answer.status).toBe(status)
      expect(answer.headers.get("content-type")).toBe("application/vnd.api+json")
      if (status >= 400) await errorsIn(answer)
    }
    await busy.stop()
  })

  it.each([
    `${mediaType}; charset=utf-8`,
    `${mediaType};charset=utf-8`,
    `${mediaType}; version=1`,
    `Application/Vnd.Api+Json; profile="https://example.com/p"; x=y`,
    `${mediaType}; q=1`
  ])("C2 N Content-Type %s is 415, of GET too", async (type) => {
    for (const method of ["GET", "POST", "PATCH"]) {
      const path = method === "PATCH" ? `${collection}/${id}` : collection
      const answer = await client.call(method, path, method === "GET" ? undefined : wish("c2@acme.com"), {
        "content-type": type
      })
      expect(answer.status).toBe(415)
      expect(await errorsIn(answer)).toMatchObject([{ source: { header: "Content-Type" } }])
    }
  })

  it.each([`${mediaType}; ext="https://jsonapi.org/ext/atomic"`, `${mediaType};EXT=x`])(
    "C3 N Content-Type %s is 415",
    async (type) => {
      expect((await get("", { "content-type": type })).status).toBe(415)
      expect((await client.call("POST", collection, wish("c3@acme.com"), { "content-type": type })).status).toBe(415)
    }
  )

  it.each([
    `${mediaType}; charset=utf-8`,
    `text/html, ${mediaType}; version=1, */*`,
    `${mediaType};a=b, ${mediaType};version=2;q=0.5, ${mediaType};c="d,${mediaType}"`
  ])("C4 N Accept %s is 406", async (accept) => {
    for (const answer of [
      await get("", { accept }),
      await get(`/${id}`, { accept }),
      await client.create({}, { accept })
    ]) {
      expect(answer.status).toBe(406)
      expect(await errorsIn(answer)).toMatchObject([{ source: { header: "Accept" } }])
    }
  })

  it.each([
    `${mediaType}; charset=utf-8, ${mediaType}`,
    `${mediaType};a=b,${mediaType};q=0.9`,
    `text/html, ${mediaType}`,
    `${mediaType}; q=0.3; a=b`
  ])("C4 Accept %s has a clean instance: 200", async (accept) => {
    expect((await get("", { accept })).status).toBe(200)
  })

  it("C5 N Accept whose every instance has an unsupported extension is 406", async () => {
    const extension = `${mediaType}; ext="https://jsonapi.org/ext/atomic"`
    expect((await get("", { accept: extension })).status).toBe(406)
    expect((await get("", { accept: `${extension}, ${mediaType}; ext="a b"; profile="c"` })).status).toBe(406)
    expect((await get("", { accept: `${extension}, ${mediaType}` })).status).toBe(200)
  })

  it("C6 unknown profiles are ignored", async () => {
    const profile = `${mediaType}; profile="https://example.com/a https://example.com/b,c"`
    expect((await get("", { accept: profile, "content-type": profile })).status).toBe(200)
    const created = await client.call("POST", collection, wish("c6@acme.com"), { "content-type": profile })
    expect([created.status, created.headers.get("content-type")]).toEqual([201, mediaType])
  })

  it("C7 Vary names Accept, in errors too", async () => {
    for (const answer of [await get(), await get("/nobody"), await client.call("DELETE", collection)]) {
      expect(answer.headers.get("vary")).toBe("Accept")
    }
  })

  it.each(["*/*", "application/json", "text/html", "application/vnd.opentransact.v1+json", "", ';;,,"\\'])(
    "an Accept of %j does not name the media type: it is answered all the same",
    async (accept) => {
      const answer = await get("", { accept })
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, mediaType])
    }
  )

  it("the vendor's media type is read, and never sent", async () => {
    const type = "application/vnd.opentransact.v1+json"
    const answer = await client.call("POST", collection, wish("vendor@acme.com"), {
      "content-type": type,
      accept: type
    })
    expect([answer.status, answer.headers.get("content-type")]).toEqual([201, mediaType])
  })

  it.each(["application/json", "application/x-www-form-urlencoded", "text/plain", ""])(
    "a document of the type %j is 415",
    async (type) => {
      const answer = await client.call("POST", collection, wish("type@acme.com"), { "content-type": type })
      expect([answer.status, (await errorsIn(answer))[0].source]).toEqual([415, { header: "Content-Type" }])
    }
  )

  it("a GET with a Content-Type of JSON and no body is answered", async () => {
    expect((await get("", { "content-type": "application/json" })).status).toBe(200)
  })
})

describe("documents", () => {
  it("D1 are objects with data or errors, never both, and without included", async () => {
    for (const body of await documents()) {
      expect(Object.keys(body).filter((name) => ["data", "errors"].includes(name))).toHaveLength(1)
      expect(body).not.toHaveProperty("included")
    }
  })

  it("D2 have the members of the specification only; unknown ones in requests are ignored", async () => {
    for (const body of await documents()) {
      for (const name of Object.keys(body)) expect(["data", "errors", "meta", "links"]).toContain(name)
    }
    const odd = wish("d2@acme.com")
    const answer = await client.call("POST", collection, {
      ...odd,
      extra: 1,
      included: "x",
      data: { ...odd.data, extra: {}, lid: "local", attributes: { ...odd.data.attributes, other: 1, "created-at": 5 } }
    })
    const { attributes } = await resourceIn(answer)
    expect(Object.keys(attributes ?? {})).toEqual(["email", "metadata", "created-at", "updated-at"])
  })

  it("D3 of a collection have a list, be it empty or of one; of a resource an object", async () => {
    expect((await listIn(await get("?filter[owner-id]=nobody"))).data).toEqual([])
    expect((await listIn(await get("?page[size]=1"))).data).toHaveLength(1)
    expect(Array.isArray(await resourceIn(await get(`/${id}`)))).toBe(false)
  })

  it("D4 have resources with text ids and types, no two alike", async () => {
    const { data } = await client.list("page[size]=100")
    expect(data.length).toBeGreaterThan(2)
    for (const resource of data) expect([typeof resource.id, resource.type]).toEqual(["string", "email-addresses"])
    expect(new Set(data.map((resource) => resource.id)).size).toBe(data.length)
  })

  it("D5 have fields in one name space, none of them called id or type", async () => {
    const { attributes, relationships } = await resourceIn(await get(`/${id}`))
    const fields = [...Object.keys(attributes ?? {}), ...Object.keys(relationships ?? {})]
    expect(fields).toEqual(["email", "metadata", "created-at", "updated-at", "owner"])
  })

  it("D6 have relationships with an identifier of text type and id", async () => {
    for (const { relationships } of (await client.list()).data) {
      expect(relationships?.owner.data).toEqual({ type: expect.any(String), id: expect.stringMatching(/./) })
    }
  })

  it("D7 have links that are URLs", async () => {
    for (const link of Object.values((await client.list("page[number]=2&page[size]=1")).links)) {
      expect(new URL(link).href).toBe(link)
    }
  })

  it("D8 have meta that are objects", async () => {
    const { meta, data } = await client.list()
    for (const each of [meta, ...data.map((resource) => resource.meta)]) expect(each).toBeTypeOf("object")
  })

  it("D9 do not name their version", async () => {
    for (const body of await documents()) expect(body).not.toHaveProperty("jsonapi")
  })

  it("D10 have member names of allowed characters; the names of requests count in their case", async () => {
    for (const body of await documents()) {
      for (const [name, at] of membersOf(body)) expect(name, at).toMatch(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/)
    }
    const answer = await client.call("POST", collection, { Data: wish("d10@acme.com").data })
    expect(await errorsIn(answer)).toMatchObject([{ code: "10006", source: { pointer: "" } }])
  })

  it("D11 may have @-members in requests: they are ignored everywhere", async () => {
    const odd = wish("d11@acme.com")
    const answer = await client.call("POST", collection, {
      "@context": 1,
      data: {
        ...odd.data,
        "@id": "x",
        attributes: { ...odd.data.attributes, "@a": 1 },
        relationships: { "@r": 1, owner: { "@o": 1, data: { ...client.application, "@d": 1 } } }
      }
    })
    expect(answer.status).toBe(201)
  })

  it("D12 have no link in a resource; every link of the list can be fetched", async () => {
    const { data, links } = await client.list("page[number]=2&page[size]=1")
    for (const resource of data) expect(resource).not.toHaveProperty("links")
    for (const link of Object.values(links)) {
      expect((await get(new URL(link).search)).status).toBe(200)
    }
  })
})

describe("fetching", () => {
  it("F1 answers 200", async () => {
    expect([(await get()).status, (await get(`/${id}`)).status]).toEqual([200, 200])
  })

  it.each(["nobody", "5f0c3a52-7b1e-8d0a-9c7d-2f4e6a8b0c1d", "%00", "x".repeat(4_000), "%F0%9F%98%80"])(
    "F2 N an unknown id %.20s is 404 10001",
    async (unknown) => {
      const answer = await get(`/${unknown}`)
      expect([answer.status, await errorsIn(answer)]).toEqual([
        404,
        [{ status: "404", code: "10001", title: "Not Found", detail: "Could not locate requested resource" }]
      ])
    }
  )

  it("F3 N include is 400 wherever it stands, also when it is empty", async () => {
    for (const query of ["?include=owner", "?include=", "?include"]) {
      for (const answer of [
        await get(query),
        await get(`/${id}${query}`),
        await client.call("POST", collection + query, wish("f3@acme.com"))
      ]) {
        expect([answer.status, (await errorsIn(answer))[0].source]).toEqual([400, { parameter: "include" }])
      }
    }
  })

  it("F4 N an unknown path of include is 400", async () => {
    expect((await get("?include=nobody.knows")).status).toBe(400)
  })

  it("F5 fields shows what is asked for and no more; empty shows none", async () => {
    const fieldsOf = async (value: string) => {
      const [one] = (await client.list(`fields[email-addresses]=${value}`)).data
      expect(await resourceIn(await get(`/${id}?fields%5Bemail-addresses%5D=${value}`))).toEqual(one)
      return [...Object.keys(one?.attributes ?? {}), ...Object.keys(one?.relationships ?? {})]
    }
    expect(await fieldsOf("email")).toEqual(["email"])
    expect(await fieldsOf("owner,created-at")).toEqual(["created-at", "owner"])
    expect(await fieldsOf("")).toEqual([])
    expect(await fieldsOf("nothing-of-this-name")).toEqual([])
    const created = await client.call("POST", `${collection}?fields[email-addresses]=owner`, wish("f5@acme.com"))
    expect(await resourceIn(created)).not.toHaveProperty("attributes")
    expect((await get("?fields[profiles]=name")).status).toBe(400)
  })

  it("F6 N sort is 400", async () => {
    for (const query of ["?sort=email", "?sort=-created-at", "?sort="]) {
      const answer = await get(query)
      expect([answer.status, (await errorsIn(answer))[0].source]).toEqual([400, { parameter: "sort" }])
    }
  })

  it("F7 links of pages are at the top, unavailable ones left out, in the order of the list", async () => {
    const all = (await client.list("page[size]=100")).data.map((resource) => resource.id)
    const walked: Array<string> = []
    let query: string | undefined = "page[size]=2"
    for (let page = 1; query !== undefined; page++) {
      const { data, links } = await client.list(query)
      expect(Object.keys(links).every((name) => ["self", "first", "last", "prev", "next"].includes(name))).toBe(true)
      expect("prev" in links).toBe(page > 1)
      walked.push(...data.map((resource) => resource.id))
      query = links.next === undefined ? undefined : new URL(links.next).search.slice(1)
    }
    expect(walked).toEqual(all)
    expect(all[0]).toBe(id)
  })

  it("F8 pages and filters are families named page and filter", async () => {
    expect((await client.list("page[number]=1&page[size]=1&filter[metadata][a]=1")).meta.count).toBe(1)
  })

  it("F9 self and the links of pages keep every parameter", async () => {
    const query = `filter[owner-id]=${service.account}&created_between[start]=1970-01-01T00:00:00Z&page[size]=1`
    const { links } = await client.list(query)
    for (const link of Object.values(links)) {
      const kept = new URL(link).searchParams
      expect(kept.get("filter[owner-id]")).toBe(service.account)
      expect(kept.get("created_between[start]")).toBe("1970-01-01T00:00:00Z")
      expect(kept.get("page[size]")).toBe("1")
    }
  })
})

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
      expect([answer.status, (await errorsIn(answer))[0].code]).toEqual([403, "10015"])
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
    expect([answer.status, (await errorsIn(answer))[0].source]).toEqual([400, { parameter: name }])
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
