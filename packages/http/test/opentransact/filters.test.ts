import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Service, startService, storages } from "../Service.ts"
import { collection, errorsIn, jsonApiClient, resourceIn } from "./JsonApi.ts"

describe.each(storages)("filters over %s", (storage) => {
  let clock: Service
  let at: ReturnType<typeof jsonApiClient>
  beforeAll(async () => {
    clock = await startService({ storage })
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
