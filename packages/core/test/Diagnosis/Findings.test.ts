/**
 * What holds for findings of every kind: how many there are, in which order, since when, and what shows them.
 */
import { describe, expect, it } from "vitest"
import { diagnose, hostOf } from "../../src/Diagnosis.ts"
import { at, codesOf, diagnosed, look, plan, right, told } from "../ZonePicture.ts"

const [one, two, three] = plan.records.map(({ name }) => name)

describe("findings", () => {
  it("are none of records that no probe observed yet", () => {
    expect(diagnose({ plan, domain: "example.com", evidence: [], neighbours: [] })).toEqual([])
  })

  it("are one for each record that is not right, in the order of the plan (catalogue: only_some_records)", () => {
    const findings = diagnosed("; no three3._domainkey CNAME")
    expect(findings.map(({ code, record, expected }) => [code, record, expected])).toEqual([
      ["record-missing-nxdomain", one, "one1.dkim.example.org"],
      ["record-missing-nxdomain", three, "three3.dkim.example.org"]
    ])
    expect(diagnosed("; no other records").map(({ record }) => record)).toEqual([one, two, three])
  })

  it("have the class of their code, and nothing for what does not apply", () => {
    const [missing, advice] = diagnosed("; no _dmarc TXT")
    expect(missing).toMatchObject({ class: "missing", record: one, since: undefined })
    expect(advice).toMatchObject({
      class: "advisory",
      record: undefined,
      expected: undefined,
      since: undefined,
      found: []
    })
  })

  it("are known since the record has its verdict", () => {
    const since = (verdict: "missing" | "conflict") => diagnosed("", { since: { [one ?? ""]: { verdict, at: 7 } } })
    expect(since("missing").map((finding) => finding.since)).toEqual([7])
    expect(since("conflict").map((finding) => finding.since)).toEqual([undefined])
  })

  it("follow what was seen last (records: NXDOMAIN first, later the name exists without a CNAME)", () => {
    expect(codesOf("")).toEqual(["record-missing-nxdomain"])
    expect(codesOf("one1._domainkey CAA 0 issue")).toEqual(["record-missing-nodata"])
  })

  it("carry the answers that show them, and no others", () => {
    const shows = (picture: string) =>
      diagnosed(picture).map(({ evidence }) =>
        evidence.map(({ name, type }) => `${hostOf(name, "example.com")} ${type}`)
      )
    expect(shows("")).toEqual([["one1._domainkey CNAME", "@ NS", "@ TXT", "@ MX", "@ A", "@ AAAA"]])
    expect(shows("one1 CNAME one1.dkim.example.org.")).toEqual([["one1._domainkey CNAME", "one1 CNAME"]])
    expect(shows("*._domainkey CNAME www")).toEqual([
      ["one1._domainkey CNAME", "no-record-has-this-name._domainkey CNAME"]
    ])
    expect(shows("one1._domainkey CNAME alias\nalias CNAME one1.dkim.example.org.")).toEqual([
      ["one1._domainkey CNAME", "alias CNAME"]
    ])
  })

  it("see three records missing where there is nothing below _domainkey", () => {
    const nothing = { server: "192.0.2.1:53", role: "authoritative", outcome: "nxdomain", records: [] } as const
    const evidence = [
      {
        name: "_domainkey.example.com",
        type: "CNAME",
        mode: "authoritative",
        zone: "example.com",
        at,
        sources: [nothing, { ...nothing, server: "192.0.2.2:53" }]
      }
    ] as const
    const findings = diagnose({ plan, domain: "example.com", evidence, neighbours: [] })
    expect(findings.map(({ code, record }) => [code, record])).toEqual(
      [one, two, three].map((name) => ["record-missing-nxdomain", name])
    )
    expect(findings[0]?.evidence).toEqual(evidence)
    expect(findings[0]?.message).toBe("There is no record named one1._domainkey.example.com.")
  })

  it("tell name servers with private addresses by the one that stands for all", () => {
    const seen = look("; 192.0.2.1 answers the name servers have private addresses")
    const evidence = seen.evidence.map((each) => ({ ...each, sources: each.sources.slice(0, 1) }))
    expect(diagnose({ ...seen, evidence }).map(({ code }) => code)).toEqual(Array(3).fill("name-servers-private"))
  })

  it("say nothing of mail where no mailbox is to be confirmed", () => {
    expect(codesOf("; no @ MX", { kind: "email" })).toEqual(["record-missing-nxdomain", "no-mail-exchanger"])
    expect(codesOf("; no @ MX", { kind: "domain" })).toEqual(["record-missing-nxdomain"])
    expect(codesOf("@ MX 0 .", { kind: "domain" })).toEqual(["record-missing-nxdomain"])
  })

  it("go by one of the zone's own servers before any cache", () => {
    const old = "; 192.0.2.53 has one1.dkim.example.org. TXT v=DKIM1; p=OLD"
    const picture = `${right}\n; no two2._domainkey CNAME\n; no one1.dkim.example.org. TXT\n; 192.0.2.2 answers REFUSED`
    expect(codesOf(`${picture}\n${old}`)).toEqual(["our-target-missing", "record-missing-nxdomain"])
  })

  it("are the same where only caches could be asked", () => {
    const seen = look("one1._domainkey CNAME elsewhere.example.net.")
    const cached = seen.evidence.map((each) => ({
      ...each,
      mode: "resolver" as const,
      sources: each.sources.map((source) => ({ ...source, role: "recursive" as const }))
    }))
    expect(diagnose({ ...seen, evidence: cached }).map(({ code }) => code)).toEqual(["target-mismatch"])
  })

  it("say nothing but that of a domain that is not registered or on hold (catalogue: registrar_hold)", () => {
    expect(diagnosed("; not registered").map(({ record }) => record)).toEqual([undefined])
    expect(codesOf("; no other records\n@ NS ns1.suspended-domain.com.")).toEqual(["domain-on-hold"])
    // Servers that hold a domain may serve the records too: then all is well.
    const { neighbours } = look("@ NS ns1.suspended-domain.com.")
    expect(diagnose({ ...look(right), neighbours })).toEqual([])
  })
})

describe("a wildcard", () => {
  it("explains every record of the plan (internetstandards/Internet.nl#1025)", () => {
    expect(diagnosed("; no other records\n* CNAME www").map(({ code, record }) => [code, record])).toEqual(
      [one, two, three].map((name) => ["wildcard-answers", name])
    )
  })

  it("is none where the record has another value than it", () => {
    expect(codesOf("*._domainkey CNAME www\none1._domainkey CNAME elsewhere.example.net.")).toEqual(["target-mismatch"])
  })

  it("that answers at a name nearby does not make the record misplaced", () => {
    expect(codesOf("* CNAME www")).toEqual(["record-missing-nxdomain"])
  })
})

describe("what is right", () => {
  it.each([
    ["is said of no record in other letters or with a dot (catalogue: case_or_dot_only)", right],
    ["is what stands behind a DNAME that leads to it", "; no other records\n_domainkey DNAME dkim.example.org."]
  ])("%s", (_, picture) => {
    expect(told(picture)).not.toContain("mismatch")
  })
})
