import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Service, startService } from "../Service.ts"

let service: Service
beforeAll(async () => {
  service = await startService()
  await service.call("POST", "/v1/email-address", { email: "a@acme.com" })
})
afterAll(() => service.stop())

const base64 = (text: string) => Buffer.from(text).toString("base64")

describe("a token is found", () => {
  it.each<[string, (token: string) => Record<string, string>]>([
    ["raw in Authorization", (token) => ({ authorization: token })],
    ["in X-Access-Token", (token) => ({ "x-access-token": token })],
    ["as Bearer", (token) => ({ authorization: `Bearer ${token}` })],
    ["as bearer, in lower case", (token) => ({ authorization: `bearer  ${token}` })],
    ["as Basic without base64", (token) => ({ authorization: `Basic ${token}` })],
    ["as Basic of the token", (token) => ({ authorization: `Basic ${base64(token)}` })],
    ["as Basic of the token and a colon", (token) => ({ authorization: `Basic ${base64(`${token}:`)}` })],
    ["as Basic of a user and the token", (token) => ({ authorization: `BASIC ${base64(`user:${token}`)}` })],
    ["in X-Access-Token before Authorization", (token) => ({ "x-access-token": token, authorization: "wrong" })]
  ])("%s", async (_, headers) => {
    const answer = await fetch(`${service.url}/v1/email-address`, { headers: headers(service.token) })
    expect(answer.status).toBe(200)
  })

  it("in the query, before every header", async () => {
    const answer = await fetch(`${service.url}/v1/email-address?access_token=${service.token}`, {
      headers: { authorization: "wrong", "x-access-token": "wrong" }
    })
    expect(answer.status).toBe(200)
  })

  it.each(["JSON", "form"])("in a body that is %s, before every header", async (form) => {
    const members = { email: "a@acme.com", access_token: service.token }
    const answer = await fetch(`${service.url}/v1/email-address`, {
      method: "POST",
      headers: { authorization: "wrong", ...(form === "JSON" ? { "content-type": "application/json" } : {}) },
      body: form === "JSON" ? JSON.stringify(members) : new URLSearchParams(members)
    })
    expect(answer.status).toBe(200)
  })

  it("in the query before the body", async () => {
    const answer = await fetch(`${service.url}/v1/email-address?access_token=${service.token}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: "a@acme.com", access_token: "wrong" })
    })
    expect(answer.status).toBe(200)
  })
})

describe("a caller that is not known gets 401, with what would be understood, and changes nothing", () => {
  it.each<[string, (token: string) => Record<string, string>]>([
    ["no credential", () => ({})],
    ["an empty one", () => ({ authorization: "" })],
    ["an unknown token", () => ({ authorization: "cs_nobody" })],
    ["a token with one character changed", (token) => ({ authorization: `${token.slice(0, -1)}!` })],
    ["the scheme alone", () => ({ authorization: "Bearer" })],
    ["an empty Basic", () => ({ authorization: "Basic " })],
    ["Basic of a colon", () => ({ authorization: `Basic ${base64(":")}` })],
    ["another scheme", (token) => ({ authorization: `Digest ${token}` })],
    ["a very long one", () => ({ authorization: "x".repeat(8_000) })],
    ["a wrong one in front of a right one", (token) => ({ "x-access-token": "wrong", authorization: token })]
  ])("%s", async (_, headers) => {
    const events = await service.events()
    for (const method of ["GET", "POST", "DELETE"]) {
      const answer = await fetch(`${service.url}/v1/email-address`, {
        method,
        headers: { "content-type": "application/json", ...headers(service.token) },
        ...(method === "POST" ? { body: '{"email":"b@acme.com"}' } : {})
      })
      expect(answer.status).toBe(401)
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="countersign"')
      expect(await answer.json()).toEqual({
        error: {
          statusCode: 401,
          name: "UnauthorizedError",
          message: "Authorization Required",
          code: "AUTHORIZATION_REQUIRED"
        }
      })
    }
    expect(await service.events()).toBe(events)
  })

  it("another account's token sees its own scope only", async () => {
    const answer = await service.call("GET", "/v1/email-address", undefined, { authorization: service.other.token })
    expect(answer.status).toBe(404)
  })
})
