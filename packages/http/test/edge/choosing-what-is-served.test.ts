/**
 * The host chooses what is served, and another dialect is one folder (`toy-dialect`) and one line.
 */
import { dialects, type Handler, OpenTransact, routesOf, type Served } from "@countersign/http"
import { Effect, Schema } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { type Service, startService } from "../Service.ts"
import { Toy, ToyGroup } from "./toy-dialect/Dialect.ts"

let service: Service
const serve = async (served: Served) => {
  service = await startService({ served })
}
afterEach(() => service.stop())

const statusOf = async (path: string) => (await service.call("GET", path)).status

const decodeDocument = Schema.decodeUnknownSync(Schema.Struct({ paths: Schema.Record(Schema.String, Schema.Unknown) }))

/** Problem details: the form of what no dialect owns. */
const isProblem = async (path: string) =>
  (await service.call("GET", path)).headers.get("content-type") === "application/problem+json"

describe("another dialect", () => {
  const serveToy = () => serve({ dialects: [...dialects, Toy] })
  const ask = (method: string, path: string, headers: Record<string, string> = { "x-toy": service.token }) =>
    fetch(`${service.url}${path}`, { method, headers })

  it("answers, with the account that its own credential leads to, beside the others", async () => {
    await serveToy()
    expect(await statusOf("/v1/email-address")).toBe(404)
    expect((await service.call("POST", "/v1/email-address", { email: "a@acme.com" })).status).toBe(200)
    expect(await (await ask("GET", "/Toys/Count/")).json()).toEqual({ toys: 1 })
  })

  it.each([
    ["an unknown path", "GET", "/toys/and/more", {}, 418, "RouteUnknown"],
    ["a wrong method", "POST", "/toys/count", {}, 418, "MethodUnknown"],
    ["no credential", "GET", "/toys/count", {}, 418, "CredentialMissing"],
    ["a credential that is none", "GET", "/toys/count", { "x-toy": "broken" }, 418, "CallerUnknown"],
    ["a credential that nobody has", "GET", "/toys/count", { "x-toy": "nobody" }, 418, "CallerUnknown"],
    ["a fault", "DELETE", "/toys/bear", {}, 500, "Unexpected"]
  ] as const)("gives %s its own form", async (_, method, path, headers, status, tag) => {
    await serveToy()
    const answer = await ask(method, path, headers)
    expect(answer.status).toBe(status)
    expect(await answer.text()).toBe(`${tag} ${answer.headers.get("x-correlation-id")}`)
  })

  it("does not compile when an endpoint of its definition has no handler", async () => {
    await serveToy()
    const answer: Handler = () => Effect.die("nobody calls it")
    // @ts-expect-error the handler of `forget` is missing
    expect(routesOf(ToyGroup, { count: answer })).toHaveLength(1)
    // @ts-expect-error no endpoint is called `remember`
    expect(routesOf(ToyGroup, { count: answer, forget: answer, remember: answer })).toHaveLength(2)
  })

  it("is in the OpenAPI document, and in the metrics by its routes", async () => {
    await serveToy()
    await ask("DELETE", "/toys/bear")
    const paths = { "/toys/count": { get: {} }, "/toys/{name}": { delete: {} }, "/sender": {} }
    expect(await (await service.call("GET", "/openapi.json")).json()).toMatchObject({ paths })
    expect(await (await service.call("GET", "/metrics")).text()).toContain('route="/toys/:name",method="DELETE"')
  })
})

describe("the host chooses", () => {
  it("the confirmation page alone", async () => {
    await serve({ page: true, dialects: [], operations: false })
    const page = await service.call("GET", "/verify/x")
    expect([page.status, page.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"])
    for (const path of [
      "/metrics",
      "/health",
      "/ready",
      "/docs",
      "/openapi.json",
      "/sender",
      "/v1/email-address",
      "/v1/email-addresses"
    ]) {
      expect([path, await statusOf(path), await isProblem(path)]).toEqual([path, 404, true])
    }
  })

  it("named dialects, whose paths nobody else owns", async () => {
    await serve({ page: false, dialects: [OpenTransact], operations: false })
    expect(await statusOf("/v1/email-addresses")).toBe(401)
    for (const path of ["/v1/email-address", "/sender", "/verify/x", "/health"]) {
      expect([path, await statusOf(path), await isProblem(path)]).toEqual([path, 404, true])
    }
  })

  it("what operators ask, which describes what is served and no more", async () => {
    await serve({ page: false, dialects: [OpenTransact] })
    expect(await statusOf("/ready")).toBe(200)
    const { paths } = decodeDocument(await (await service.call("GET", "/openapi.json")).json())
    expect(Object.keys(paths)).toEqual([
      "/v1/email-addresses",
      "/v1/email-addresses/{id}",
      "/health",
      "/ready",
      "/metrics"
    ])
  })
})
