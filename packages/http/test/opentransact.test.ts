import { CommandInFlight } from "@countersign/engine"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { collection, documentOf, errorsIn, jsonApiClient, resourceIn } from "./JsonApi.ts"
import { emailAddressIn, type Service, startService } from "./Service.ts"

let service: Service
let client: ReturnType<typeof jsonApiClient>
beforeAll(async () => {
  // The time of the vendor's examples.
  service = await startService({ publicUrl: "https://verify.acme.test/mail" })
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

describe("filters", () => {
  let clock: Service
  let at: ReturnType<typeof jsonApiClient>
  beforeAll(async () => {
    clock = await startService()
    at = jsonApiClient(clock)
    await clock.pass(Date.parse("2024-05-01T10:00:00.700Z"))
    await at.create({ email: "one@acme.com", metadata: { "order-id": 1234, tag: "a b" } })
    await clock.pass("1 second")
    await at.create({ email: "two@acme.com", metadata: '{"order-id":"1234","constructor":"x"}', owner: at.profile })
    await clock.pass("1 second")
    const { id } = await resourceIn(await at.create({ email: "three@acme.com" }))
    await clock.pass("1 hour")
    await clock.confirm(await clock.link(id))
  })
  afterAll(() => clock.stop())

  it.each([
    "filter[created-between]",
    "filter[created_between]",
    "created_between",
    "filter[updated-between]",
    "filter[updated_between]",
    "updated_between"
  ])("%s compares whole seconds, inclusively, in every spelling", async (name) => {
    const both = (start: string, finish: string) =>
      at.emails(`${name}[start]=${start}&${encodeURIComponent(`${name}[finish]`)}=${encodeURIComponent(finish)}`)
    expect(await both("2024-05-01T10:00:00Z", "2024-05-01T10:00:01Z")).toEqual(["one@acme.com", "two@acme.com"])
    expect(await both("2024-05-01T10:00:00.999Z", "2024-05-01T10:00:00.001Z")).toEqual(["one@acme.com"])
    expect(await both("2024-05-01T12:00:01+02:00", "2024-05-01T12:00:01+02:00")).toEqual(["two@acme.com"])
    expect(await both("2024-05-01T10:00:01Z", "2024-05-01T10:00:00Z")).toEqual([])
    expect(await at.emails(`${name}[finish]=2024-05-01T10:00:00Z`)).toEqual(["one@acme.com"])
    const rest = await at.emails(`${name}[start]=2024-05-01T10:00:02Z`)
    expect(rest).toEqual(["three@acme.com"])
  })

  it("tell the time of the last change from that of the adding", async () => {
    expect(await at.emails("updated_between[start]=2024-05-01T11:00:00Z")).toEqual(["three@acme.com"])
    expect(await at.emails("created_between[start]=2024-05-01T11:00:00Z")).toEqual([])
  })

  it.each(["yesterday", "", "2024-05-01", "2024-02-30T00:00:00Z", "2024-05-01T25:00:00Z", "2024-05-01T10:00:00"])(
    "refuse %j as a time",
    async (value) => {
      const name = "filter[created-between][start]"
      const answer = await at.call("GET", `${collection}?${name}=${value}`)
      expect(answer.status).toBe(422)
      expect(await errorsIn(answer)).toMatchObject([{ source: { parameter: name } }])
    }
  )

  it("match metadata exactly, by top-level keys, non-strings by their JSON text", async () => {
    expect(await at.emails("filter[metadata][order-id]=1234")).toEqual(["one@acme.com", "two@acme.com"])
    expect(await at.emails("filter%5Bmetadata%5D%5Border-id%5D=1234&filter[metadata][tag]=a+b")).toEqual([
      "one@acme.com"
    ])
    expect(await at.emails("filter[metadata][constructor]=x")).toEqual(["two@acme.com"])
    for (const query of ["[order-id]=123", "[none]=1234", "[order-id]=", "[__proto__]=x"]) {
      expect(await at.emails(`filter[metadata]${query}`)).toEqual([])
    }
  })

  it("find the addresses of an owner", async () => {
    const [mine, theirs] = [["one@acme.com", "three@acme.com"], ["two@acme.com"]]
    expect(await at.emails("filter[owner-type]=applications")).toEqual(mine)
    expect(await at.emails("filter[owner-type]=profiles")).toEqual(theirs)
    expect(await at.emails(`filter[owner-id]=${clock.account}`)).toEqual(mine)
    expect(await at.emails(`filter[owner-id]=${clock.organization}`)).toEqual(theirs)
    const both = `filter[owner-type]=profiles&filter[owner-id]=${clock.organization}`
    expect(await at.emails(`filter[application-id]=${clock.account}&${both}`)).toEqual(theirs)
    expect(await at.emails(`filter[owner-type]=profiles&filter[owner-id]=${clock.account}`)).toEqual([])
    expect(await at.emails(`filter[owner-type]=applications&filter[owner-id]=${clock.organization}`)).toEqual([])
    expect(await at.emails("filter[application-id]=another")).toEqual([])
    expect(await at.emails("filter[owner-id]=")).toEqual([])
    expect((await at.list("filter[owner-type]=profiles")).meta.count).toBe(1)
  })

  it("refuse an unknown type of owner: 422 10013", async () => {
    const answer = await at.call("GET", `${collection}?filter[owner-type]=networks`)
    expect(await errorsIn(answer)).toMatchObject([{ code: "10013", source: { parameter: "filter[owner-type]" } }])
  })

  it("refuse more keys of metadata than anybody needs", async () => {
    const query = Array.from({ length: 17 }, (_, i) => `filter[metadata][k${i}]=v`).join("&")
    expect((await at.call("GET", `${collection}?${query}`)).status).toBe(400)
  })

  it("are kept in the links, page by page", async () => {
    const { links } = await at.list("page[size]=1&filter[metadata][order-id]=1234&fields[email-addresses]=email")
    expect(links.next).toBe(
      "http://verify.acme.test/v1/email-addresses?filter%5Bmetadata%5D%5Border-id%5D=1234&fields%5Bemail-addresses%5D=email&page%5Bnumber%5D=2&page%5Bsize%5D=1"
    )
    const next = new URL(links.next ?? "")
    const found = await at.list(next.search.slice(1))
    expect(found.data.map(({ attributes }) => attributes)).toEqual([{ email: "two@acme.com" }])
  })
})

describe("metadata", () => {
  it.each<[unknown, string]>([
    [undefined, "{}"],
    ["{}", "{}"],
    [' { "a" : 1 } ', '{"a":1}'],
    [{ key: "value", nested: { list: [1, null, true] } }, '{"key":"value","nested":{"list":[1,null,true]}}'],
    ['{"__proto__":"x"}', '{"__proto__":"x"}']
  ])("%j is answered as %s", async (metadata, text) => {
    const email = `metadata${Math.random()}@acme.com`
    const { id, attributes } = await resourceIn(await client.create({ email, metadata }))
    expect(attributes?.metadata).toBe(text)
    expect((await resourceIn(await client.call("GET", `${collection}/${id}`))).attributes?.metadata).toBe(text)
  })

  it.each<[unknown, string | undefined]>([
    [null, "10007"],
    [true, "10009"],
    [[], "10010"],
    [5, "10012"],
    ["", undefined],
    ["null", undefined],
    ["[]", undefined],
    ["{", undefined],
    ['{"a":1e999}', undefined],
    [`{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`, undefined]
  ])("%.20j is refused", async (metadata, code) => {
    const answer = await client.create({ email: "no-metadata@acme.com", metadata })
    expect(answer.status).toBe(422)
    const [error] = await errorsIn(answer)
    expect([error.code, error.source]).toEqual([code, { pointer: "/data/attributes/metadata" }])
  })

  it("that cannot be stored is refused", async () => {
    const answer = await client.create({ email: "no-metadata@acme.com", metadata: { "\u0000": "\ud800" } })
    expect([answer.status, (await errorsIn(answer)).length]).toEqual([422, 1])
  })
})

describe("what is wrong with a document is said all at once, each at its place", () => {
  const owner = { type: "profiles", id: "x" }
  it.each<[string, unknown, ReadonlyArray<readonly [string | undefined, string]>]>([
    ["no data", {}, [["10006", ""]]],
    ["null", { data: null }, [["10007", "/data"]]],
    ["a list", { data: [] }, [["10010", "/data"]]],
    ["text", { data: "x" }, [["10008", "/data"]]],
    [
      "nothing in it",
      { data: {} },
      [
        ["10006", "/data"],
        ["10006", "/data"],
        ["10006", "/data"]
      ]
    ],
    [
      "empty parts",
      { data: { type: "email-addresses", attributes: {}, relationships: {} } },
      [
        ["10006", "/data/attributes"],
        ["10006", "/data/relationships"]
      ]
    ],
    [
      "parts of the wrong type",
      { data: { type: 5, attributes: [], relationships: "x" } },
      [
        ["10012", "/data/type"],
        ["10010", "/data/attributes"],
        ["10008", "/data/relationships"]
      ]
    ],
    [
      "members of the wrong type",
      documentOf({ email: {}, metadata: false, owner: null }),
      [
        ["10011", "/data/attributes/email"],
        ["10009", "/data/attributes/metadata"],
        ["10007", "/data/relationships/owner/data"]
      ]
    ],
    [
      "null and a bad owner",
      documentOf({ email: null, owner: { type: "networks", id: "x" } }),
      [
        ["10007", "/data/attributes/email"],
        ["10013", "/data/relationships/owner/data/type"]
      ]
    ],
    [
      "a bad address and half an owner",
      documentOf({ email: "string", owner: { type: "profiles" } }),
      [
        [undefined, "/data/attributes/email"],
        ["10006", "/data/relationships/owner/data"]
      ]
    ],
    [
      "an owner without data",
      { data: { type: "email-addresses", attributes: { email: "" }, relationships: { owner: {} } } },
      [
        [undefined, "/data/attributes/email"],
        ["10006", "/data/relationships/owner"]
      ]
    ]
  ])("%s", async (_, body, expected) => {
    const events = await service.events()
    const answer = await client.call("POST", collection, body)
    expect(answer.status).toBe(422)
    const errors = await errorsIn(answer)
    expect(errors.map(({ code, source }) => [code, source])).toEqual(
      expected.map(([code, pointer]) => [code, { pointer }])
    )
    for (const { source } of errors) expect(source).toSatisfy((at) => exists(body, at.pointer))
    expect(await service.events()).toBe(events)
  })

  it("but 409, 403 and 404 are said alone, in this order", async () => {
    const bad = (data: object) => ({ data: { attributes: {}, relationships: { owner: { data: owner } }, ...data } })
    const statuses = []
    for (const body of [
      bad({ type: "addresses", id: "1" }),
      bad({ type: "email-addresses", id: "1" }),
      bad({ type: "email-addresses" })
    ]) {
      const answer = await client.call("POST", collection, body)
      statuses.push([answer.status, (await errorsIn(answer)).map(({ code }) => code)])
    }
    expect(statuses).toEqual([
      [409, ["10014"]],
      [403, ["10015"]],
      [404, ["10001"]]
    ])
  })

  it.each(["", " \n", "{", "[]", "null", '"x"', "\xff"])("a body of %j cannot be read: 400", async (body) => {
    const answer = await client.call("POST", collection, body)
    expect(answer.status).toBe(400)
    expect(await errorsIn(answer)).toHaveLength(1)
  })
})

/** Whether a pointer leads somewhere (RFC 6901). */
const exists = (body: unknown, pointer: string): boolean =>
  pointer
    .split("/")
    .slice(1)
    .reduce<unknown>((at, name) => Object(at)[name], body) !== undefined

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
    const busy = await startService({ disturb: () => ({ senders: { add: () => Effect.fail(new CommandInFlight()) } }) })
    const answer = await jsonApiClient(busy).create({ email: "a@acme.com" }, key("five"))
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([409, "1"])
    await errorsIn(answer)
    await busy.stop()
  })
})
