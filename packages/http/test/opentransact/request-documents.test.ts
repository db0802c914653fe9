import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Service, startService } from "../Service.ts"
import { collection, documentOf, errorsIn, jsonApiClient, resourceIn } from "./JsonApi.ts"

let service: Service
let client: ReturnType<typeof jsonApiClient>
beforeAll(async () => {
  service = await startService()
  client = jsonApiClient(service)
})
afterAll(() => service.stop())

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

  it.each<[string, string]>([
    ["/order-id", '{"order-id":1234567890123456789}'],
    ["/a/0/b", '{"a":[{"b":-9007199254740993}]}'],
    ["", JSON.stringify('{"order-id":1234567890123456789}')]
  ])("a whole number that would be stored as another one is refused: at %j of %s", async (place, metadata) => {
    const text = JSON.stringify(documentOf({ email: "long-id@acme.com", metadata: "M", owner: client.application }))
    const answer = await client.call("POST", collection, text.replace('"M"', metadata))
    const [error] = await errorsIn(answer)
    expect([answer.status, error.source]).toEqual([422, { pointer: `/data/attributes/metadata${place}` }])
    expect(error.detail).toContain("give them as strings")
  })

  it.each<[string, unknown]>([
    ["", { "\u0000": "\ud800" }],
    ["/b/1/c~1~0d", { a: 1, b: ["x", { "c/~d": "\u0000" }] }],
    ["/a", { a: { "\udfff": 1 } }],
    ["", '{"a":{"b":"\\ud800"}}']
  ])("what cannot be stored is pointed at inside the metadata: at %j", async (place, metadata) => {
    const text = JSON.stringify(documentOf({ email: "no-metadata@acme.com", metadata, owner: client.application }))
    const answer = await client.call("POST", collection, text)
    const errors = await errorsIn(answer)
    expect([answer.status, errors.map(({ source }) => source)]).toEqual([
      422,
      [{ pointer: `/data/attributes/metadata${place}` }]
    ])
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
