/**
 * Which answers count, and what follows from them.
 */
import { describe, expect, it } from "vitest"
import { answersOf, chainFrom, hasNone } from "../../src/Diagnosis/Seen.ts"
import { diagnose } from "../../src/Diagnosis.ts"
import type { DnsObservation, DnsRecordType, SourceAnswer } from "../../src/DnsObservation.ts"
import { at, look } from "../ZonePicture.ts"

const answer = (role: SourceAnswer["role"], outcome: SourceAnswer["outcome"], ...values: ReadonlyArray<string>) => ({
  server: "192.0.2.1:53",
  role,
  outcome,
  records: values.map((value) => ({ type: "TXT", value }))
})
const seen = (name: string, type: DnsRecordType, ...sources: ReadonlyArray<SourceAnswer>): DnsObservation => ({
  name,
  type,
  mode: "authoritative",
  at,
  sources
})
const yes = answer("authoritative", "records", "x")
const no = answer("authoritative", "nodata")
const never = answer("authoritative", "nxdomain")
const silent = answer("authoritative", "unavailable")
const cached = answer("recursive", "records", "y")

describe("the answers that count are", () => {
  it.each<readonly [string, ReadonlyArray<SourceAnswer>, ReadonlyArray<SourceAnswer>]>([
    ["those of the zone's own servers", [cached, no, silent, yes], [no, yes]],
    ["that of a single one of them", [cached, no], [no]],
    ["those of caches where no such server answered", [silent, cached], [cached]],
    ["none where nobody answered", [silent], []]
  ])("%s", (_, sources, counting) => {
    expect(answersOf(seen("a.example", "TXT", ...sources))).toEqual(counting)
  })

  it("none where nobody was asked", () => {
    expect(answersOf(undefined)).toEqual([])
  })
})

describe("a name has none", () => {
  it.each<readonly [string, ReadonlyArray<SourceAnswer>, boolean, boolean]>([
    ["where the answer is that there is none", [no], true, false],
    ["where the name is not there", [never], true, true],
    ["where one of two answers is that the name is not there", [never, no], true, false],
    ["unless one of two answers has some", [no, yes], false, false],
    ["unless nobody answered", [silent], false, false]
  ])("%s", (_, sources, none, nothing) => {
    const all = [seen("a.example", "TXT", ...sources)]
    expect(hasNone(all, "a.example", "TXT")).toBe(none)
    expect(hasNone(all, "a.example", "TXT", "nxdomain")).toBe(nothing)
    expect(hasNone(all, "b.example", "TXT")).toBe(false)
  })
})

describe("a chain of aliases", () => {
  const alias = (name: string, target: string) =>
    seen(name, "CNAME", { ...yes, records: [{ type: "CNAME", value: target }] })
  it.each<readonly [string, ReadonlyArray<DnsObservation>, ReadonlyArray<string>]>([
    ["is the name alone where nothing was seen", [], ["a"]],
    ["ends at what was not seen", [alias("a", "b"), alias("b", "c")], ["a", "b", "c"]],
    ["ends at a name that comes again", [alias("a", "b"), alias("b", "a")], ["a", "b", "a"]],
    ["ends at a name that leads to itself", [alias("a", "a")], ["a", "a"]]
  ])("%s", (_, all, chain) => {
    expect(chainFrom(all, "a")).toEqual(chain)
  })
})

it("the verdict is explained by what the zone's own servers say, whoever is named first", () => {
  const { evidence, ...picture } = look("old.one1._domainkey TXT x\n; 192.0.2.53 remembers nothing for 60")
  const cachesFirst = evidence.map((each) => ({ ...each, sources: each.sources.toReversed() }))
  const findings = diagnose({ ...picture, evidence: cachesFirst })
  expect(findings.map(({ code }) => code)).toContain("record-missing-nodata")
})
