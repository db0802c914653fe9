/**
 * JSON:API 1.1 as a list of what a server must do, one test per line: D documents, F fetching.
 */
import { afterAll, describe, expect, it } from "vitest"
import { asListed, collection, errorIn, errorsIn, listIn, resourceIn, startWithTwo } from "./JsonApi.ts"

const { service, client, id, get, wish } = await startWithTwo()
afterAll(() => service.stop())

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
        expect([answer.status, (await errorIn(answer)).source]).toEqual([400, { parameter: "include" }])
      }
    }
  })

  it("F4 N an unknown path of include is 400", async () => {
    expect((await get("?include=nobody.knows")).status).toBe(400)
  })

  it("F5 fields shows what is asked for and no more; empty shows none", async () => {
    const fieldsOf = async (value: string) => {
      const [one] = (await client.list(`fields[email-addresses]=${value}`)).data
      expect(asListed(await resourceIn(await get(`/${id}?fields%5Bemail-addresses%5D=${value}`)))).toEqual(one)
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
      expect([answer.status, (await errorIn(answer)).source]).toEqual([400, { parameter: "sort" }])
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
