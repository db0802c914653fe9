import { OutcomeUnknown, Overloaded, StorageUnavailable } from "@countersign/engine"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { errorIn, type Service, startService } from "../Service.ts"
import { eachDialect } from "./EachDialect.ts"

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.stop())

describe("an unknown route is answered in the form of whoever owns the path", () => {
  it.each(["/v1", "/v1/", "/v1/nothing", "/V1/Email-Address/nothing", "/v1/organizations", "/v1//email-address"])(
    "%s: the envelope",
    async (path) => {
      const answer = await service.call("GET", path)
      expect(await errorIn(answer)).toMatchObject({ status: 404, statusCode: 404, code: "ROUTE_NOT_FOUND" })
    }
  )

  it.each([
    "/",
    "/nothing",
    "/v1x",
    "/V1/Senders/1/nothing",
    "/v1/senders/1/dns/nothing",
    "/v1/send-plans/any",
    "/v1/effective-sender/any",
    "/v1/events",
    "/v1/webhooks/1/deliveries",
    "/senders",
    "/sender-list",
    "/verify",
    "/verify/a/b",
    "/%zz",
    "/v1/senders/%zz"
  ])("%s: a problem document", async (path) => {
    const answer = await service.call("GET", path)
    expect([answer.status, answer.headers.get("content-type")]).toEqual([404, "application/problem+json"])
    expect(await answer.json()).toEqual({
      type: "about:blank",
      title: "Not Found",
      status: 404,
      detail: "There is nothing at this path."
    })
  })

  it.each(["/sender/list/more", "/SENDER//list", "/sender/%zz", "/sender/a@acme.com/x"])(
    "%s: a word and a reason",
    async (path) => {
      const answer = await service.call("GET", path)
      expect([answer.status, answer.headers.get("content-type")]).toEqual([404, "application/json; charset=utf-8"])
      expect(await answer.json()).toEqual({ status: "not_found", error_reason: "There is nothing at this path." })
    }
  )

  it("a path of ours in another spelling is ours all the same", async () => {
    const answer = await service.call("GET", "/%76%31/email-address")
    expect(await errorIn(answer)).toMatchObject({ status: 404, code: "MODEL_NOT_FOUND" })
  })

  it.each([
    ["/%76%31/nothing", "error"],
    ["/%73ender/list/more", "error_reason"],
    ["/v1/email%2Daddresses/a/b", "errors"],
    ["/v1/%73enders/1", "detail"],
    ["/%7631/nothing", "detail"]
  ])("%s: escapes that nobody needs change no owner", async (path, member) => {
    const answer = await service.call("GET", path)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toHaveProperty(member)
  })

  it("a path under /v1 that cannot be decoded: the envelope", async () => {
    expect(await errorIn(await service.call("GET", "/v1/%zz"))).toMatchObject({ status: 404 })
  })
})

describe("a wrong method gets 405, and is told the right ones", () => {
  it.each([
    ["PUT", "/v1/email-address", "POST, GET, HEAD, DELETE"],
    ["PATCH", "/V1/EMAIL-ADDRESS", "POST, GET, HEAD, DELETE"],
    ["OPTIONS", "/v1/email-address", "POST, GET, HEAD, DELETE"],
    ["PROPFIND", "/v1/email-address", "POST, GET, HEAD, DELETE"],
    ["MKCALENDAR", "/v1/email-address/status", "GET, HEAD"],
    ["POST", "/v1/email-address/status", "GET, HEAD"],
    ["GET", "/v1/email-address/resend-verification", "POST"],
    ["HEAD", "/v1/organizations/x/email-address/resend-verification/", "POST"],
    ["PUT", "/sender/list", "GET, HEAD, POST"],
    ["DELETE", "/Sender/List/", "GET, HEAD, POST"],
    ["PATCH", "/sender", "GET, HEAD, POST"],
    ["DELETE", "/sender/", "GET, HEAD, POST"],
    ["GET", "/sender/a@acme.com", "DELETE"],
    ["POST", "/sender/acme.com", "DELETE"],
    ["DELETE", "/verify/x", "GET, HEAD, POST"],
    ["POST", "/health", "GET, HEAD"],
    ["DELETE", "/openapi.json", "GET, HEAD"],
    ["PUT", "/docs", "GET, HEAD"]
  ])("%s %s", async (method, path, allow) => {
    const answer = await service.call(method, path)
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow])
    if (method === "HEAD") return
    if (path.toLowerCase().startsWith("/v1")) {
      expect(await errorIn(answer)).toMatchObject({ statusCode: 405, code: "METHOD_NOT_ALLOWED" })
    } else if (path.toLowerCase().startsWith("/sender")) {
      const reason = `This path allows only: ${allow}.`
      expect(await answer.json()).toEqual({ status: "method_not_allowed", error_reason: reason })
    } else {
      expect(await answer.json()).toMatchObject({ status: 405, title: "Method Not Allowed" })
    }
  })
})

describe("a correlation id", () => {
  it("is made for every request, and is in every answer", async () => {
    const ids = new Set<string | null>()
    for (const path of ["/health", "/nothing", "/v1/email-address", "/verify/x"]) {
      ids.add((await service.call("GET", path)).headers.get("x-correlation-id"))
    }
    expect(ids.size).toBe(4)
    expect([...ids].every((id) => /^[0-9a-f-]{36}$/.test(id ?? ""))).toBe(true)
  })

  it("is taken from the caller when it can do no harm", async () => {
    const sent = async (name: string, id: string) =>
      (await service.call("GET", "/health", undefined, { [name]: id })).headers.get("x-correlation-id")
    expect(await sent("x-correlation-id", "order-17")).toBe("order-17")
    expect(await sent("x-request-id", "a.b:c")).toBe("a.b:c")
    for (const id of ["", "a b", '"}', "x".repeat(65), "é"]) expect(await sent("x-correlation-id", id)).not.toBe(id)
  })
})

describe("when something goes wrong inside", () => {
  const secret = "SELECT * FROM secrets"

  it.each(eachDialect)(
    "$name answers a fault by 500 with a correlation id that is in the log too, and says nothing else",
    async (dialect) => {
      const broken = await startService({ disturb: () => ({ senders: { add: () => Effect.die(new Error(secret)) } }) })
      const answer = await dialect.add(broken, "a@acme.com")
      const id = answer.headers.get("x-correlation-id") ?? "none"
      expect([answer.status, await answer.json()]).toEqual([500, dialect.fault(id)])
      const line = broken.log.find((entry) => entry.includes(id)) ?? ""
      expect(line).toContain(secret)
      expect(line).toContain('"method":"POST"')
      expect(line).toMatch(/"route":"\/(v1\/email-address(es)?|sender\/list)"/)
      expect(line).toMatch(/^Error /)
      await broken.stop()
    }
  )

  it("the page of a link answers a fault with a problem document, and says nothing else", async () => {
    const broken = await startService({ disturb: () => ({ senders: { readLink: () => Effect.die(secret) } }) })
    const page = await fetch(`${broken.url}/verify/x`)
    const problem = await page.json()
    expect(problem).toMatchObject({ status: 500, correlationId: page.headers.get("x-correlation-id") })
    expect(JSON.stringify(problem)).not.toContain("SELECT")
    await broken.stop()
  })

  describe.each([
    ["the storage does not answer", new StorageUnavailable({ reason: secret }), "5"],
    ["it is not known whether it was written", new OutcomeUnknown({ reason: secret }), "5"],
    ["too much is waiting", new Overloaded({ retryAfter: 2_300 }), "3"]
  ])("503 with Retry-After when %s, with the cause in the log only", (_, failure, seconds) => {
    it.each(eachDialect)("$name", async (dialect) => {
      const broken = await startService({ disturb: () => ({ senders: { add: () => Effect.fail(failure) } }) })
      const answer = await dialect.add(broken, "a@acme.com")
      expect([answer.status, answer.headers.get("retry-after"), await answer.json()]).toEqual([
        503,
        seconds,
        dialect.unavailable
      ])
      const id = answer.headers.get("x-correlation-id") ?? "none"
      expect(broken.log.filter((line) => line.includes(id) && line.includes(failure.message))).toHaveLength(1)
      await broken.stop()
    })
  })

  it("a fault in a route beside ours is answered like one of ours", async () => {
    const routes = Layer.mergeAll(
      HttpRouter.add("GET", "/sandbox", Effect.succeed(HttpServerResponse.text("ours is beside"))),
      HttpRouter.add("GET", "/sandbox/broken", Effect.die(new Error(secret)))
    )
    const both = await startService({ routes })
    expect(await (await both.call("GET", "/sandbox")).text()).toBe("ours is beside")
    const answer = await both.call("GET", "/sandbox/broken")
    const id = answer.headers.get("x-correlation-id") ?? "none"
    expect(await answer.json()).toMatchObject({ status: 500, correlationId: id })
    expect(both.log.some((line) => line.includes(id) && line.includes(secret))).toBe(true)
    expect((await both.call("GET", "/sandbox/nothing")).status).toBe(404)
    expect((await both.call("GET", "/health")).status).toBe(200)
    await both.stop()
  })
})

describe("what operators ask", () => {
  it("alive and ready", async () => {
    expect(await (await fetch(`${service.url}/health`)).json()).toEqual({ status: "ok" })
    expect(await (await fetch(`${service.url}/ready`)).json()).toEqual({ status: "ready" })
  })

  it("not ready when the storage fails, or does not answer within two seconds; alive all the same", async () => {
    let hang = false
    const broken = await startService({
      disturb: () => ({
        store: {
          readLog: () => (hang ? Effect.never : Effect.fail(new StorageUnavailable({ reason: "gone" })))
        }
      })
    })
    expect((await fetch(`${broken.url}/ready`)).status).toBe(503)
    hang = true
    const waiting = fetch(`${broken.url}/ready`)
    // Time is virtual: it passes as often as it takes until the request has arrived.
    const answered = waiting.then(() => true)
    while (!(await Promise.race([answered, broken.pass("3 seconds").then(() => false)])));
    const late = await waiting
    expect([late.status, late.headers.get("retry-after")]).toEqual([503, "5"])
    expect((await fetch(`${broken.url}/health`)).status).toBe(200)
    await broken.stop()
  })

  it("figures, with few labels whatever was sent", async () => {
    await service.call("GET", "/v1/email-address?access_token=secret-in-the-query")
    await service.call("GET", "/some/odd/path")
    const answer = await fetch(`${service.url}/metrics`)
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8")
    const text = await answer.text()
    expect(text).toMatch(/http_requests_total\{route="\/v1\/email-address",method="GET",status="40\d"\} \d+/)
    expect(text).toMatch(/http_requests_total\{route="unknown",method="GET",status="404"\} \d+/)
    expect(text).toMatch(/http_request_duration_seconds_bucket\{route="\/health",le="0.001"\} \d+/)
    expect(text).not.toMatch(/secret-in-the-query|odd\/path|PROPFIND/)
  })
})
