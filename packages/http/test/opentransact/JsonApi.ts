/**
 * A client of the OpenTransact dialect for the tests: documents in, documents out, each checked against the schemas of
 * the definition.
 */
import { EmailAddressDocument, EmailAddressList, type EmailAddressResource } from "@countersign/http/api"
import { Schema } from "effect"
import { expect } from "vitest"
import { type Service, startService } from "../Service.ts"

export const collection = "/v1/email-addresses"
export const mediaType = "application/vnd.api+json"

const ErrorDocument = Schema.Struct({
  errors: Schema.NonEmptyArray(
    Schema.Struct({
      status: Schema.String,
      code: Schema.optionalKey(Schema.String),
      title: Schema.String,
      detail: Schema.String,
      source: Schema.optionalKey(
        Schema.Union([
          Schema.Struct({ pointer: Schema.String }),
          Schema.Struct({ parameter: Schema.String }),
          Schema.Struct({ header: Schema.String })
        ])
      ),
      meta: Schema.optionalKey(Schema.Struct({ "correlation-id": Schema.String }))
    })
  )
})

const exact = { onExcessProperty: "error" } as const

/** The headers that every answer of the dialect has. */
const expectJsonApi = (answer: Response) => {
  expect([answer.headers.get("content-type"), answer.headers.get("vary")]).toEqual([mediaType, "Accept"])
}

/** The errors in an answer; each says the status of the answer. */
export const errorsIn = async (answer: Response) => {
  expectJsonApi(answer)
  const { errors } = Schema.decodeUnknownSync(ErrorDocument)(await answer.json(), exact)
  for (const { status } of errors) expect(status).toBe(String(answer.status))
  return errors
}

/** The error in an answer that has one. */
export const errorIn = async (answer: Response) => {
  const [error, ...more] = await errorsIn(answer)
  expect(more).toEqual([])
  return error
}

export const resourceIn = async (answer: Response) => {
  expectJsonApi(answer)
  return Schema.decodeUnknownSync(EmailAddressDocument)(await answer.json(), exact).data
}

/** A resource that is shown alone, as lists have it: without findings. */
export const asListed = ({ meta: { findings, ...meta }, ...resource }: EmailAddressResource): EmailAddressResource => {
  expect(findings).toBeInstanceOf(Array)
  return { ...resource, meta }
}

export const listIn = async (answer: Response) => {
  expectJsonApi(answer)
  expect(answer.status).toBe(200)
  return Schema.decodeUnknownSync(EmailAddressList)(await answer.json(), exact)
}

export interface Wish {
  readonly email?: unknown
  readonly metadata?: unknown
  readonly owner?: unknown
}

/** The document that creates an address, as the vendor's example writes it. */
export const documentOf = ({ owner, ...attributes }: Wish) => ({
  data: { type: "email-addresses", attributes, relationships: { owner: { data: owner } } }
})

export const jsonApiClient = (service: Service, token = service.token) => {
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    service.call(method, path, body, { authorization: `Bearer ${token}`, "content-type": mediaType, ...headers })
  const profile = { type: "profiles", id: service.organization }
  const application = { type: "applications", id: service.account }
  const create = (wish: Wish, headers?: Record<string, string>) =>
    call("POST", collection, documentOf({ owner: application, ...wish }), headers)
  return {
    call,
    profile,
    application,
    create,
    /** The list by a query. */
    list: async (query = "") => listIn(await call("GET", `${collection}${query === "" ? "" : `?${query}`}`)),
    emails: async (query: string) => {
      const { data } = await listIn(await call("GET", `${collection}?${query}`))
      return data.map(({ attributes }) => attributes?.email)
    }
  }
}

/**
 * A service with two addresses, the account's and then an organization's, and what most tests ask it. `id` is that of
 * the first.
 */
export const startWithTwo = async () => {
  const service = await startService()
  const client = jsonApiClient(service)
  const { id } = await resourceIn(await client.create({ email: "first@acme.com", metadata: { a: "1" } }))
  await client.create({ email: "second@acme.com", owner: client.profile })
  return {
    service,
    client,
    id,
    get: (query = "", headers?: Record<string, string>) =>
      client.call("GET", `${collection}${query}`, undefined, headers),
    wish: (email: string) => documentOf({ email, owner: client.application })
  }
}
