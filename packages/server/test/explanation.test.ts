import type { DnsObservation, Finding } from "@countersign/core"
import { makeDnsPlan, StoredDomainName } from "@countersign/core"
import { dnsReport } from "@countersign/engine"
import { describe, expect, it } from "vitest"
import { explanationLines, explanationView } from "../src/DnsExplanation.ts"
import { type Paint, printable, table } from "../src/Terminal.ts"

const at = Date.parse("2026-11-28T03:00:00Z")
const domain = StoredDomainName.make("shop.example.com")
const plan = makeDnsPlan(domain, ["k1", "k2", "k3"], "dkim.example.net")
const [first = "", second = "", third = ""] = plan.records.map(({ name }) => name)

const asked = (name: string, ...sources: DnsObservation["sources"]): DnsObservation => ({
  name,
  type: "CNAME",
  mode: "authoritative",
  zone: "example.com",
  at,
  sources
})

const alias = (server: string, value: string) =>
  ({ server, role: "authoritative", outcome: "records", records: [{ type: "CNAME", value, ttl: 300 }] }) as const

const evidence = [
  asked(first, alias("192.0.2.1:53", "k1.k1.dkim.example.net"), alias("192.0.2.2:53", "k1.k1.dkim.example.net")),
  asked(second, {
    server: "192.0.2.1:53",
    role: "authoritative",
    outcome: "nxdomain",
    records: [],
    negativeTtl: 3_600
  }),
  asked(third, {
    server: "9.9.9.9:53",
    role: "recursive",
    outcome: "unavailable",
    records: [],
    reason: "SERVFAIL",
    bogus: true
  })
]

const finding: Finding = {
  code: "record-missing-nxdomain",
  class: "missing",
  record: second,
  expected: "k2.k2.dkim.example.net",
  found: [],
  evidence: evidence.slice(1, 2),
  since: at - 60_000,
  message: "Nothing is there.",
  fix: { edits: [], message: "Add the record." }
}

const known = { at, evidence, neighbours: [], since: {}, streak: [] }
const sender = { plan, kind: "domain", domain, domainState: "pending" } as const
const explained = {
  report: { ...dnsReport(sender, known, at + 3_600_000), findings: [finding] },
  senders: []
}

const tagged: Paint = (format, text) => `<${format}>${text}</${format}>`

describe("an explanation", () => {
  it("shows a person the records, the probes, the findings and what each server said", () => {
    expect(explanationLines(explained, tagged).join("\n")).toBe(`<bold>shop.example.com</bold>

Records to publish in the zone example.com:
<green>  valid</green>          k1._domainkey.shop  CNAME  k1.k1.dkim.example.net
<red>  missing</red>        k2._domainkey.shop  CNAME  k2.k2.dkim.example.net
<yellow>  indeterminate</yellow>  k3._domainkey.shop  CNAME  k3.k3.dkim.example.net

Last probe:  2026-11-28T03:00:00.000Z, not all records are right
Next probe:  2026-11-28T04:00:00.000Z

<red>record-missing-nxdomain</red>  k2._domainkey.shop.example.com
  Nothing is there.
  Add the record.
  Seen since 2026-11-28T02:59:00.000Z.

What each server said:
  k1._domainkey.shop.example.com CNAME
    192.0.2.1:53  name server of the zone  CNAME k1.k1.dkim.example.net (TTL 300 s)
    192.0.2.2:53  name server of the zone  CNAME k1.k1.dkim.example.net (TTL 300 s)
  k2._domainkey.shop.example.com CNAME
    192.0.2.1:53  name server of the zone  no such name (caches may keep that for 3600 s)
  k3._domainkey.shop.example.com CNAME
    9.9.9.9:53  resolver  no usable answer: SERVFAIL (the DNSSEC signatures are wrong)`)
  })

  it("says before the first probe that there was none", () => {
    const report = dnsReport(sender, undefined, undefined)
    expect(explanationLines({ report, senders: [] }, (_, text) => text).join("\n")).toBe(`shop.example.com

Records to publish in the zone example.com:
  not probed  k1._domainkey.shop  CNAME  k1.k1.dkim.example.net
  not probed  k2._domainkey.shop  CNAME  k2.k2.dkim.example.net
  not probed  k3._domainkey.shop  CNAME  k3.k3.dkim.example.net

Last probe:  none yet`)
  })

  it("is JSON with times as text, and null for what is not known", () => {
    expect(explanationView(explained)).toMatchObject({
      domain,
      account: null,
      senders: [],
      zone: "example.com",
      records: [
        { type: "CNAME", name: first, host: "k1._domainkey.shop", value: "k1.k1.dkim.example.net", verdict: "valid" },
        { verdict: "missing" },
        { verdict: "indeterminate" }
      ],
      findings: [
        { code: "record-missing-nxdomain", record: second, since: "2026-11-28T02:59:00.000Z", fix: { edits: [] } }
      ],
      lastProbe: { at: "2026-11-28T03:00:00.000Z", result: "negative", mode: "authoritative" },
      nextProbeAt: "2026-11-28T04:00:00.000Z",
      lastRightAt: null,
      evidence: [{ at: "2026-11-28T03:00:00.000Z", sources: [{ records: [{ ttl: 300 }] }, {}] }, {}, {}]
    })
  })
})

describe("a terminal", () => {
  it("is told nothing that it would obey", () => {
    expect(printable("a\u001b[31mb\u202ec\u2028d\u0085e")).toBe("a\ufffd[31mb\ufffdc\ufffdd\ufffde")
    expect(table([["\u001b[2J", "x"]])).toEqual(["\ufffd[2J  x"])
  })

  it("gets cells below each other, however they are coloured, and no spaces at the ends", () => {
    expect(table([["a", "bb"], ["ccc"], ["d", "e", "f"]], (cell) => cell.toUpperCase())).toEqual([
      "A    BB",
      "CCC",
      "D    E   F"
    ])
  })
})
