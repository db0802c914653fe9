/**
 * The list of the native dialect: filters, pages by cursor, and what is refused with the name of the parameter.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Service, startService, storages } from "../Service.ts"
import { adding, nativeClient } from "./Client.ts"

describe.each(storages)("over %s", (storage) => {
  let service: Service
  let client: ReturnType<typeof nativeClient>
  let add: ReturnType<typeof adding>
  beforeAll(async () => {
    service = await startService({ storage })
    client = nativeClient(service)
    add = adding(service)
    await add("one@acme.com", undefined, { customer: "1", size: 2 })
    await add("Two@Acme.com", service.organization, { customer: "1" })
    await add("three@mail.acme.com", service.organization)
    await add("acme.com")
    await service.confirm(await service.link(await add("five@other.com")))
  })
  afterAll(() => service.stop())

  const found = async (query: string) =>
    (await client.page(query)).senders.map(({ address, domain }) => address ?? domain)

  it.each([
    ["", ["one@acme.com", "Two@Acme.com", "three@mail.acme.com", "acme.com", "five@other.com"]],
    ["domain=acme.com", ["one@acme.com", "Two@Acme.com", "acme.com"]],
    ["domain=MAIL.acme.com", ["three@mail.acme.com"]],
    ["address=TWO@acme.com", ["Two@Acme.com"]],
    ["address=two%40acme.com&domain=other.com", []],
    ["organization=nobody", []],
    ["status=email-verified", ["five@other.com"]],
    ["status=email-verified,pending&domain=other.com", ["five@other.com"]],
    ["status=active", []],
    ["metadata[customer]=1", ["one@acme.com", "Two@Acme.com"]],
    ["metadata%5Bcustomer%5D=1&metadata[size]=2", ["one@acme.com"]],
    ["metadata[customer]=2", []]
  ] as const)("%j finds %j", async (query, expected) => {
    expect(await found(query)).toEqual(expected)
  })

  it("finds those of an organization, which they name", async () => {
    const { senders } = await client.page(`organization=${service.organization}`)
    expect(senders.map(({ address, organization }) => [address, organization])).toEqual([
      ["Two@Acme.com", service.organization],
      ["three@mail.acme.com", service.organization]
    ])
    expect((await client.page("domain=other.com")).senders[0]?.organization).toBeNull()
  })

  it.each(["", "domain=acme.com&", "metadata[customer]=1&", "status=pending,email-verified&"])(
    "the pages of %j have each sender once, whatever is added and removed meanwhile",
    async (filter) => {
      const all = await found(filter)
      const seen: Array<string | undefined> = []
      let link: string | undefined = `/v1/senders?${filter}limit=1`
      while (link !== undefined) {
        const page = await client.page(link)
        seen.push(...page.senders.map(({ address, domain }) => address ?? domain))
        // What was shown is removed and added again: an offset would shift.
        if (seen.length === 1) {
          await service.call("DELETE", `/sender/${seen[0]}`, undefined, { authorization: `Bearer ${service.token}` })
        }
        link = page.link
      }
      expect(seen).toEqual(all)
      const metadata = { customer: "1", size: 2 }
      await add(seen[0] ?? "", seen[0] === "Two@Acme.com" ? service.organization : undefined, metadata)
    }
  )

  it("keeps filters and limit in the link, and has none after the last page", async () => {
    const { link, next } = await client.page("limit=1&metadata%5Bcustomer%5D=1&domain=acme.com")
    expect(link).toBe(`/v1/senders?limit=1&metadata%5Bcustomer%5D=1&domain=acme.com&cursor=${next}`)
    expect((await client.page("limit=100")).link).toBeUndefined()
  })

  it.each([
    ["sort=address", 400, "sort"],
    ["metadata=1", 400, "metadata"],
    ["metadata[]=1", 400, "metadata[]"],
    ["metadata[a][b]=1", 400, "metadata[a][b]"],
    ["limit=1&limit=2", 400, "limit"],
    [Array.from({ length: 17 }, (_, index) => `metadata[k${index}]=1`).join("&"), 400, "metadata[k16]"],
    ["limit=0", 422, "limit"],
    ["limit=101", 422, "limit"],
    ["limit=1.5", 422, "limit"],
    ["cursor=", 422, "cursor"],
    ["cursor=1", 422, "cursor"],
    ["cursor=AAAAAAAAAAAAAAAAAAAAAA", 422, "cursor"],
    ["organization=", 422, "organization"],
    ["status=", 422, "status"],
    ["status=pending,removed", 422, "status"],
    ["domain=com", 422, "domain"],
    ["domain=acme.com.", 422, "domain"],
    ["address=acme.com", 422, "address"],
    ["metadata[a]=%00", 422, undefined]
  ])("%s is refused by %i", async (query, status, parameter) => {
    expect(await client.problem(`/v1/senders?${query}`)).toMatchObject({
      status,
      ...(parameter === undefined ? {} : { parameter })
    })
  })
})
