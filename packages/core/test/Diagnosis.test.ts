import { evidenceOf } from "@countersign/testkit"
import { describe, expect, it } from "vitest"
import { diagnose, type FindingCode } from "../src/Diagnosis.ts"
import type { DnsObservation } from "../src/DnsVerdict.ts"
import { plan, saw } from "./SenderExamples.ts"

const domain = "example.com"
const name = "one1._domainkey.example.com"
const value = "one1.dkim.example.org"

const seen = (
  outcome: DnsObservation["outcome"],
  ...targets: ReadonlyArray<ReadonlyArray<string>>
): DnsObservation => ({
  name,
  servers: ["192.0.2.53:53"],
  outcome,
  targets,
  others: []
})

describe("one finding for a record with", () => {
  it.each<readonly [string, DnsObservation, FindingCode, ReadonlyArray<string>, string, string]>([
    ["no such name", seen("nxdomain"), "record-missing-nxdomain", [], name, `${name} CNAME ${value}`],
    ["no such records", seen("nodata"), "record-missing-nodata", [], name, `${name} CNAME ${value}`],
    [
      "records of another type",
      { ...seen("nodata"), others: [{ type: "TXT", value: "v=DKIM1" }] },
      "wrong-record-type",
      ["TXT v=DKIM1"],
      "TXT v=DKIM1",
      value
    ],
    [
      "several CNAMEs",
      seen("answer", [value, "elsewhere.example.net"]),
      "several-cnames",
      ["elsewhere.example.net", value],
      "several CNAME",
      value
    ],
    [
      "another target",
      seen("answer", ["elsewhere.example.net"]),
      "target-mismatch",
      ["elsewhere.example.net"],
      "elsewhere.example.net",
      value
    ],
    [
      "the domain appended to the target",
      seen("answer", [`${value}.EXAMPLE.com.`]),
      "target-suffix-appended",
      [`${value}.${domain}`],
      `${value}.${domain}`,
      `${value}.`
    ],
    [
      "a target cut off",
      seen("answer", ["one1.dkim.exa"]),
      "target-truncated",
      ["one1.dkim.exa"],
      "13 characters",
      value
    ],
    [
      "another record's target",
      seen("answer", ["two2.dkim.example.org"]),
      "targets-swapped",
      ["two2.dkim.example.org"],
      "two2.dkim.example.org",
      value
    ],
    ["no answer", { ...seen("unavailable"), reason: "SERVFAIL" }, "dns-unavailable", [], "SERVFAIL", "tries again"],
    ["no answer and no reason", seen("unavailable"), "dns-unavailable", [], "no answer", "tries again"]
  ])("%s", (_, observation, code, found, said, mended) => {
    const findings = diagnose(plan, domain, [observation])
    expect(findings).toMatchObject([{ code, name, expected: value, found }])
    expect(findings[0]?.message).toContain(said)
    expect(findings[0]?.fix).toContain(mended)
  })
})

describe("findings", () => {
  it("are none when every record is right", () => {
    expect(diagnose(plan, domain, saw("right", "right in capitals", "right over hops"))).toEqual([])
  })

  it("are one for each record that is not, in the order of the plan", () => {
    const findings = diagnose(plan, domain, saw("no name", "right", "unavailable"))
    expect(findings.map(({ code, expected }) => [code, expected])).toEqual([
      ["record-missing-nxdomain", value],
      ["dns-unavailable", "three3.dkim.example.org"]
    ])
  })

  it("say nothing of records that no probe observed yet", () => {
    expect(diagnose(plan, domain, [])).toEqual([])
  })

  it("tell swapped targets of a whole plan", () => {
    const all = evidenceOf(plan, domain, ["another's target", "another's target", "another's target"])
    expect(diagnose(plan, domain, all).map(({ code }) => code)).toEqual(Array(3).fill("targets-swapped"))
  })
})
