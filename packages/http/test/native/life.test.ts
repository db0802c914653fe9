/**
 * The DNS of a sender through its life, as the native dialect shows it: what each probe saw, the findings, which the
 * other dialects show too, and the evidence in the timeline.
 */
import { EmailAddressDocument } from "@countersign/http/api"
import { Schema } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import { emailAddressIn, type Service, startService } from "../Service.ts"
import { adding, nativeClient } from "./Client.ts"

let service: Service
let client: ReturnType<typeof nativeClient>
let id: string
beforeAll(async () => {
  service = await startService({ workers: true, inProcess: true })
  client = nativeClient(service)
  id = await adding(service)("a@acme.com")
})
afterAll(() => service.stop())

const hours = async (count: number) => {
  for (let left = count; left > 0; left -= 3) await service.work(`${Math.min(left, 3)} hours`)
}
const verdicts = async () => (await client.dns(id)).records.map(({ verdict }) => verdict)
const all = (verdict: string) => [verdict, verdict, verdict]
const evidenceOf = async (type: string) => (await client.timeline(id)).events.find((event) => event.type === type)

it("before the records are there: what is missing, how to mend it, and when it is probed again", async () => {
  await service.work("1 minute")
  const { records, findings, lastProbe, nextProbeAt, evidence } = await client.dns(id)
  expect(records.map(({ verdict }) => verdict)).toEqual(all("missing"))
  expect(lastProbe?.result).toBe("negative")
  expect(nextProbeAt).not.toBeNull()
  expect(evidence.length).toBeGreaterThan(0)
  expect(findings.length).toBeGreaterThan(0)
  for (const { class: kind, fix, evidence: shown } of findings) {
    expect([kind, fix.edits.map(({ action }) => action)]).toEqual(["missing", expect.arrayContaining(["add"])])
    expect(shown.length).toBeGreaterThan(0)
  }
  const alone = await client.sender(id)
  expect(alone.records.map(({ verdict }) => verdict)).toEqual(all("missing"))
  expect((await client.page()).senders[0]?.records).toEqual(alone.records)

  const withoutEvidence = findings.map(({ evidence: _, ...finding }) => finding)
  await service.pass("1 second")
  const spaceInvoices = await emailAddressIn(await service.call("GET", "/v1/email-address"))
  expect([spaceInvoices.findings, spaceInvoices.blockers]).toEqual([withoutEvidence, alone.blockers])
  const bearer = { authorization: `Bearer ${service.token}` }
  const document = await service.call("GET", `/v1/email-addresses/${id}`, undefined, bearer)
  const { data } = Schema.decodeUnknownSync(EmailAddressDocument)(await document.json())
  expect([data.meta.findings, data.meta.blockers]).toEqual([withoutEvidence, alone.blockers])
  // An address that is there already is answered with what is known of it.
  const again = await emailAddressIn(await service.call("POST", "/v1/email-address", { email: "a@acme.com" }))
  expect(again.findings).toEqual(withoutEvidence)
})

it("once they are: right, with what proved it", async () => {
  await service.publishAll()
  await service.call("POST", `/v1/senders/${id}/dns/probes`)
  await service.work("1 minute")
  expect(await verdicts()).toEqual(all("valid"))
  const { findings, lastRightAt, lastProbe } = await client.dns(id)
  expect([findings.filter(({ class: kind }) => kind !== "advisory"), lastRightAt]).toEqual([[], lastProbe?.at])
  const verified = await evidenceOf("DomainVerified")
  expect([verified?.actor, verified?.data]).toEqual(["worker", {}])
  expect(verified?.evidence.map(({ name }) => name)).toEqual(
    expect.arrayContaining((await client.sender(id)).records.map(({ name }) => name))
  )
  expect((await client.page("status=domain-verified")).senders[0]?.records.map(({ verdict }) => verdict)).toEqual(
    all("valid")
  )
})

it("a probe that is asked for is due at once, and not in hours", async () => {
  const due = async () => Date.parse((await client.dns(id)).nextProbeAt ?? "")
  const { lastProbe } = await client.dns(id)
  const scheduled = await due()
  const now = Date.parse(lastProbe?.at ?? "") + 60_000
  expect(scheduled).toBeGreaterThan(now + 3_600_000)
  const key = { "idempotency-key": "now" }
  expect((await service.call("POST", `/v1/senders/${id}/dns/probes`, undefined, key)).status).toBe(202)
  expect(await due()).toBeLessThanOrEqual(now + 10_000)
})

it("as soon as they are withdrawn: told, although the domain is good until more than one probe says so", async () => {
  await service.withdrawAll()
  await service.call("POST", `/v1/senders/${id}/dns/probes`)
  await service.work("1 minute")
  const { domainState, records } = await client.sender(id)
  expect([domainState, records.map(({ verdict }) => verdict)]).toEqual(["verified", all("missing")])
  expect((await client.dns(id)).findings.length).toBeGreaterThan(0)
  expect((await client.page()).senders[0]?.records.map(({ verdict }) => verdict)).toEqual(all("valid"))
})

it("after three negatives: degraded with the evidence of each, and as it was before", async () => {
  await hours(48)
  expect((await client.sender(id)).domainState).toBe("degraded")
  const degraded = await evidenceOf("DomainDegraded")
  const { negatives } = Schema.decodeUnknownSync(Schema.Struct({ negatives: Schema.Array(Schema.String) }))(
    degraded?.data
  )
  expect(negatives).toHaveLength(3)
  expect(negatives.every((time) => new Date(time).toISOString() === time)).toBe(true)
  expect(new Set(degraded?.evidence.map(({ at }) => at)).size).toBeGreaterThanOrEqual(3)
  const before = await client.timeline(id, `as-of=${(await evidenceOf("DomainVerified"))?.at}`)
  expect([before.state?.domainState, before.state?.records.map(({ verdict }) => verdict)]).toEqual([
    "verified",
    all("valid")
  ])
  const at = await client.timeline(id, `as-of=${degraded?.at}`)
  expect([at.state?.domainState, at.state?.domainSince]).toEqual(["degraded", degraded?.at])
})
