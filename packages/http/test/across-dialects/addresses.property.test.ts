import { arbitraryHostileInput, arbitraryTypedAddress } from "@countersign/testkit"
import fc from "fast-check"
import { afterAll, beforeAll, expect, it } from "vitest"
import { emailAddressIn, errorIn, type Service, startService } from "../Service.ts"

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.stop())

const bodies = [
  (email: string) => ({ body: JSON.stringify({ email }), type: "application/json" }),
  (email: string) => ({ body: new URLSearchParams({ email }).toString(), type: "application/x-www-form-urlencoded" })
]
const post = ({ body, type }: { readonly body: string; readonly type: string }) =>
  service.call("POST", "/v1/email-address", body, { "content-type": type })

/** JSON has no big integers. */
const fitsJson = (value: unknown) => typeof value !== "bigint"

it("takes every address that people type, as they typed it, and its page shows it escaped", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryTypedAddress, fc.constantFrom(...bodies), async ({ typed }, encode) => {
      const added = await emailAddressIn(await post(encode(typed)))
      // Another spelling of it may have been there before.
      expect(added.email.toLowerCase()).toBe(typed.toLowerCase())
      const page = await (await fetch(`${service.url}/verify/${await service.link(added.id)}`)).text()
      const shown = /<span class="address">(.*?)<\/span>/s.exec(page)?.[1] ?? ""
      expect(shown).not.toMatch(/['"<>]|&(?!amp;|#39;)/)
      expect(shown.replaceAll("&#39;", "'").replaceAll("&amp;", "&")).toBe(added.email)
    }),
    { numRuns: 100 }
  )
})

it("refuses every hostile value by 422, and writes nothing", async () => {
  const events = await service.events()
  await fc.assert(
    fc.asyncProperty(arbitraryHostileInput.filter(fitsJson), async (hostile) => {
      const answer = await service.call("POST", "/v1/email-address", { email: hostile })
      expect(await errorIn(answer)).toMatchObject({ status: 422, code: "VALIDATION_ERROR" })
    }),
    { numRuns: 200 }
  )
  expect(await service.events()).toBe(events)
})

it("answers whatever bytes are sent without a fault", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("/v1/email-address", "/v1/email-address/resend-verification", "/verify/x"),
      fc.constantFrom("application/json", "application/x-www-form-urlencoded", "text/plain"),
      fc.uint8Array({ maxLength: 300 }),
      async (path, type, body) => {
        const answer = await fetch(service.url + path, {
          method: "POST",
          headers: { authorization: service.token, "content-type": type },
          body: Buffer.from(body)
        })
        expect(answer.status).toBeLessThan(500)
        await answer.arrayBuffer()
      }
    ),
    { numRuns: 200 }
  )
})
