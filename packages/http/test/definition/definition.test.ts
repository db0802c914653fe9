import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { CountersignApi } from "@countersign/http/api"
import { Effect } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient, OpenApi } from "effect/http-api"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Service, startService } from "../Service.ts"

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.stop())

describe("the OpenAPI document", () => {
  const document = () => OpenApi.fromApi(CountersignApi)

  it("is served, with the public URL as its server", async () => {
    const answer = await fetch(`${service.url}/openapi.json`)
    expect(answer.headers.get("content-type")).toMatch("application/json")
    const served = await answer.json()
    expect(served).toEqual({ ...JSON.parse(JSON.stringify(document())), servers: [{ url: "http://verify.acme.test" }] })
  })

  it("has every endpoint of the seed, both scopes, and every route that the service answers", () => {
    const defined = Object.entries(document().paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
    )
    expect(defined.sort()).toEqual(
      [
        ...["/v1/email-address", "/v1/organizations/{id}/email-address"].flatMap((path) => [
          `POST ${path}`,
          `GET ${path}`,
          `DELETE ${path}`,
          `GET ${path}/status`,
          `POST ${path}/resend-verification`
        ]),
        ...["", "/{id}", "/{id}/dns", "/{id}/events"].map((path) => `GET /v1/senders${path}`),
        "POST /v1/senders/{id}/dns/probes",
        "GET /v1/effective-sender",
        "POST /v1/send-plans",
        "GET /v1/email-addresses",
        "POST /v1/email-addresses",
        "GET /v1/email-addresses/{id}",
        "GET /sender/list",
        "POST /sender/list",
        "GET /sender",
        "POST /sender",
        "DELETE /sender/{email}",
        "GET /verify/{token}",
        "POST /verify/{token}",
        "GET /health",
        "GET /ready",
        "GET /metrics"
      ].sort()
    )
  })

  it("describes every operation, parameter and error, and names the headers of the answers", () => {
    const text = JSON.stringify(document())
    const spec = JSON.parse(text)
    for (const [path, methods] of Object.entries(document().paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const at = `${method} ${path}`
        const plain = JSON.parse(JSON.stringify(operation))
        expect(plain.summary, at).toBeTruthy()
        for (const parameter of plain.parameters ?? []) {
          expect(parameter.description, `${at} ${parameter.name}`).toBeTruthy()
        }
        for (const [status, response] of Object.entries<{ description: string; headers: object }>(plain.responses)) {
          expect(response.description, `${at} ${status}`).toBeTruthy()
          expect(Object.keys(response.headers)).toContain("X-Correlation-Id")
          if (status === "401") expect(Object.keys(response.headers)).toContain("WWW-Authenticate")
          if (status === "429" || status === "503") expect(Object.keys(response.headers)).toContain("Retry-After")
        }
      }
    }
    expect(spec.components.schemas.EmailAddress.examples).toHaveLength(1)
    expect(Object.keys(spec.components.securitySchemes)).toEqual([
      "senderKeyBearer",
      "senderKey",
      "authorization",
      "accessTokenHeader",
      "accessTokenQuery",
      "accessKeyBasic",
      "accessKeyBearer",
      "apiKeyBasic",
      "apiKeyBearer"
    ])
  })

  it("says which numbers and keys are taken, as the service does", async () => {
    const patterns = new Map<string, RegExp>()
    for (const [path, { get, post }] of Object.entries(document().paths)) {
      for (const { name, schema } of [...(get?.parameters ?? []), ...(post?.parameters ?? [])]) {
        const { pattern } = JSON.parse(JSON.stringify(schema))
        const at = name === "idempotency-key" ? "" : `${path} `
        if (pattern !== undefined) patterns.set(`${at}${name}`, new RegExp(pattern, "u"))
      }
    }
    expect([...patterns.keys()].sort()).toEqual([
      "/sender limit",
      "/sender offset",
      "/sender/list limit",
      "/sender/list offset",
      "/v1/email-addresses page[number]",
      "/v1/email-addresses page[size]",
      "/v1/senders limit",
      "/v1/senders/{id}/events limit",
      "idempotency-key"
    ])
    const headers = { authorization: `Bearer ${service.token}` }
    for (const value of [
      "0",
      "1",
      "00",
      "007",
      "100",
      "0101",
      "999",
      "1000",
      "1001",
      "-1",
      "1.5",
      "",
      "a",
      "٣",
      "1 "
    ]) {
      for (const [name, path] of [
        ["limit", "/sender/list"],
        ["offset", "/sender"],
        ["page[number]", "/v1/email-addresses"],
        ["page[size]", "/v1/email-addresses"],
        ["limit", "/v1/senders"]
      ] as const) {
        const { status } = await service.call("GET", `${path}?${name}=${encodeURIComponent(value)}`, undefined, headers)
        expect([name, value, status === 200]).toEqual([name, value, patterns.get(`${path} ${name}`)?.test(value)])
      }
    }
  })

  it("is shown as a page that asks nobody else", async () => {
    const answer = await fetch(`${service.url}/docs`)
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, expect.stringMatching("text/html")])
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'unsafe-inline'")
    const page = await answer.text()
    expect(page).toContain("/v1/organizations/{id}/email-address")
    expect(page).not.toMatch(/<(script|link|img|iframe)[^>]+(src|href)="https?:/)
  })
})

describe("the definition without the server", () => {
  it("makes a typed client", async () => {
    const program = Effect.gen(function* () {
      const client = yield* HttpApiClient.make(CountersignApi, {
        baseUrl: service.url,
        transformClient: HttpClient.mapRequest(HttpClientRequest.setHeader("authorization", `Bearer ${service.token}`))
      })
      const params = { id: service.organization }
      const added = yield* client.organizationEmailAddress.create({
        params,
        headers: { "idempotency-key": "typed" },
        payload: { email: "typed@acme.com" }
      })
      const status = yield* client.organizationEmailAddress.status({ params })
      const problem = yield* Effect.flip(
        client.accountEmailAddress.create({ headers: {}, payload: { email: "nothing" } })
      )
      const jsonApi = yield* client.emailAddresses.show({ params: { id: added.id }, query: {} })
      const page = yield* client.emailAddresses.list({ query: { "filter[owner-type]": "profiles" } })
      return { added, status, problem, jsonApi, page, health: yield* client.health() }
    })
    const { added, status, problem, jsonApi, page, health } = await Effect.runPromise(
      Effect.provide(program, FetchHttpClient.layer)
    )
    expect([added.email, added.organizationId]).toEqual(["typed@acme.com", service.organization])
    expect(status).toEqual({ emailVerificationStatus: "PENDING", domainVerificationStatus: "PENDING" })
    expect(problem).toMatchObject({ error: { statusCode: 422, details: { codes: { email: ["format"] } } } })
    expect([jsonApi.data.attributes, page.data.at(-1)?.attributes?.email]).toEqual([
      page.data.at(-1)?.attributes,
      "typed@acme.com"
    ])
    expect(health).toEqual({ status: "ok" })
  })

  it("imports neither the engine, nor the core, nor Node", () => {
    const seen = new Set<string>()
    const foreign = new Set<string>()
    const visit = (url: URL) => {
      if (seen.has(url.href)) return
      seen.add(url.href)
      // A type is no import at run time.
      for (const [, name = ""] of readFileSync(url, "utf8").matchAll(
        /^(?:import|export) (?:\{[^}]*\}|\*(?: as \w+)?) from "([^"]+)"/gm
      )) {
        if (name.startsWith(".")) visit(new URL(name, url))
        else foreign.add(name)
      }
    }
    visit(new URL("../../src/Api.ts", import.meta.url))
    expect([...foreign].sort()).toEqual(["effect", "effect/http-api"])
    expect([...seen].map((href) => fileURLToPath(href)).length).toBeGreaterThan(6)
  })
})
