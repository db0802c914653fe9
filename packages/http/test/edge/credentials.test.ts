/**
 * Where each dialect finds the access key of a request, and how it refuses one that has none: the one home of both.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Service, startService } from "../Service.ts"
import { everyDialect } from "./EachDialect.ts"

let service: Service
beforeAll(async () => {
  service = await startService()
  await service.call("POST", "/v1/email-address", { email: "a@acme.com" })
})
afterAll(() => service.stop())

const base64 = (text: string) => Buffer.from(text).toString("base64")

type Credential = readonly [form: string, headers: (token: string) => Record<string, string>]
const authorization = (form: string, value: (token: string) => string): Credential => [
  form,
  (token) => ({ authorization: value(token) })
]

/** By a path of the dialect, which answers 200 to whoever calls. */
const understood: Readonly<Record<string, ReadonlyArray<Credential>>> = {
  "/v1/email-address": [
    authorization("raw", (token) => token),
    ["in X-Access-Token", (token) => ({ "x-access-token": token })],
    authorization("as Bearer", (token) => `Bearer ${token}`),
    authorization("as bearer, in lower case", (token) => `bearer  ${token}`),
    authorization("as Basic without base64", (token) => `Basic ${token}`),
    authorization("as Basic of the token", (token) => `Basic ${base64(token)}`),
    authorization("as Basic of the token and a colon", (token) => `Basic ${base64(`${token}:`)}`),
    authorization("as Basic of a user and the token", (token) => `BASIC ${base64(`user:${token}`)}`),
    ["in X-Access-Token before Authorization", (token) => ({ "x-access-token": token, authorization: "wrong" })]
  ],
  "/v1/email-addresses": [
    authorization("as Basic of the raw key", (token) => `Basic ${token}`),
    authorization("as Basic of the key in base64", (token) => `Basic ${base64(token)}`),
    authorization("as Basic of the key and a colon in base64", (token) => `basic ${base64(`${token}:`)}`),
    authorization("as Bearer", (token) => `Bearer ${token}`)
  ],
  "/v1/senders": [
    authorization("raw", (token) => token),
    authorization("raw, with spaces around it", (token) => `  ${token} `),
    authorization("as Bearer", (token) => `Bearer ${token}`),
    authorization("as bearer, in lower case", (token) => `bearer   ${token}`)
  ],
  "/sender/list": [
    authorization("as the password of any user", (token) => `Basic ${base64(`somebody:${token}`)}`),
    authorization("as the password of a long user", (token) => `basic ${base64(`${"x".repeat(300)}é:${token}`)}`),
    authorization("as the password of no user", (token) => `BASIC ${base64(`:${token}`)}`),
    authorization("as the user without a password", (token) => `Basic ${base64(`${token}:`)}`),
    authorization("as Bearer", (token) => `Bearer ${token}`),
    authorization("as bearer, in lower case", (token) => `bearer   ${token}`)
  ]
}

describe.each(Object.entries(understood))("the key of GET %s is found", (path, credentials) => {
  it.each(credentials)("%s", async (_, headers) => {
    expect((await fetch(`${service.url}${path}`, { headers: headers(service.token) })).status).toBe(200)
  })
})

describe("the token of Space Invoices is found", () => {
  const path = () => `${service.url}/v1/email-address`

  it("in the query, before every header", async () => {
    const headers = { authorization: "wrong", "x-access-token": "wrong" }
    expect((await fetch(`${path()}?access_token=${service.token}`, { headers })).status).toBe(200)
  })

  it.each(["JSON", "form"])("in a body that is %s, before every header", async (form) => {
    const members = { email: "a@acme.com", access_token: service.token }
    const answer = await fetch(path(), {
      method: "POST",
      headers: { authorization: "wrong", ...(form === "JSON" ? { "content-type": "application/json" } : {}) },
      body: form === "JSON" ? JSON.stringify(members) : new URLSearchParams(members)
    })
    expect(answer.status).toBe(200)
  })

  it("in the query before the body", async () => {
    const answer = await fetch(`${path()}?access_token=${service.token}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: "a@acme.com", access_token: "wrong" })
    })
    expect(answer.status).toBe(200)
  })
})

/** What no dialect takes. */
const refused: ReadonlyArray<Credential> = [
  ["no credential", () => ({})],
  authorization("an empty one", () => ""),
  authorization("an unknown key", () => "Bearer cs_nobody"),
  authorization("a changed key", (token) => `Bearer ${token.slice(0, -1)}!`),
  authorization("the scheme alone", () => "Bearer"),
  authorization("an empty Basic", () => "Basic "),
  authorization("Basic of a colon", () => `Basic ${base64(":")}`),
  authorization("another scheme", (token) => `Digest ${token}`),
  authorization("a very long one", () => "x".repeat(8_000))
]
/** What others take, and this dialect does not. */
const foreign: Readonly<Record<string, ReadonlyArray<Credential>>> = {
  "Space Invoices": [
    ["a wrong one in front of a right one", (token) => ({ "x-access-token": "wrong", authorization: token })]
  ],
  OpenTransact: [
    authorization("a key without a scheme", (token) => token),
    ["a key in X-Access-Token", (token) => ({ "x-access-token": token })]
  ],
  Sendmachine: [
    authorization("a key without a scheme", (token) => token),
    ["a key in X-Access-Token", (token) => ({ "x-access-token": token })],
    authorization("the key as the user beside a wrong password", (token) => `Basic ${base64(`${token}:x`)}`),
    authorization("Basic that is no base64", (token) => `Basic ${token}`)
  ],
  Native: [
    authorization("the key as Basic", (token) => `Basic ${base64(`user:${token}`)}`),
    authorization("the key as Basic without base64", (token) => `Basic ${token}`),
    ["a key in X-Access-Token", (token) => ({ "x-access-token": token })]
  ]
}

describe.each(everyDialect)("$name refuses a caller that is not known by 401, and changes nothing", (dialect) => {
  it.each([...refused, ...(foreign[dialect.name] ?? [])])("%s", async (_, headers) => {
    const events = await service.events()
    const given = headers(service.token)
    const isMissing = (given.authorization ?? "") === ""
    const type = dialect.name === "OpenTransact" ? "application/vnd.api+json" : "application/json"
    for (const [method, path] of dialect.paths) {
      const answer = await fetch(`${service.url}${path}`, {
        method,
        headers: { "content-type": type, ...given },
        ...(method === "POST" ? { body: '{"email":"b@acme.com","type":"email","address":"b@acme.com"}' } : {})
      })
      expect([path, answer.status, answer.headers.get("www-authenticate")]).toEqual([path, 401, dialect.challenge])
      expect(await answer.json()).toEqual(dialect.unauthorized[isMissing ? "missing" : "unknown"])
    }
    expect(await service.events()).toBe(events)
  })
})
