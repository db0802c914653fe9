/**
 * What a service asks before each mail: the effective sender, and the send plan.
 */
import { installationAccount, KeyId, type KeyRingCommand, keyRingDecider, keyRingId, keySlots } from "@countersign/core"
import { Executor } from "@countersign/engine"
import { NativeSender, SendPlan } from "@countersign/http/api"
import { Effect, Schema, Struct } from "effect"
import { afterEach, beforeEach, expect, it } from "vitest"
import { type Service, startService } from "../Service.ts"
import { adding, nativeClient } from "./Client.ts"

let service: Service
let client: ReturnType<typeof nativeClient>
beforeEach(async () => {
  service = await startService({ workers: true })
  client = nativeClient(service)
})
afterEach(() => service.stop())

const decodePlan = Schema.decodeUnknownSync(SendPlan, { onExcessProperty: "error" })
const decodeId = Schema.decodeUnknownSync(Schema.Struct({ id: NativeSender.fields.id }))

const plan = async (body?: object) => {
  const answer = await service.call("POST", "/v1/send-plans", body)
  expect(answer.status).toBe(200)
  return decodePlan(await answer.json())
}

/** A ring whose keys are all seen; slot 1 signs. */
const keysSeen = () =>
  service.run(
    Effect.gen(function* () {
      const { execute } = yield* Executor
      const toRing = (command: KeyRingCommand) =>
        execute({ account: installationAccount, actor: "operator", correlation: "test" }, (tx) =>
          tx.decide(keyRingDecider, keyRingId, command)
        )
      for (const slot of keySlots) {
        const keyId = KeyId.make(`key-${slot}`)
        yield* toRing({ _tag: "GenerateKey", at: 0, slot, keyId, publicKey: `MIG${slot}` })
        yield* toRing({ _tag: "RecordKeySeen", at: 0, slot, keyId, keptFor: 0, evidence: [] })
      }
    })
  )

const activate = async (address: string, organization?: string) => {
  const id = await adding(service)(address, organization)
  await service.confirm(await service.link(id))
  await service.publishAll()
  await service.work("5 minutes")
  return id
}

it("is the effective sender with what signs it, for a second", async () => {
  await keysSeen()
  const id = await activate("Billing@acme.com")
  const { validUntil, sign, ...rest } = await plan()
  expect(rest).toEqual({ from: "Billing@acme.com", replyTo: null, sender: id, reason: "active", obstacles: [] })
  const { records } = await client.sender(id)
  expect(sign).toEqual({ domain: "acme.com", selector: records[0]?.host.split(".")[0] })
  expect(validUntil).toMatch(/^1970-01-01T00:0\d:0\d\.\d{3}Z$/)
  expect((await plan({ from: "BILLING@acme.com" })).from).toBe("Billing@acme.com")
})

it("is a fallback with the obstacle, with null for what there is not", async () => {
  const nothing = { from: null, replyTo: null, sign: null, sender: null, reason: "fallback" }
  for (const body of [undefined, {}, { organization: service.organization }, { organization: "nobody's" }]) {
    expect(await plan(body)).toMatchObject({ ...nothing, obstacles: [{ code: "no-active-sender" }] })
  }
  const id = await activate("billing@acme.com")
  // The mailbox is verified, so answers may go there.
  expect(await plan({ from: "billing@acme.com" })).toMatchObject({
    ...{ from: null, replyTo: "billing@acme.com", sign: null, sender: id },
    obstacles: [{ code: "signing-key-unpublished" }]
  })
})

it("changes nothing, and takes a repeated Idempotency-Key for another plan", async () => {
  const events = await service.events()
  for (const from of ["a@acme.com", "b@acme.com"]) {
    const answer = await service.call("POST", "/v1/send-plans", { from }, { "idempotency-key": "one" })
    expect([from, answer.status]).toEqual([from, 200])
  }
  expect(await service.events()).toBe(events)
})

it.each([
  [{ form: "a@acme.com" }, 400],
  [{ from: 1 }, 422],
  [{ from: null }, 422],
  [{ organization: "" }, 422],
  [{ from: "\u0000" }, 422]
])("is refused for %j by %i", async (body, status) => {
  const answer = await service.call("POST", "/v1/send-plans", body)
  expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "application/problem+json"])
})

it("the effective sender is the newest active one of the organization, else of the account", async () => {
  const path = "/v1/effective-sender"
  expect(await client.problem(path)).toMatchObject({ status: 404, detail: "There is no such sender." })
  const own = await activate("own@acme.com")
  const theirs = await activate("theirs@acme.com", service.organization)
  for (const [query, id] of [
    ["", own],
    [`?organization=${service.organization}`, theirs],
    ["?organization=nobody's", own]
  ] as const) {
    const answer = await client.get(`${path}${query}`)
    const body: unknown = await answer.json()
    expect([query, answer.status, decodeId(body).id]).toEqual([query, 200, id])
    const details = ["mailboxSince", "domainSince", "link"] as const
    expect(Object.keys(body ?? {}).sort()).toEqual(
      Object.keys(Struct.omit(NativeSender.fields, [...details, "domain"])).sort()
    )
  }
  expect(await client.problem(`${path}?organization=`)).toMatchObject({ status: 422, parameter: "organization" })
  expect(await client.problem(`${path}?account=x`)).toMatchObject({ status: 400, parameter: "account" })
})
