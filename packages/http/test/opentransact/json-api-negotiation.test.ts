/**
 * JSON:API 1.1 as a list of what a server must do, one test per line: C, content negotiation.
 */
import { Overloaded } from "@countersign/engine"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { startService } from "../Service.ts"
import { collection, errorIn, errorsIn, jsonApiClient, mediaType, startWithTwo } from "./JsonApi.ts"

const { service, client, id, get, wish } = await startWithTwo()
afterAll(() => service.stop())

describe("content negotiation", () => {
  it("C1 every answer is of the media type, without parameters; errors and unknown routes too", async () => {
    const busy = await startService({
      disturb: () => ({
        senders: { count: () => Effect.die("a fault"), add: () => Effect.fail(new Overloaded({ retryAfter: 10 })) }
      })
    })
    const there = jsonApiClient(busy)
    const answers: ReadonlyArray<readonly [number, Response]> = [
      [200, await get()],
      [200, await get(`/${id}`)],
      [201, await client.create({ email: "c1@acme.com" })],
      [400, await client.call("POST", collection, "{")],
      [400, await get("?sort=email")],
      [401, await get("", { authorization: "" })],
      [403, await client.call("PATCH", `${collection}/${id}`, {})],
      [404, await get("/nobody")],
      [404, await get(`/${id}/owner`)],
      [404, await get(`/${id}/relationships/owner`)],
      [404, await get("/%zz")],
      [405, await client.call("DELETE", `${collection}/${id}`)],
      [405, await client.call("PUT", "/V1/Email-Addresses/", {})],
      [406, await get("", { accept: `${mediaType}; charset=utf-8` })],
      [409, await client.create({ email: "first@acme.com" })],
      [413, await client.call("POST", collection, "x".repeat(70_000))],
      [415, await client.call("POST", collection, "x", { "content-type": "text/plain" })],
      [422, await client.create({})],
      [500, await there.call("GET", collection)],
      [503, await there.create({ email: "a@acme.com" })]
    ]
    for (const [status, answer] of answers) {
      expect(answer.status).toBe(status)
      expect(answer.headers.get("content-type")).toBe("application/vnd.api+json")
      if (status >= 400) await errorsIn(answer)
    }
    await busy.stop()
  })

  it.each([
    `${mediaType}; charset=utf-8`,
    `${mediaType};charset=utf-8`,
    `${mediaType}; version=1`,
    `Application/Vnd.Api+Json; profile="https://example.com/p"; x=y`,
    `${mediaType}; q=1`
  ])("C2 N Content-Type %s is 415, of GET too", async (type) => {
    for (const method of ["GET", "POST", "PATCH"]) {
      const path = method === "PATCH" ? `${collection}/${id}` : collection
      const answer = await client.call(method, path, method === "GET" ? undefined : wish("c2@acme.com"), {
        "content-type": type
      })
      expect(answer.status).toBe(415)
      expect(await errorsIn(answer)).toMatchObject([{ source: { header: "Content-Type" } }])
    }
  })

  it.each([`${mediaType}; ext="https://jsonapi.org/ext/atomic"`, `${mediaType};EXT=x`])(
    "C3 N Content-Type %s is 415",
    async (type) => {
      expect((await get("", { "content-type": type })).status).toBe(415)
      expect((await client.call("POST", collection, wish("c3@acme.com"), { "content-type": type })).status).toBe(415)
    }
  )

  it.each([
    `${mediaType}; charset=utf-8`,
    `text/html, ${mediaType}; version=1, */*`,
    `${mediaType};a=b, ${mediaType};version=2;q=0.5, ${mediaType};c="d,${mediaType}"`
  ])("C4 N Accept %s is 406", async (accept) => {
    for (const answer of [
      await get("", { accept }),
      await get(`/${id}`, { accept }),
      await client.create({}, { accept })
    ]) {
      expect(answer.status).toBe(406)
      expect(await errorsIn(answer)).toMatchObject([{ source: { header: "Accept" } }])
    }
  })

  it.each([
    `${mediaType}; charset=utf-8, ${mediaType}`,
    `${mediaType};a=b,${mediaType};q=0.9`,
    `text/html, ${mediaType}`,
    `${mediaType}; q=0.3; a=b`
  ])("C4 Accept %s has a clean instance: 200", async (accept) => {
    expect((await get("", { accept })).status).toBe(200)
  })

  it("C5 N Accept whose every instance has an unsupported extension is 406", async () => {
    const extension = `${mediaType}; ext="https://jsonapi.org/ext/atomic"`
    expect((await get("", { accept: extension })).status).toBe(406)
    expect((await get("", { accept: `${extension}, ${mediaType}; ext="a b"; profile="c"` })).status).toBe(406)
    expect((await get("", { accept: `${extension}, ${mediaType}` })).status).toBe(200)
  })

  it("C6 unknown profiles are ignored", async () => {
    const profile = `${mediaType}; profile="https://example.com/a https://example.com/b,c"`
    expect((await get("", { accept: profile, "content-type": profile })).status).toBe(200)
    const created = await client.call("POST", collection, wish("c6@acme.com"), { "content-type": profile })
    expect([created.status, created.headers.get("content-type")]).toEqual([201, mediaType])
  })

  it("C7 Vary names Accept, in errors too", async () => {
    for (const answer of [await get(), await get("/nobody"), await client.call("DELETE", collection)]) {
      expect(answer.headers.get("vary")).toBe("Accept")
    }
  })

  it.each(["*/*", "application/json", "text/html", "application/vnd.opentransact.v1+json", "", ';;,,"\\'])(
    "an Accept of %j does not name the media type: it is answered all the same",
    async (accept) => {
      const answer = await get("", { accept })
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, mediaType])
    }
  )

  it("the vendor's media type is read, and never sent", async () => {
    const type = "application/vnd.opentransact.v1+json"
    const answer = await client.call("POST", collection, wish("vendor@acme.com"), {
      "content-type": type,
      accept: type
    })
    expect([answer.status, answer.headers.get("content-type")]).toEqual([201, mediaType])
  })

  it.each(["application/json", "application/x-www-form-urlencoded", "text/plain", ""])(
    "a document of the type %j is 415",
    async (type) => {
      const answer = await client.call("POST", collection, wish("type@acme.com"), { "content-type": type })
      expect([answer.status, (await errorIn(answer)).source]).toEqual([415, { header: "Content-Type" }])
    }
  )

  it("a GET with a Content-Type of JSON and no body is answered", async () => {
    expect((await get("", { "content-type": "application/json" })).status).toBe(200)
  })
})
