/**
 * The senders of a service's account through each of the dialects, and the adding through those that add, for the tests
 * that hold them against each other.
 */
import { EmailAddressStatus } from "@countersign/http/api"
import { Schema } from "effect"
import { expect } from "vitest"
import { SenderList, SenderListing } from "../../src/dialects/sendmachine/Sender.ts"
import { nativeClient } from "../native/Client.ts"
import { asListed, jsonApiClient, resourceIn } from "../opentransact/JsonApi.ts"
import { emailAddressIn, type Service } from "../Service.ts"

/** By which dialect, and for whom, a sender is added. The last one is a whole domain. */
export const ways = ["si account", "si organization", "ot account", "ot organization", "sm", "sm domain"] as const
export type Way = (typeof ways)[number]

/** Whose a sender is that is added so. */
export const ownerBy = (way: Way): "account" | "organization" =>
  way === "si organization" || way === "ot organization" ? "organization" : "account"

export const bearer = (service: Service) => ({ authorization: `Bearer ${service.token}` })

export const scopes = (service: Service) =>
  ({
    account: "/v1/email-address",
    organization: `/v1/organizations/${service.organization}/email-address`
  }) as const

/** Answers the status. */
export const addBy = async (service: Service, way: Way, address: string): Promise<number> => {
  const client = jsonApiClient(service)
  switch (way) {
    case "si account":
    case "si organization":
      return (await service.call("POST", scopes(service)[ownerBy(way)], { email: address })).status
    case "ot account":
    case "ot organization": {
      const owner = ownerBy(way) === "account" ? client.application : client.profile
      return (await client.create({ email: address, owner, metadata: { way } })).status
    }
    case "sm":
      return (await service.call("POST", "/sender/list", { type: "email", address }, bearer(service))).status
    case "sm domain":
      return (await service.call("POST", "/sender", { type: "domain", address }, bearer(service))).status
  }
}

/** What OpenTransact lists, the oldest first. */
export const inOpenTransact = async (service: Service) => {
  const client = jsonApiClient(service)
  const { data, meta } = await client.list("page[size]=100")
  expect(meta.count).toBe(data.length)
  for (const resource of data) {
    const alone = await resourceIn(await client.call("GET", `/v1/email-addresses/${resource.id}`))
    expect(asListed(alone)).toEqual(resource)
  }
  return data.map(({ id, attributes, relationships, meta: { status, kind } }) => ({
    id,
    email: attributes?.email,
    owner: relationships?.owner.data,
    status,
    kind
  }))
}

/** What the native dialect lists, the oldest first; each alone says the same. */
export const inNative = async (service: Service) => {
  const client = nativeClient(service)
  const { senders, next } = await client.page("limit=100")
  expect(next).toBeNull()
  for (const { records: _, blockers: __, ...listed } of senders)
    expect(await client.sender(listed.id)).toMatchObject(listed)
  for (const status of ["active", "pending", "email-verified", "domain-verified"]) {
    expect((await client.page(`status=${status}&limit=100`)).senders).toEqual(
      senders.filter((sender) => sender.status === status)
    )
  }
  return senders.map(({ id, address, domain, organization, status, mailbox, domainState, blockers }) => ({
    id,
    email: address ?? domain,
    kind: address === undefined ? "domain" : "email",
    organization,
    status,
    axes: [mailbox, domainState],
    about: blockers.map(({ about }) => about)
  }))
}

/** What Sendmachine lists, the oldest first; the alias and the filters by status must agree. */
export const inSendmachine = async (service: Service) => {
  const rows = async (query: string) => {
    const answer = await service.call("GET", `/sender/list?${query}`, undefined, bearer(service))
    const { senderlist } = Schema.decodeUnknownSync(SenderList)(await answer.json(), { onExcessProperty: "error" })
    return Object.values(senderlist).flat()
  }
  const all = await rows("")
  const alias = await service.call("GET", "/sender", undefined, bearer(service))
  expect(Schema.decodeUnknownSync(SenderListing)(await alias.json(), { onExcessProperty: "error" })).toEqual({
    senderlist: all.map(({ sender_id: _, ...row }) => row),
    total: all.length
  })
  for (const status of ["active", "pending"]) {
    expect(await rows(`status=${status}`)).toEqual(all.filter((row) => row.status === status))
  }
  return all.map(({ email, type, status, emailtype, label }) => ({ email, type, status, emailtype, label }))
}

/** What Space Invoices shows in a scope: the newest address, if there is one. */
export const inSpaceInvoices = async (service: Service, owner: "account" | "organization") => {
  const path = scopes(service)[owner]
  const answer = await service.call("GET", path)
  const statusAnswer = await service.call("GET", `${path}/status`)
  if (answer.status === 404) {
    expect(statusAnswer.status).toBe(404)
    return undefined
  }
  const { id, email, status, emailVerificationStatus, domainVerificationStatus, accountId, organizationId } =
    await emailAddressIn(answer)
  expect(Schema.decodeUnknownSync(EmailAddressStatus)(await statusAnswer.json())).toEqual({
    emailVerificationStatus,
    domainVerificationStatus
  })
  expect([accountId, organizationId]).toEqual([service.account, owner === "account" ? null : service.organization])
  return { id, email, status, words: [emailVerificationStatus, domainVerificationStatus] }
}
