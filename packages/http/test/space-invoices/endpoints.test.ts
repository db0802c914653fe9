import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { emailAddressIn, type Service, startService } from "../Service.ts"

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.stop())

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const scopes = ["account", "organization"] as const
const pathOf = (scope: (typeof scopes)[number]) =>
  scope === "account" ? "/v1/email-address" : `/v1/organizations/${service.organization}/email-address`

describe.each(scopes)("the five endpoints of the %s", (scope) => {
  it("walks through them, in the documented shapes", async () => {
    const path = pathOf(scope)
    const email = `billing-${scope}@acme.com`
    const none = { error: { statusCode: 404, name: "NotFoundError", code: "MODEL_NOT_FOUND" } }

    for (const [method, suffix] of [
      ["GET", ""],
      ["GET", "/status"],
      ["POST", "/resend-verification"]
    ] as const) {
      const answer = await service.call(method, path + suffix)
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject(none)
    }

    const added = await service.call("POST", path, { email })
    expect(added.status).toBe(200)
    expect(added.headers.get("content-type")).toBe("application/json; charset=utf-8")
    const object = await emailAddressIn(added)
    expect(object).toMatchObject({
      email,
      emailVerificationStatus: "PENDING",
      domainVerificationStatus: "PENDING",
      accountId: service.account,
      organizationId: scope === "account" ? null : service.organization,
      createdAt: expect.stringMatching(isoTime),
      updatedAt: expect.stringMatching(isoTime),
      status: "pending"
    })
    expect(object.tokens).toHaveLength(3)
    expect(object.dnsRecords).toEqual(
      object.tokens.map((token, index) => ({
        type: "CNAME",
        name: `${token}._domainkey.acme.com`,
        value: `${token}.k${index + 1}.dkim.countersign.net`
      }))
    )

    expect(await (await service.call("GET", path)).json()).toEqual(object)
    expect(await (await service.call("GET", `${path}/status`)).json()).toEqual({
      emailVerificationStatus: "PENDING",
      domainVerificationStatus: "PENDING"
    })

    const early = await service.call("POST", `${path}/resend-verification`, {})
    expect(early.status).toBe(429)
    expect(Number(early.headers.get("retry-after"))).toBeGreaterThan(0)
    expect(await early.json()).toMatchObject({ error: { statusCode: 429, code: "TOO_MANY_REQUESTS" } })
    await service.pass("61 seconds")
    const resent = await service.call("POST", `${path}/resend-verification`, "{\n}")
    expect([resent.status, await resent.json()]).toEqual([200, { success: true }])

    const removed = await service.call("DELETE", path)
    expect([removed.status, await removed.json()]).toEqual([200, { count: 1 }])
    const again = await service.call("DELETE", path)
    expect([again.status, await again.json()]).toEqual([200, { count: 0 }])
    expect((await service.call("GET", path)).status).toBe(404)
  })

  it("answers the existing object to the same address, and writes nothing", async () => {
    const first = await (await service.call("POST", pathOf(scope), { email: `same-${scope}@acme.com` })).json()
    const events = await service.events()
    const second = await service.call("POST", pathOf(scope), { email: `SAME-${scope}@ACME.com` })
    expect([second.status, await second.json()]).toEqual([200, first])
    expect(await service.events()).toBe(events)
  })

  it("answers the newest of several, and removes all of them", async () => {
    await service.call("DELETE", pathOf(scope))
    await service.call("POST", pathOf(scope), { email: `older-${scope}@acme.com` })
    await service.call("POST", pathOf(scope), { email: `newer-${scope}@acme.com` })
    const current = await emailAddressIn(await service.call("GET", pathOf(scope)))
    expect(current.email).toBe(`newer-${scope}@acme.com`)
    expect(await (await service.call("DELETE", pathOf(scope))).json()).toEqual({ count: 2 })
  })
})

describe("the scopes", () => {
  it("are apart: one's address is not the other's", async () => {
    await service.call("DELETE", pathOf("account"))
    await service.call("DELETE", pathOf("organization"))
    await service.call("POST", pathOf("account"), { email: "shared@acme.com" })
    expect((await service.call("GET", pathOf("organization"))).status).toBe(404)
  })

  it.each([
    ["an unknown organization", () => "does-not-exist"],
    ["another account's organization", () => service.other.organization],
    ["an organization whose id is absurdly long", () => "x".repeat(4_000)],
    ["an organization with odd characters in its id", () => encodeURIComponent("../'\"<>\u0000é")]
  ])("answer %s alike: 401", async (_, id) => {
    for (const [method, suffix] of [
      ["POST", ""],
      ["GET", ""],
      ["DELETE", ""],
      ["GET", "/status"],
      ["POST", "/resend-verification"]
    ] as const) {
      const answer = await service.call(
        method,
        `/v1/organizations/${id()}/email-address${suffix}`,
        method === "POST" ? { email: "a@acme.com" } : undefined
      )
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ error: { code: "AUTHORIZATION_REQUIRED" } })
    }
  })
})

describe("what real clients send", () => {
  const email = "odd-clients@acme.com"

  it("matches paths in any case, and with a slash at the end", async () => {
    const path = `/v1/Organizations/${service.organization}/Email-Address`
    const added = await service.call("POST", `${path}/`, { email })
    expect((await emailAddressIn(added)).organizationId).toBe(service.organization)
    expect((await service.call("GET", path)).status).toBe(200)
    expect((await service.call("GET", `${path}/STATUS/`)).status).toBe(200)
  })

  it("reads a form as well as JSON", async () => {
    const answer = await fetch(`${service.url}/v1/email-address`, {
      method: "POST",
      headers: { authorization: service.token },
      body: new URLSearchParams({ email: "form+tag@acme.com" })
    })
    expect([answer.status, (await emailAddressIn(answer)).email]).toEqual([200, "form+tag@acme.com"])
  })

  it.each(["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"', "application/json ; x=y"])(
    "takes the media type %s",
    async (type) => {
      expect((await service.call("POST", "/v1/email-address", { email }, { "content-type": type })).status).toBe(200)
    }
  )

  it("resends without a body and without a media type", async () => {
    await service.pass("61 seconds")
    const answer = await fetch(`${service.url}/v1/email-address/resend-verification`, {
      method: "POST",
      headers: { authorization: service.token }
    })
    expect(answer.status).toBe(200)
  })

  it("answers HEAD like GET, without the body", async () => {
    const answer = await service.call("HEAD", "/v1/email-address")
    expect([answer.status, await answer.text()]).toEqual([200, ""])
    expect(Number(answer.headers.get("content-length"))).toBeGreaterThan(100)
  })
})

describe("a verified mailbox", () => {
  it("is SUCCESS, and resending probes the domain instead of mailing", async () => {
    const { id } = await emailAddressIn(await service.call("POST", "/v1/email-address", { email: "done@acme.com" }))
    await service.confirm(await service.link(id))
    expect(await (await service.call("GET", "/v1/email-address/status")).json()).toEqual({
      emailVerificationStatus: "SUCCESS",
      domainVerificationStatus: "PENDING"
    })
    const events = await service.events()
    for (let i = 0; i < 2; i++) {
      const resent = await service.call("POST", "/v1/email-address/resend-verification", {})
      expect([resent.status, await resent.json()]).toEqual([200, { success: true }])
    }
    expect(await service.events()).toBe(events)
  })
})

describe("idempotency keys", () => {
  const post = (key: string, email: string, path = "/v1/email-address") =>
    service.call("POST", path, { email }, { "idempotency-key": key })

  it("count per method and path, whatever the case of the path", async () => {
    await post("three", "three@acme.com")
    expect(
      (await post("three", "organization@acme.com", `/v1/organizations/${service.organization}/email-address`)).status
    ).toBe(200)
    expect((await service.call("DELETE", "/v1/email-address", undefined, { "idempotency-key": "three" })).status).toBe(
      200
    )
    expect((await post("three", "elsewhere@acme.com", "/V1/Email-Address/")).status).toBe(422)
  })

  it("answer a repeated resend like the first, although the address is gone or another one now", async () => {
    const { organization } = service.other
    const path = `/v1/organizations/${organization}/email-address`
    const call = (method: string, to: string, body?: unknown) =>
      service.call(method, to, body, { authorization: service.other.token, "idempotency-key": `${method} of it` })
    const resend = async (key = "again") => {
      const headers = { authorization: service.other.token, "idempotency-key": key }
      const answer = await service.call("POST", `${path}/resend-verification`, {}, headers)
      return [answer.status, await answer.json()]
    }
    expect(await resend("before there is one")).toEqual([404, expect.anything()])
    await call("POST", path, { email: "again@acme.com" })
    await service.pass("61 seconds")
    expect(await resend()).toEqual([200, { success: true }])
    await call("DELETE", path)
    const events = await service.events()
    expect(await resend()).toEqual([200, { success: true }])
    expect(await resend("another")).toEqual([404, expect.anything()])
    await service.call("POST", path, { email: "newer@acme.com" }, { authorization: service.other.token })
    await service.pass("61 seconds")
    expect(await resend()).toEqual([200, { success: true }])
    // What was added, and no new link.
    expect(await service.events()).toBe(events + 2)
  })
})

describe("100 calls at once", () => {
  it("of one address yield one sender, of different addresses 100", async () => {
    await service.call("DELETE", "/v1/email-address")
    const before = await service.events()
    const many = (email: (i: number) => string) =>
      Promise.all(
        Array.from({ length: 100 }, async (_, i) =>
          emailAddressIn(await service.call("POST", "/v1/email-address", { email: email(i) }))
        )
      )
    const same = await many(() => "all-at-once@acme.com")
    expect(new Set(same.map(({ id }) => id)).size).toBe(1)
    // SenderAdded and VerificationRequested, once.
    expect(await service.events()).toBe(before + 2)
    expect(new Set((await many((i) => `one-of-many-${i}@acme.com`)).map(({ id }) => id)).size).toBe(100)
    expect(await (await service.call("DELETE", "/v1/email-address")).json()).toEqual({ count: 101 })
  })
})
