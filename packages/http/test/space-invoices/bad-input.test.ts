import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { errorIn, type Service, startService } from "../Service.ts"

let service: Service
let before: number
beforeAll(async () => {
  service = await startService()
  await service.call("POST", "/v1/email-address", { email: "there@acme.com" })
})
afterAll(() => service.stop())

// Whatever is wrong with a request, it changes nothing.
beforeEach(async () => {
  before = await service.events()
})
afterEach(async () => {
  expect(await service.events()).toBe(before)
})

const post = (body: unknown) => service.call("POST", "/v1/email-address", body)

describe("an address that is missing", () => {
  it.each([{}, { email: null }, { email: "" }, { email: "   " }, { Email: "a@acme.com" }, { email: undefined }])(
    "%j: 422 presence",
    async (body) => {
      const answer = await post(body)
      expect(answer.status).toBe(422)
      expect(await answer.json()).toEqual({
        error: {
          statusCode: 422,
          name: "ValidationError",
          message: "The `EmailAddress` instance is not valid. Details: `email` can't be blank",
          code: "VALIDATION_ERROR",
          details: {
            context: "EmailAddress",
            codes: { email: ["presence"] },
            messages: { email: ["can't be blank"] }
          }
        }
      })
    }
  )

  it("in an empty body: 422 presence", async () => {
    expect((await errorIn(await post(""))).details?.codes).toEqual({ email: ["presence"] })
  })
})

describe("an address that cannot be used: 422 format", () => {
  it.each<[string, unknown]>([
    ["the seed's placeholder", "string"],
    ["a number", 5],
    ["a list", ["a@acme.com"]],
    ["an object", { address: "a@acme.com" }],
    ["true", true],
    ["10 kB", `${"a".repeat(10_000)}@acme.com`],
    ["10 kB of domain", `a@${"acme.".repeat(2_000)}com`],
    ["a header in it", "a@acme.com\r\nBcc: victim@example.com"],
    ["a line feed before the at sign", "a\n@acme.com"],
    ["NUL", "a\u0000@acme.com"],
    ["half a surrogate pair", "a\ud800@acme.com"],
    ["a quoted local part", '"a b"@acme.com'],
    ["an IP literal", "a@[192.0.2.1]"],
    ["an IP address", "a@192.0.2.1"],
    ["a public suffix", "a@co.uk"],
    ["an invalid IDN", "a@xn--a.com"],
    ["a single label", "a@localhost"],
    ["a name for tests", "a@acme.test"],
    ["two at signs", "a@b@acme.com"],
    ["a display name", "A <a@acme.com>"],
    ["markup", "<script>alert(1)</script>@acme.com"]
  ])("%s", async (_, email) => {
    const answer = await post({ email })
    const error = await errorIn(answer)
    expect([error.status, error.statusCode, error.name]).toEqual([422, 422, "ValidationError"])
    expect(error.details?.context).toBe("EmailAddress")
    expect(error.details?.codes).toEqual({ email: ["format"] })
    expect(error.details?.messages.email).toEqual([expect.stringMatching(/^is invalid: [A-Z].*\.$/)])
    // What was refused may hold anything: it is not sent back.
    if (typeof email === "string" && email.length > 20) expect(error.message).not.toContain(email.slice(0, 20))
  })

  it("given twice in a form", async () => {
    const body = "email=a%40acme.com&email=b%40acme.com"
    const type = { "content-type": "application/x-www-form-urlencoded" }
    const answer = await service.call("POST", "/v1/email-address", body, type)
    expect(await errorIn(answer)).toMatchObject({ status: 422, details: { codes: { email: ["format"] } } })
  })
})

describe("a body that cannot be read: 400", () => {
  it.each(['{"email":', "{email:1}", "null", "[]", '"a@acme.com"', "5", '{"email":"a@acme.com"}}', "\ufeff{"])(
    "%j",
    async (body) => {
      for (const path of ["/v1/email-address", "/v1/email-address/resend-verification"]) {
        const answer = await service.call("POST", path, body)
        expect(await errorIn(answer)).toMatchObject({ status: 400, statusCode: 400, code: "MALFORMED_REQUEST" })
      }
    }
  )

  it("is not valid UTF-8", async () => {
    const answer = await fetch(`${service.url}/v1/email-address`, {
      method: "POST",
      headers: { authorization: service.token, "content-type": "application/json" },
      body: Uint8Array.from([0x7b, 0xff, 0x7d])
    })
    expect(answer.status).toBe(400)
  })

  it("quotes nothing of the body", async () => {
    expect(await (await post('{"secret-of-mine": oops')).text()).not.toContain("secret")
  })

  it("does not take members from a prototype", async () => {
    expect((await post('{"__proto__":{"email":"a@acme.com"}}')).status).toBe(422)
  })
})

describe("a media type that is not read: 415", () => {
  it.each([
    { "content-type": "text/plain" },
    { "content-type": "application/xml" },
    { "content-type": "multipart/form-data; boundary=x" },
    { "content-type": "application/jsonp" },
    { "content-type": "application/json; charset=utf-16" },
    { "content-type": "application/json", "content-encoding": "gzip" },
    { "content-type": "" }
  ])("%j", async (headers) => {
    const answer = await service.call("POST", "/v1/email-address", { email: "a@acme.com" }, headers)
    expect(await errorIn(answer)).toMatchObject({ status: 415, code: "UNSUPPORTED_MEDIA_TYPE" })
  })
})

describe("a body over 64 KiB: 413", () => {
  const sized = (bytes: number) => `{"email":"${"a".repeat(bytes - 12)}"}`

  it.each([65_537, 1_000_000])("%i bytes", async (bytes) => {
    const answer = await post(sized(bytes))
    expect(await errorIn(answer)).toMatchObject({ status: 413, code: "BODY_TOO_LARGE" })
  })

  it("with a length that says so, before it is sent", async () => {
    const text = await service.raw(
      `POST /v1/email-address HTTP/1.1\r\nhost: a\r\nauthorization: ${service.token}\r\ncontent-type: application/json\r\ncontent-length: 9999999\r\nconnection: close\r\n\r\n`
    )
    expect(text).toMatch(/^HTTP\/1.1 413 /)
  })

  it("without a length, and without waiting for its end", async () => {
    const chunk = `8000\r\n${"x".repeat(0x8000)}\r\n`
    const text = await service.raw(
      `POST /v1/email-address HTTP/1.1\r\nhost: a\r\nauthorization: ${service.token}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n${chunk.repeat(3)}`
    )
    expect(text).toMatch(/^HTTP\/1.1 413 /)
  })

  it("65536 bytes are read", async () => {
    expect((await post(sized(65_536))).status).toBe(422)
  })
})
