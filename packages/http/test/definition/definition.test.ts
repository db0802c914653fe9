import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { CommandInFlight, Overloaded, StorageUnavailable } from "@countersign/engine"
import { CountersignApi } from "@countersign/http/api"
import { Effect, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { HttpApi, HttpApiClient, OpenApi } from "effect/http-api"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { documentOf, jsonApiClient, mediaType } from "../opentransact/JsonApi.ts"
import { type Service, startService } from "../Service.ts"

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.stop())

interface Endpoint {
  readonly method: string
  readonly path: string
  readonly schemas: ReadonlyArray<{ readonly status: number; readonly schema: Schema.Top }>
}

/** Every endpoint of the definition with the schema of each of its answers. */
const endpoints = (): ReadonlyArray<Endpoint> => {
  const found: Array<Endpoint> = []
  HttpApi.reflect(CountersignApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, successes, errors }) => {
      const schemas = [...successes, ...errors].flatMap(([status, each]) => each.map((schema) => ({ status, schema })))
      found.push({ method: endpoint.method, path: endpoint.path, schemas })
    }
  })
  return found
}

const scopes = () => ["/v1/email-address", `/v1/organizations/${service.organization}/email-address`]
const definedPath = (path: string) =>
  path
    .replace(/\?.*/, "")
    .replace(service.organization, ":id")
    .replace(/\/email-addresses\/.+/, "/email-addresses/:id")
    .replace(/\/verify\/.+/, "/verify/:token")
    .replace(/\/sender\/.*[.@].*/, "/sender/:email")

/** Fails unless the definition has this answer, to the letter: no member is missing, none is too many. */
const conforms = async (method: string, path: string, answer: Response) => {
  const endpoint = endpoints().find((each) => each.method === method && each.path === definedPath(path))
  expect(endpoint, `${method} ${path} is defined`).toBeDefined()
  const candidates = endpoint?.schemas.filter(({ status }) => status === answer.status) ?? []
  expect(candidates, `${method} ${path} defines ${answer.status}`).not.toEqual([])
  const text = await answer.text()
  const isJson = /json/.test(answer.headers.get("content-type") ?? "")
  const body: unknown = isJson ? JSON.parse(text) : text
  const fits = candidates.some(({ schema }) => {
    // The services of a schema are none here: every schema of the definition is plain data.
    const exit = Schema.decodeUnknownExit(schema as Schema.Codec<unknown>)(body, { onExcessProperty: "error" })
    return exit._tag === "Success"
  })
  expect(fits, `${method} ${path} ${answer.status} ${text.slice(0, 500)}`).toBe(true)
}

describe("every answer of every endpoint is as the definition says", () => {
  const check = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    const answer = await service.call(method, path, body, headers)
    await conforms(method, path, answer)
    return answer.status
  }

  it("in both scopes, from nothing to removed", async () => {
    for (const path of scopes()) {
      const seen = [
        await check("GET", path),
        await check("GET", `${path}/status`),
        await check("POST", `${path}/resend-verification`, {}),
        await check("POST", path, {}),
        await check("POST", path, { email: "string" }),
        await check("POST", path, "{"),
        await check("POST", path, "x".repeat(70_000)),
        await check("POST", path, "x", { "content-type": "text/plain" }),
        await check("POST", path, { email: "a@acme.com" }, { "idempotency-key": `${path}1` }),
        await check("POST", path, { email: "b@acme.com" }, { "idempotency-key": `${path}1` }),
        await check("GET", path),
        await check("GET", `${path}/status`),
        await check("POST", `${path}/resend-verification`, {}),
        await check("DELETE", path),
        await check("DELETE", path)
      ]
      expect(seen).toEqual([404, 404, 404, 422, 422, 400, 413, 415, 200, 422, 200, 200, 429, 200, 200])
      await service.pass("61 seconds")
      await check("POST", path, { email: "a@acme.com" })
      await service.pass("61 seconds")
      expect(await check("POST", `${path}/resend-verification`)).toBe(200)
    }
  })

  it("when the caller is not known", async () => {
    for (const path of scopes()) {
      for (const [method, suffix] of [
        ["POST", ""],
        ["GET", ""],
        ["DELETE", ""],
        ["GET", "/status"],
        ["POST", "/resend-verification"]
      ] as const) {
        expect(await check(method, path + suffix, undefined, { authorization: "nobody" })).toBe(401)
      }
    }
  })

  it("when the same key is in flight, and when something goes wrong inside", async () => {
    const broken = await startService({
      disturb: () => ({
        senders: {
          add: () => Effect.fail(new CommandInFlight()),
          current: () => Effect.die("a fault"),
          removeAll: () => Effect.die("a fault")
        }
      })
    })
    const path = "/v1/email-address"
    const inFlight = await broken.call("POST", path, { email: "a@acme.com" })
    expect([inFlight.status, inFlight.headers.get("retry-after")]).toEqual([409, "1"])
    await conforms("POST", path, inFlight)
    for (const [method, suffix] of [
      ["GET", ""],
      ["GET", "/status"],
      ["POST", "/resend-verification"],
      ["DELETE", ""]
    ] as const) {
      const answer = await broken.call(method, path + suffix)
      expect(answer.status).toBe(500)
      await conforms(method, path + suffix, answer)
    }
    await broken.stop()
  })

  it("of the Sendmachine dialect, from nothing to removed", async () => {
    const email = { type: "email", address: "sm@acme.com" }
    const headers = { authorization: `Bearer ${service.token}` }
    const checked = (method: string, path: string, body?: unknown, more: Record<string, string> = {}) =>
      check(method, path, body, { ...headers, ...more })
    for (const path of ["/sender/list", "/sender"]) {
      const seen = [
        await checked("GET", path),
        await checked("GET", `${path}?group=domain`),
        await checked("POST", path, email, { "idempotency-key": path }),
        await checked("POST", path, { ...email, address: "other@acme.com" }, { "idempotency-key": path }),
        await checked("POST", path, { type: "domain", address: "sm.acme.com" }),
        await checked("POST", path, email),
        await checked("POST", path, { type: "email", address: "string" }),
        await checked("POST", path, {}),
        await checked("POST", path, "{"),
        await checked("POST", path, "x".repeat(70_000)),
        await checked("POST", path, "x", { "content-type": "text/plain" }),
        await checked("GET", `${path}?limit=20&status=active+pending`),
        await checked("GET", `${path}?group=domain`),
        await checked("GET", `${path}?group=flat`),
        await checked("GET", `${path}?group=neither`),
        await checked("GET", path, undefined, { authorization: "Bearer nobody" }),
        await checked("POST", path, email, { authorization: "Bearer nobody" }),
        await checked("DELETE", "/sender/sm@acme.com", undefined, { authorization: "Bearer nobody" }),
        await checked("DELETE", "/sender/sm@acme.com", undefined, { "idempotency-key": "x".repeat(256) }),
        await checked("DELETE", "/sender/sm@acme.com"),
        await checked("DELETE", "/sender/sm@acme.com"),
        await checked("DELETE", "/sender/sm.acme.com")
      ]
      const lists = [200, 200, 200, 400]
      const writes = [422, 200, 409, 400, 400, 400, 413, 415]
      expect(seen).toEqual([200, 200, 200, ...writes, ...lists, 401, 401, 401, 400, 200, 404, 200])
    }
  })

  it("of the Sendmachine dialect, when the same key is in flight, and when something goes wrong inside", async () => {
    const headers = (of: Service) => ({ authorization: `Bearer ${of.token}` })
    const busy = await startService({
      disturb: () => ({
        senders: {
          add: () => Effect.fail(new CommandInFlight()),
          removeAddress: () => Effect.fail(new CommandInFlight())
        }
      })
    })
    const broken = await startService({
      disturb: () => ({
        senders: {
          add: () => Effect.die("a fault"),
          list: () => Effect.die("a fault"),
          removeAddress: () => Effect.die("a fault")
        }
      })
    })
    const away = await startService({
      disturb: () => ({
        senders: {
          add: () => Effect.fail(new StorageUnavailable({ reason: "gone" })),
          list: () => Effect.fail(new StorageUnavailable({ reason: "gone" })),
          removeAddress: () => Effect.fail(new StorageUnavailable({ reason: "gone" }))
        }
      })
    })
    for (const [method, path] of [
      ["GET", "/sender/list"],
      ["POST", "/sender/list"],
      ["GET", "/sender"],
      ["POST", "/sender"],
      ["DELETE", "/sender/a@acme.com"]
    ] as const) {
      for (const [of, status] of [
        [busy, method === "GET" ? 200 : 409],
        [broken, 500],
        [away, 503]
      ] as const) {
        const body = method === "POST" ? { type: "email", address: "a@acme.com" } : undefined
        const answer = await of.call(method, path, body, headers(of))
        expect([method, path, answer.status]).toEqual([method, path, status])
        await conforms(method, path, answer)
      }
    }
    for (const each of [busy, broken, away]) await each.stop()
  })

  it("in the OpenTransact dialect", async () => {
    const ot = await startService({
      disturb: () => ({
        senders: { add: () => Effect.fail(new Overloaded({ retryAfter: 1 })), get: () => Effect.die("") }
      })
    })
    const sent = async (
      of: Service,
      method: string,
      path: string,
      body?: unknown,
      headers?: Record<string, string>
    ) => {
      const answer = await jsonApiClient(of).call(method, path, body, headers)
      await conforms(method, path, answer)
      return answer.status
    }
    const path = "/v1/email-addresses"
    const wish = (email: string, id = service.account) =>
      documentOf({ email, metadata: { a: 1 }, owner: { type: "applications", id } })
    const post = (body: unknown, headers?: Record<string, string>) => sent(service, "POST", path, body, headers)
    const [accept, type] = [{ accept: `${mediaType};a=b` }, { "content-type": `${mediaType};a=b` }]
    expect([
      await post(wish("ot@acme.com"), { "idempotency-key": "ot" }),
      await post(wish("other@acme.com"), { "idempotency-key": "ot" }),
      await post(wish("ot@acme.com")),
      await post("{"),
      await post(wish("ot@acme.com"), { authorization: "" }),
      await post({ data: { type: "email-addresses", id: "1" } }),
      await post(wish("ot@acme.com", "nobody")),
      await post({}),
      await post({}, accept),
      await post("x".repeat(70_000)),
      await post({}, type),
      await sent(ot, "POST", path, wish("ot@acme.com", ot.account))
    ]).toEqual([201, 422, 409, 400, 401, 403, 404, 422, 406, 413, 415, 503])
    expect([
      await sent(service, "GET", path),
      await sent(service, "GET", `${path}?filter[owner-type]=profiles&page[number]=2`),
      await sent(service, "GET", `${path}?sort=email`),
      await sent(service, "GET", `${path}?page[number]=0`),
      await sent(service, "GET", path, undefined, accept),
      await sent(service, "GET", path, undefined, type),
      await sent(service, "GET", path, undefined, { authorization: "Bearer x" })
    ]).toEqual([200, 200, 400, 422, 406, 415, 401])
    const { data } = await jsonApiClient(service).list()
    const one = `${path}/${data[0]?.id}`
    expect([
      await sent(service, "GET", one),
      await sent(service, "GET", `${one}?fields[email-addresses]=owner`),
      await sent(service, "GET", `${one}?include=owner`),
      await sent(service, "GET", `${path}/nobody`),
      await sent(service, "GET", one, undefined, accept),
      await sent(service, "GET", one, undefined, type),
      await sent(service, "GET", one, undefined, { authorization: "" }),
      await sent(ot, "GET", `${path}/any`)
    ]).toEqual([200, 200, 400, 404, 406, 415, 401, 500])
    await ot.stop()
  })

  it("around the dialects", async () => {
    for (const path of ["/health", "/ready", "/metrics"]) {
      expect(await check("GET", path)).toBe(200)
    }
    expect(await check("GET", "/verify/x")).toBe(404)
    expect(await check("GET", "/verify/x", undefined, { accept: "application/json" })).toBe(404)
    expect(await check("POST", "/verify/x", "{}")).toBe(415)
    expect(await check("POST", "/verify/x", "x".repeat(70_000))).toBe(413)
  })
})

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
    for (const { get, post } of Object.values(document().paths)) {
      for (const { name, schema } of [...(get?.parameters ?? []), ...(post?.parameters ?? [])]) {
        const { pattern } = JSON.parse(JSON.stringify(schema))
        if (pattern !== undefined) patterns.set(name, new RegExp(pattern, "u"))
      }
    }
    expect([...patterns.keys()].sort()).toEqual(["idempotency-key", "limit", "offset", "page[number]", "page[size]"])
    const headers = { authorization: `Bearer ${service.token}` }
    for (const value of ["0", "1", "00", "007", "999", "1000", "1001", "-1", "1.5", "", "a", "٣", "1 "]) {
      for (const [name, path] of [
        ["limit", "/sender/list"],
        ["offset", "/sender"],
        ["page[number]", "/v1/email-addresses"],
        ["page[size]", "/v1/email-addresses"]
      ] as const) {
        const { status } = await service.call("GET", `${path}?${name}=${encodeURIComponent(value)}`, undefined, headers)
        expect([name, value, status === 200]).toEqual([name, value, patterns.get(name)?.test(value)])
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
    expect([jsonApi.data, page.data.at(-1)?.attributes?.email]).toEqual([page.data.at(-1), "typed@acme.com"])
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
