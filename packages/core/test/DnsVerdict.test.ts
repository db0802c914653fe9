import { describe, expect, it } from "vitest"
import {
  type DnsObservation,
  judgePlan,
  judgeRecord,
  mergeVerdicts,
  probeResult,
  type RecordVerdict,
  sameName,
  sameVerdicts,
  type Verdict
} from "../src/DnsVerdict.ts"
import { plan } from "./SenderExamples.ts"

const record = { type: "CNAME", name: "one._domainkey.example.com", value: "one.dkim.example.org" } as const
const elsewhere = "elsewhere.example.net"

const seen = (
  outcome: DnsObservation["outcome"],
  targets: ReadonlyArray<ReadonlyArray<string>> = [],
  ...others: ReadonlyArray<{ readonly type: string; readonly value: string }>
): DnsObservation => ({ name: record.name, servers: ["192.0.2.53:53"], outcome, targets, others })

const txt = { type: "TXT", value: "v=DKIM1" }
const a = { type: "A", value: "192.0.2.1" }

describe("the verdict on a record", () => {
  it.each<readonly [string, DnsObservation, Verdict, ReadonlyArray<string>]>([
    ["the target", seen("answer", [[record.value]]), "valid", []],
    ["the target in capitals with a dot", seen("answer", [["ONE.DKIM.example.ORG."]]), "valid", []],
    ["the target over two hops", seen("answer", [[elsewhere], [record.value]]), "valid", []],
    ["the target, which itself leads on", seen("answer", [[record.value], [elsewhere]]), "valid", []],
    ["the target, where nothing stands", seen("nxdomain", [[record.value]]), "valid", []],
    ["the target, which did not answer", seen("unavailable", [[record.value]]), "valid", []],
    ["no such name", seen("nxdomain"), "missing", []],
    ["no such records", seen("nodata"), "missing", []],
    ["an answer without any", seen("answer"), "missing", []],
    ["another target", seen("answer", [["Elsewhere.example.net."]]), "mismatch", [elsewhere]],
    ["another target that is not there", seen("nxdomain", [[elsewhere]]), "mismatch", [elsewhere]],
    ["a target that only ends like it", seen("answer", [[`x${record.value}`]]), "mismatch", [`x${record.value}`]],
    [
      "a target that only begins like it",
      seen("answer", [[`${record.value}.com`]]),
      "mismatch",
      [`${record.value}.com`]
    ],
    [
      "two targets, the right one among them",
      seen("answer", [[record.value, "B.example"]]),
      "conflict",
      ["b.example", record.value]
    ],
    [
      "two targets, and no further answer",
      seen("unavailable", [["b.example", "a.example"]]),
      "conflict",
      ["a.example", "b.example"]
    ],
    ["two targets on a later hop", seen("answer", [[elsewhere], [record.value, "b.example"]]), "mismatch", [elsewhere]],
    ["records of other types", seen("nodata", [], txt, a), "conflict", ["A 192.0.2.1", "TXT v=DKIM1"]],
    ["no answer", seen("unavailable"), "indeterminate", []],
    ["no answer behind another target, which may lead on", seen("unavailable", [[elsewhere]]), "indeterminate", []],
    ["no answer, other types notwithstanding", seen("unavailable", [], txt), "indeterminate", []]
  ])("that shows %s is %s", (_, observation, verdict, found) => {
    expect(judgeRecord(record, observation)).toStrictEqual({ name: record.name, verdict, found })
  })

  it("leaves a record open that was not observed, and finds observations by names however written", () => {
    const [first, second, third] = plan.records
    const verdicts = judgePlan(plan.records, [
      { ...seen("nxdomain"), name: "unrelated.example.com" },
      { ...seen("answer", [[second?.value ?? ""]]), name: `${second?.name.toUpperCase()}.` }
    ])
    expect(verdicts).toStrictEqual([
      { name: first?.name, verdict: "indeterminate", found: [] },
      { name: second?.name, verdict: "valid", found: [] },
      { name: third?.name, verdict: "indeterminate", found: [] }
    ])
  })
})

const verdicts = (...words: ReadonlyArray<Verdict>): ReadonlyArray<RecordVerdict> =>
  words.map((verdict, at) => ({ name: `${at}.example.com`, verdict, found: verdict === "mismatch" ? [elsewhere] : [] }))

describe("the result of a probe", () => {
  it.each<readonly [ReadonlyArray<Verdict>, string]>([
    [["valid", "valid", "valid"], "valid"],
    [["valid"], "valid"],
    [["valid", "missing", "valid"], "negative"],
    [["valid", "mismatch", "valid"], "negative"],
    [["valid", "conflict", "valid"], "negative"],
    [["indeterminate", "missing", "indeterminate"], "negative"],
    [["missing", "mismatch", "conflict"], "negative"],
    [["valid", "indeterminate", "valid"], "indeterminate"],
    [["indeterminate", "indeterminate", "indeterminate"], "indeterminate"],
    [[], "indeterminate"]
  ])("of %j is %s", (words, result) => {
    expect(probeResult(verdicts(...words))).toBe(result)
  })
})

describe("names", () => {
  it("compare lower-cased and without the trailing dot", () => {
    expect(sameName("A.Example.", "a.example")).toBe(true)
    expect(sameName("a.example", "b.example")).toBe(false)
    expect(sameName("a.example..", "a.example")).toBe(false)
    expect(sameName("x.a.example", "a.example")).toBe(false)
  })
})

describe("verdicts", () => {
  it("keep what was known of a record whose verdict is indeterminate", () => {
    expect(
      mergeVerdicts(verdicts("missing", "valid", "mismatch"), verdicts("indeterminate", "missing", "indeterminate"))
    ).toEqual(verdicts("missing", "missing", "mismatch"))
    expect(mergeVerdicts([], verdicts("indeterminate", "missing"))).toEqual(verdicts("indeterminate", "missing"))
  })

  it.each([
    ["a word", verdicts("missing", "valid"), verdicts("conflict", "valid"), false],
    ["what was found", verdicts("mismatch"), [{ name: "0.example.com", verdict: "mismatch", found: ["x"] }], false],
    [
      "how much was found",
      verdicts("mismatch"),
      [{ name: "0.example.com", verdict: "mismatch", found: [elsewhere, "x"] }],
      false
    ],
    ["a name", verdicts("missing"), [{ name: "x", verdict: "missing", found: [] }], false],
    ["how many there are", verdicts("missing"), verdicts("missing", "valid"), false],
    ["how few there are", verdicts("missing", "valid"), verdicts("missing"), false],
    ["nothing", verdicts("missing", "mismatch"), verdicts("missing", "mismatch"), true]
  ] as const)("differ in %s", (_, one, other, equal) => {
    expect(sameVerdicts(one, other)).toBe(equal)
  })
})
