/**
 * A client of the native dialect for the tests: every answer is checked against the schemas of the definition.
 */
import { DnsReport, NativeSender, SenderPage, Timeline } from "@countersign/http/api"
import { Schema } from "effect"
import { expect } from "vitest"
import type { Service } from "../Service.ts"

const exact = { onExcessProperty: "error" } as const
const Problem = Schema.Struct({
  type: Schema.Literal("about:blank"),
  title: Schema.String,
  status: Schema.Int,
  detail: Schema.String,
  parameter: Schema.optionalKey(Schema.String)
})

/** The path in the `Link` of a page; none on the last one. */
const nextIn = (answer: Response): string | undefined => {
  const [, url, rel] = /^<([^>]+)>; rel="(\w+)"$/.exec(answer.headers.get("link") ?? "") ?? []
  if (url === undefined) return undefined
  expect([rel, url.startsWith("http://verify.acme.test/v1/senders")]).toEqual(["next", true])
  return url.slice("http://verify.acme.test".length)
}

export const nativeClient = (service: Service) => {
  const get = (path: string, headers?: Record<string, string>) => service.call("GET", path, undefined, headers)
  const read = async <A>(schema: Schema.Codec<A, unknown>, path: string) => {
    const answer = await get(path)
    expect([path, answer.status]).toEqual([path, 200])
    return { answer, body: Schema.decodeUnknownSync(schema)(await answer.json(), exact) }
  }
  return {
    get,
    page: async (query = "") => {
      const { answer, body } = await read(SenderPage, query.startsWith("/") ? query : `/v1/senders?${query}`)
      const next = nextIn(answer)
      expect(next === undefined ? null : new URLSearchParams(next.split("?")[1]).get("cursor")).toBe(body.next)
      return { ...body, link: next }
    },
    sender: async (id: string) => (await read(NativeSender, `/v1/senders/${id}`)).body,
    dns: async (id: string) => (await read(DnsReport, `/v1/senders/${id}/dns`)).body,
    timeline: async (id: string, query = "") => {
      const { answer, body } = await read(Timeline, `/v1/senders/${id}/events?${query}`)
      const next = nextIn(answer)
      return { ...body, link: next }
    },
    /** How a GET is refused. */
    problem: async (path: string) => {
      const answer = await get(path)
      expect(answer.headers.get("content-type")).toBe("application/problem+json")
      const problem = Schema.decodeUnknownSync(Problem)(await answer.json(), exact)
      expect(problem.status).toBe(answer.status)
      return problem
    }
  }
}

/** Adds an address or a whole domain, and answers its id. */
export const adding =
  (service: Service) =>
  async (address: string, organization?: string, metadata: object = {}): Promise<string> => {
    const headers = { authorization: `Bearer ${service.token}` }
    if (!address.includes("@")) {
      await service.call("POST", "/sender", { type: "domain", address }, headers)
      const { senders } = await nativeClient(service).page(`domain=${address}`)
      return senders.find(({ domain }) => domain === address)?.id ?? expect.unreachable()
    }
    const owner =
      organization === undefined
        ? { type: "applications", id: service.account }
        : { type: "profiles", id: organization }
    const attributes = { email: address, metadata }
    const data = { type: "email-addresses", attributes, relationships: { owner: { data: owner } } }
    const type = { "content-type": "application/vnd.api+json" }
    const answer = await service.call("POST", "/v1/email-addresses", { data }, { ...headers, ...type })
    return Schema.decodeUnknownSync(Schema.Struct({ data: Schema.Struct({ id: Schema.String }) }))(await answer.json())
      .data.id
  }
