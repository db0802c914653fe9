/**
 * What the native dialect says of a report on a domain's DNS, and cursors: both are pure.
 */
import { type DnsObservation, type Finding, makeLinkKeys, parseLinkSecrets } from "@countersign/core"
import { type DnsReport, Senders } from "@countersign/engine"
import { DnsReport as Shown } from "@countersign/http/api"
import { Effect, Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { makeCursors } from "../../src/dialects/native/Cursor.ts"
import { dnsBody } from "../../src/dialects/native/DnsBody.ts"
import { startService } from "../Service.ts"
import { adding } from "./Client.ts"

const seen: DnsObservation = {
  name: "token._domainkey.acme.com",
  type: "CNAME",
  mode: "authoritative",
  zone: "acme.com",
  at: 1_000,
  sources: [
    {
      server: "192.0.2.1:53",
      role: "authoritative",
      outcome: "records",
      records: [{ type: "CNAME", value: "wrong.example", ttl: 300 }]
    },
    { server: "192.0.2.2:53", role: "authoritative", outcome: "unavailable", records: [], reason: "SERVFAIL" }
  ]
}

const finding: Finding = {
  code: "target-mismatch",
  class: "mismatch",
  record: "token._domainkey.acme.com",
  expected: "token.dkim.countersign.net",
  found: ["wrong.example"],
  evidence: [seen],
  since: undefined,
  message: "It points elsewhere.",
  fix: {
    message: "Change it.",
    edits: [
      {
        action: "change",
        type: "CNAME",
        host: "token._domainkey",
        name: "token._domainkey.acme.com.",
        value: "token.dkim.countersign.net.",
        line: "token._domainkey.acme.com. IN CNAME token.dkim.countersign.net."
      }
    ]
  }
}

describe("a report on the DNS of a domain", () => {
  const reportOf = async (more: Partial<DnsReport>): Promise<DnsReport> => {
    const service = await startService()
    const id = await adding(service)("a@acme.com")
    const report = await service.run(
      Effect.flatMap(Senders, (senders) => senders.dns({ account: service.account, id }))
    )
    await service.stop()
    return { ...report, ...more }
  }
  const decode = Schema.decodeUnknownSync(Shown)
  const bodyOf = async (more: Partial<DnsReport>) => {
    const body: unknown = JSON.parse(JSON.stringify(dnsBody(await reportOf(more))))
    return decode(body, { onExcessProperty: "error" })
  }

  it("before the first probe says null for what is not known", async () => {
    const { records, lastProbe, lastRightAt, findings, evidence } = await bodyOf({})
    expect([lastProbe, lastRightAt, findings, evidence]).toEqual([null, null, [], []])
    expect(records.map(({ verdict, found }) => [verdict, found])).toEqual(Array(3).fill([null, []]))
  })

  it("has the records in each form that DNS panels want", async () => {
    const record = {
      type: "CNAME",
      name: "token._domainkey.mail.acme.com",
      host: "token._domainkey.mail",
      value: "token.dkim.countersign.net",
      verdict: "mismatch",
      found: ["wrong.example"]
    } as const
    const { records } = await bodyOf({ records: [record] })
    expect(records).toEqual([
      {
        ...record,
        forms: {
          relative: { host: "token._domainkey.mail", value: "token.dkim.countersign.net." },
          absolute: { host: "token._domainkey.mail.acme.com.", value: "token.dkim.countersign.net." },
          zoneFile: "token._domainkey.mail.acme.com. IN CNAME token.dkim.countersign.net."
        }
      }
    ])
  })

  it("has findings with their fix as data, and every source's words, with times as texts", async () => {
    const at = "1970-01-01T00:00:01.000Z"
    const body = await bodyOf({
      findings: [finding, { ...finding, record: undefined, expected: undefined, since: 1_000 }],
      evidence: [seen],
      lastProbe: { at: 1_000, result: "negative", mode: "authoritative" },
      nextProbeAt: 1_000,
      lastRightAt: 1_000
    })
    const { evidence: _, ...shown } = finding
    expect(body.findings).toEqual([
      { ...shown, since: null, evidence: [{ ...seen, at }] },
      { ...shown, record: null, expected: null, since: at, evidence: [{ ...seen, at }] }
    ])
    expect([body.evidence, body.lastProbe, body.nextProbeAt, body.lastRightAt]).toEqual([
      [{ ...seen, at }],
      { at, result: "negative", mode: "authoritative" },
      at,
      at
    ])
  })
})

describe("a cursor", () => {
  const keys = (secrets: string) => makeLinkKeys(Result.getOrThrow(parseLinkSecrets(secrets)))
  const [old, young] = ["an old secret of at least 32 characters", "a new secret of at least 32 characters"]
  const cursors = makeCursors(keys(old))

  it("leads back to its place, for its account only, and tells nobody the place", () => {
    for (const position of [0, 1, 255, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const cursor = cursors.write("acme", position)
      expect(cursor).toMatch(/^[\w-]{22}$/)
      expect([cursors.read("acme", cursor), cursors.read("other", cursor)]).toEqual([position, undefined])
    }
    const [one, two] = [1, 2].map((position) => Buffer.from(cursors.write("acme", position), "base64url"))
    const alike = [...(one ?? [])].filter((byte, index) => byte === two?.[index]).length
    expect(alike).toBeLessThan(8)
  })

  it("is good while its secret is, and anything else is none", () => {
    const cursor = cursors.write("acme", 7)
    expect(makeCursors(keys(`${young},${old}`)).read("acme", cursor)).toBe(7)
    expect(makeCursors(keys(young)).read("acme", cursor)).toBeUndefined()
    for (const text of [
      "",
      "7",
      cursor.slice(1),
      `${cursor}A`,
      "A".repeat(22),
      "=".repeat(22),
      `${cursor.slice(0, 21)}=`
    ]) {
      expect([text, cursors.read("acme", text)]).toEqual([text, undefined])
    }
  })
})
