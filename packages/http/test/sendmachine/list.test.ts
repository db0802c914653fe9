import { Schema } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Sender, SenderList, SenderListing } from "../../src/dialects/sendmachine/Sender.ts"
import { emailAddressIn, type Service, startService, storages } from "../Service.ts"

const sender = (email: string, type: "email" | "domain", status: "active" | "pending") => ({
  email,
  type,
  status,
  domain: email.replace(/.*@/, "").toLowerCase()
})
type Known = ReturnType<typeof sender>
const confirmed = sender("c@beta.com", "email", "active")
const whole = sender("beta.com", "domain", "active")
const capital = sender("B@Beta.com", "email", "pending")
const last = sender("z@alpha.com", "email", "pending")
const ofOrganization = sender("c@beta.com", "email", "pending")
const otherWhole = sender("gamma.com", "domain", "pending")
const newest = sender("a@alpha.com", "email", "pending")

const inOrderOfAdding = [confirmed, whole, capital, last, ofOrganization, otherWhole, newest]
/** By domain, then by address whatever its capitals, then in the order of adding. */
const byDomain = [newest, last, capital, whole, confirmed, ofOrganization, otherWhole]

describe.each(storages)("over %s", (storage) => {
  let service: Service
  const post = (type: string, address: string) => service.call("POST", "/sender/list", { type, address }, bearer())
  const bearer = () => ({ authorization: `Bearer ${service.token}` })

  const list = async (query = "", headers: Record<string, string> = bearer()) => {
    const answer = await service.call("GET", `/sender/list${query}`, undefined, headers)
    expect([query, answer.status]).toEqual([query, 200])
    return Schema.decodeUnknownSync(SenderList)(await answer.json(), { onExcessProperty: "error" })
  }
  /** The senders of an answer that is not an object. */
  const flat = async (query = "", headers?: Record<string, string>) => {
    const { senderlist } = await list(query, headers)
    return Array.isArray(senderlist) ? (senderlist as ReadonlyArray<Sender>) : expect.unreachable("it is grouped")
  }
  const shown = (senders: ReadonlyArray<Sender | Known>) =>
    senders.map(({ email, type, status }) => ({ email, type, status }))
  const idOf = async (email: string) => {
    const answer = await service.call("GET", "/v1/email-address")
    const address = await emailAddressIn(answer)
    expect(address.email).toBe(email)
    return address.id
  }

  beforeAll(async () => {
    service = await startService({ workers: true, storage })
    await post("email", "c@beta.com")
    const first = await idOf("c@beta.com")
    await service.confirm(await service.link(first))
    await service.publishAll()
    await service.work("1 hour")
    await post("domain", "beta.com")
    await post("email", "B@Beta.com")
    await post("email", "z@alpha.com")
    await service.call("POST", `/v1/organizations/${service.organization}/email-address`, { email: "c@beta.com" })
    await post("domain", "gamma.com")
    await post("email", "a@alpha.com")
  })
  afterAll(() => service.stop())

  describe("the documented examples", () => {
    it("the list", async () => {
      const answer = await list("?status=active&type=email&limit=20")
      expect(answer).toEqual({
        senderlist: [
          {
            sender_id: expect.stringMatching(/^[0-9]{1,16}$/),
            email: "c@beta.com",
            type: "email",
            emailtype: "both",
            status: "active",
            label: ""
          }
        ],
        filters: { status: "active", type: "email", group: "none", limit: "20", offset: 0 }
      })
    })

    it("the list by domain", async () => {
      const { senderlist, filters } = await list("?group=domain")
      expect(filters).toEqual({ status: "all", type: "all", group: "domain", limit: 1000, offset: 0 })
      expect(Object.keys(senderlist)).toEqual(["alpha.com", "beta.com", "gamma.com"])
      expect(senderlist).toMatchObject({ "gamma.com": [{ email: "gamma.com", type: "domain", status: "pending" }] })
    })
  })

  describe("every filter with every other", () => {
    const statuses = {
      active: ["active"],
      pending: ["pending"],
      "active+pending": ["active", "pending"],
      all: undefined
    }
    const types = { email: ["email"], domain: ["domain"], all: undefined }
    const combinations = ["", ...Object.keys(statuses)].flatMap((status) =>
      ["", ...Object.keys(types)].flatMap((type) =>
        ["", "none", "flat", "domain"].map((group) => ({ status, type, group }))
      )
    )

    it.each(combinations)("$status $type $group", async ({ status, type, group }) => {
      const parameters = Object.entries({ status, type, group }).filter(([, value]) => value !== "")
      const wanted = (group === "flat" || group === "domain" ? byDomain : inOrderOfAdding).filter(
        (each) =>
          (status === "" || status === "all" || status === "active+pending" || each.status === status) &&
          (type === "" || type === "all" || each.type === type)
      )
      const { senderlist, filters } = await list(`?${new URLSearchParams(parameters)}`)
      expect(filters).toEqual({
        status: status || "all",
        type: type || "all",
        group: group || "none",
        limit: 1000,
        offset: 0
      })
      const found = group === "domain" ? Object.values(senderlist).flat() : senderlist
      expect(Array.isArray(senderlist)).toBe(group !== "domain")
      expect(shown(found as ReadonlyArray<Sender>)).toEqual(shown(wanted))
      if (group !== "domain") return
      for (const [domain, members] of Object.entries(senderlist)) {
        expect(shown(members)).toEqual(shown(wanted.filter((each) => each.domain === domain)))
      }
    })
  })

  describe("what is not asked for exactly", () => {
    it("answers an empty group object when there is nothing", async () => {
      const none = { authorization: `Bearer ${service.other.token}` }
      expect((await list("?group=domain", none)).senderlist).toEqual({})
      expect((await list("?group=flat", none)).senderlist).toEqual([])
      expect((await list("", none)).senderlist).toEqual([])
    })

    it("does not look at parameters that it does not know", async () => {
      expect((await list("?fields=email&access_token=x&constructor=y")).senderlist).toHaveLength(7)
    })

    it("takes any case of the path, a slash at the end, and no Accept", async () => {
      const text = await service.raw(
        `GET /Sender/LIST/?status=active HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${service.token}\r\nconnection: close\r\n\r\n`
      )
      expect(text).toMatch(/^HTTP\/1.1 200 /)
      const head = await service.call("HEAD", "/sender/list", undefined, bearer())
      expect([head.status, await head.text()]).toEqual([200, ""])
    })
  })

  describe("pages", () => {
    it.each(["none", "flat", "domain"])(
      "of group=%s, put together, are the whole list, each sender once",
      async (group) => {
        for (const limit of [1, 2, 3, 7, 1000]) {
          const found: Array<unknown> = []
          for (let offset = 0; offset < 8; offset += limit) {
            const { senderlist } = await list(`?group=${group}&limit=${limit}&offset=${offset}`)
            const page = Object.values(senderlist).flat() as ReadonlyArray<Sender>
            expect(page.length).toBeLessThanOrEqual(limit)
            found.push(...shown(page))
          }
          expect(found).toEqual(shown(group === "none" ? inOrderOfAdding : byDomain))
        }
      }
    )

    it("count senders, not groups", async () => {
      const { senderlist } = await list("?group=domain&limit=3")
      expect(Object.entries(senderlist).map(([domain, members]) => [domain, members.length])).toEqual([
        ["alpha.com", 2],
        ["beta.com", 1]
      ])
    })

    it("beyond the end are empty", async () => {
      expect(await flat("?offset=7")).toEqual([])
      expect(await flat(`?offset=${Number.MAX_SAFE_INTEGER}`)).toEqual([])
    })
  })

  describe("a value that is not documented gets 400, with the ones that are", () => {
    const among = {
      status: "active, pending, active+pending, all",
      type: "email, domain, all",
      group: "none, domain, flat"
    }
    it.each([
      ["status", "Active"],
      ["status", ""],
      ["status", "removed"],
      ["status", "active++pending"],
      ["status", "pending+active"],
      ["status", "active&status=pending"],
      ["type", "both"],
      ["type", "email&type=email"],
      ["group", "true"],
      ["group", "none%00"]
    ] as const)("%s=%s", async (name, value) => {
      for (const path of ["/sender/list", "/sender"]) {
        const answer = await service.call("GET", `${path}?${name}=${value}`, undefined, bearer())
        expect(answer.status).toBe(400)
        expect(await answer.json()).toEqual({
          status: "invalid_request",
          error_reason: `The parameter ${name} must be one of ${among[name]}.`
        })
      }
    })

    it.each([
      "",
      "0",
      "1001",
      "-1",
      "1.5",
      "1e2",
      "0x10",
      "ten",
      "1,000",
      "%2B5",
      "9".repeat(16),
      "9".repeat(400),
      "1&limit=2"
    ])("limit=%s", async (value) => {
      const answer = await service.call("GET", `/sender/list?limit=${value}`, undefined, bearer())
      expect([answer.status, await answer.json()]).toEqual([
        400,
        { status: "invalid_request", error_reason: "The parameter limit must be a whole number from 1 to 1000." }
      ])
    })

    it.each(["", "-1", "1.5", "x", "9007199254740992", "9".repeat(400)])("offset=%s", async (value) => {
      const answer = await service.call("GET", `/sender/list?offset=${value}`, undefined, bearer())
      expect(answer.status).toBe(400)
    })
  })

  describe("the alias /sender", () => {
    const listing = async (query: string) =>
      Schema.decodeUnknownSync(SenderListing)(
        await (await service.call("GET", `/sender${query}`, undefined, bearer())).json(),
        { onExcessProperty: "error" }
      )

    it("has the total of all pages, rows without ids, and no filters", async () => {
      const row = { email: "c@beta.com", type: "email", emailtype: "both", status: "active", label: "" }
      expect(await listing("?limit=1")).toEqual({ senderlist: [row], total: 7 })
      expect(await listing("?status=active&type=email")).toEqual({ senderlist: [row], total: 1 })
      expect(await listing("?status=pending&limit=2")).toMatchObject({ total: 5 })
      expect(await listing("?type=domain&status=active%2Bpending")).toMatchObject({ total: 2 })
    })

    it("is grouped too", async () => {
      expect(await listing("?group=domain&type=domain")).toMatchObject({
        senderlist: { "beta.com": [{ email: "beta.com" }], "gamma.com": [{ email: "gamma.com" }] },
        total: 2
      })
      expect(await listing("?group=flat")).toMatchObject({ senderlist: byDomain.map(({ email }) => ({ email })) })
    })
  })

  describe("the ids", () => {
    it("are different ones, decimal, and the same again after a removal", async () => {
      const ids = (await flat()).map(({ sender_id }) => sender_id)
      expect(new Set(ids).size).toBe(7)
      expect(ids.every((id) => /^[1-9]\d*$/.test(id) && Number(id) < 2 ** 52)).toBe(true)
      await service.call("DELETE", "/sender/a@alpha.com", undefined, bearer())
      await post("email", "A@alpha.com")
      expect((await flat()).map(({ sender_id }) => sender_id)).toEqual(ids)
    })
  })
})
