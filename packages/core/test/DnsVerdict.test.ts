import { describe, expect, it } from "vitest"
import type { DnsObservation } from "../src/DnsObservation.ts"
import {
  aliasesIn,
  bareName,
  isFlattened,
  isQueryable,
  judgePlan,
  judgeRecord,
  mergeVerdicts,
  nextHop,
  probeResult,
  type RecordVerdict,
  readingsOf,
  sameName,
  sameVerdicts,
  type Verdict
} from "../src/DnsVerdict.ts"
import {
  answersAbout,
  both,
  byResolvers,
  cname,
  nodata,
  nxdomain,
  own,
  record,
  records,
  refused,
  resolver,
  seen,
  servfail
} from "./DnsSeen.ts"
import { plan } from "./SenderExamples.ts"

const elsewhere = "elsewhere.example.net"
const txt = records({ type: "TXT", value: "v=DKIM1" })
const a = records({ type: "A", value: "192.0.2.1" })

/** A chain of aliases: each name leads to the next. */
const chain = (...names: ReadonlyArray<string>): ReadonlyArray<DnsObservation> =>
  names.slice(0, -1).map((name, index) => both(cname(names[index + 1] ?? ""), name))
const hops = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, hop) => `hop${hop}.example.net`)

describe("the verdict on a record for which two servers of the zone say", () => {
  it.each<readonly [string, ReadonlyArray<DnsObservation>, Verdict, ReadonlyArray<string>]>([
    ["the target", [both(cname(record.value))], "valid", []],
    ["the target in capitals with a dot", [both(cname("ONE.DKIM.example.ORG."))], "valid", []],
    ["the target twice", [both(cname(record.value, record.value))], "valid", []],
    ["the target, which leads on", [both(cname(record.value)), both(cname(elsewhere), record.value)], "valid", []],
    ["the target, where nothing stands", [both(cname(record.value)), both(nxdomain, record.value)], "valid", []],
    ["the target, which does not answer", [both(cname(record.value)), both(refused, record.value)], "valid", []],
    ["no such name", [both(nxdomain)], "missing", []],
    ["no such records", [both(nodata)], "missing", []],
    ["an answer without any", [both(records())], "missing", []],
    ["another target", [both(cname("Elsewhere.example.net.")), both(nxdomain, elsewhere)], "mismatch", [elsewhere]],
    ["another target, which is not asked", [both(cname(elsewhere))], "indeterminate", []],
    ["another target, which does not answer", [both(cname(elsewhere)), both(servfail, elsewhere)], "indeterminate", []],
    ["another target without an alias", [both(cname(elsewhere)), both(nodata, elsewhere)], "mismatch", [elsewhere]],
    [
      "a target that only ends like it",
      [both(cname(`x${record.value}`)), both(nxdomain, `x${record.value}`)],
      "mismatch",
      [`x${record.value}`]
    ],
    [
      "a target that only begins like it",
      [both(cname(`${record.value}.com`)), both(nxdomain, `${record.value}.com`)],
      "mismatch",
      [`${record.value}.com`]
    ],
    ["a target with a space at its end", [both(cname(`${record.value}\\032`))], "mismatch", [`${record.value}\\032`]],
    ["a web address", [both(cname("https://example.com"))], "mismatch", ["https://example.com"]],
    [
      "the target as one label that holds dots",
      [both(cname("one\\.dkim\\.example\\.org"))],
      "mismatch",
      ["one\\.dkim\\.example\\.org"]
    ],
    [
      "two targets, the right one among them",
      [both(cname(record.value, "B.example"))],
      "conflict",
      ["b.example", record.value]
    ],
    [
      "two targets, and nothing of theirs",
      [both(cname("b.example", "a.example"))],
      "conflict",
      ["a.example", "b.example"]
    ],
    ["a record of another type to the question for a CNAME", [both(a)], "conflict", ["A 192.0.2.1"]],
    [
      "records of other types",
      [both(nodata), both(txt, record.name, "TXT"), both(a, record.name, "A")],
      "conflict",
      ["A 192.0.2.1", "TXT v=DKIM1"]
    ],
    ["no such records, of other types neither", [both(nodata), both(nodata, record.name, "TXT")], "missing", []],
    ["no such name, whatever else was seen", [both(nxdomain), both(txt, record.name, "TXT")], "missing", []],
    ["nothing", [both(refused)], "indeterminate", []],
    ["nothing, other types notwithstanding", [both(refused), both(txt, record.name, "TXT")], "indeterminate", []]
  ])("%s is as it should be", (_, evidence, verdict, found) => {
    expect(judgeRecord(record, evidence)).toStrictEqual({ name: record.name, verdict, found })
  })

  it("leaves a record open that was not observed, and finds observations by names however written", () => {
    const [first, second, third] = plan.records
    const verdicts = judgePlan(plan.records, [
      both(nxdomain, "unrelated.example.com"),
      both(cname(second?.value ?? ""), `${second?.name.toUpperCase()}.`)
    ])
    expect(verdicts).toStrictEqual([
      { name: first?.name, verdict: "indeterminate", found: [] },
      { name: second?.name, verdict: "valid", found: [] },
      { name: third?.name, verdict: "indeterminate", found: [] }
    ])
  })

  it("takes a question of another type for none", () => {
    expect(judgeRecord(record, [both(cname(record.value), record.name, "TXT")]).verdict).toBe("indeterminate")
  })
})

describe("a chain of aliases", () => {
  it.each<readonly [string, ReadonlyArray<DnsObservation>, Verdict]>([
    ["over two names", chain(record.name, elsewhere, record.value), "valid"],
    ["over the most names", chain(record.name, ...hops(7), record.value), "valid"],
    ["that is too long", chain(record.name, ...hops(8), record.value), "mismatch"],
    ["that ends elsewhere", [...chain(record.name, ...hops(3)), both(nxdomain, "hop2.example.net")], "mismatch"],
    ["that bites its tail", chain(record.name, "a.example", "B.example", "a.EXAMPLE."), "mismatch"],
    ["that leads back", chain(record.name, elsewhere, record.name), "mismatch"],
    ["that leads to itself", chain(record.name, record.name), "mismatch"],
    [
      "with two targets on a later name",
      [...chain(record.name, elsewhere), both(cname(record.value, "b.example"), elsewhere)],
      "mismatch"
    ],
    ["that cannot be asked on", chain(record.name, elsewhere, "not a name"), "mismatch"],
    [
      "with a name that does not answer",
      [...chain(record.name, ...hops(2)), both(servfail, "hop1.example.net")],
      "indeterminate"
    ],
    ["below a name that is not there", [...chain(record.name, elsewhere), both(nxdomain, "example.net")], "mismatch"]
  ])("%s is as it should be", (_, evidence, verdict) => {
    expect(judgeRecord(record, evidence)).toStrictEqual({
      name: record.name,
      verdict,
      found: verdict === "mismatch" ? [aliasesIn(evidence[0]?.sources[0]?.records ?? []).map(bareName)[0]] : []
    })
  })

  it.each([
    ["one server", answersAbout(elsewhere, "CNAME", own(1, cname(record.value))), { target: record.value }],
    ["nobody", undefined, "unknown"],
    ["servers that do not answer", answersAbout(elsewhere, "CNAME", own(1, refused), resolver(1, servfail)), "unknown"],
    [
      "servers that disagree",
      answersAbout(elsewhere, "CNAME", own(1, cname(record.value)), own(2, nxdomain)),
      "unknown"
    ],
    [
      "a server and a silent one",
      answersAbout(elsewhere, "CNAME", own(1, refused), own(2, cname("A."))),
      { target: "A." }
    ],
    ["resolvers", answersAbout(elsewhere, "CNAME", resolver(1, nodata), resolver(2, nxdomain)), "end"],
    [
      "resolvers that disagree",
      answersAbout(elsewhere, "CNAME", resolver(1, nodata), resolver(2, cname("a"))),
      "unknown"
    ],
    [
      "a server, whatever a cache says",
      answersAbout(elsewhere, "CNAME", resolver(1, nodata), own(1, cname("a"))),
      { target: "a" }
    ],
    [
      "the same in another order",
      answersAbout(elsewhere, "CNAME", own(1, cname("a", "B")), own(2, cname("b.", "A"))),
      "end"
    ]
  ])("leads on as %s says", (_, observation, way) => {
    expect(nextHop(observation)).toEqual(way)
  })
})

describe("a name above", () => {
  const above = "_domainkey.example.com"
  it.each<readonly [string, DnsObservation, Verdict]>([
    ["that is not there denies those below", both(nxdomain, above), "missing"],
    ["that is not there denies those below, however written", both(nxdomain, "Example.com."), "missing"],
    ["that is there says nothing", both(nodata, above), "indeterminate"],
    ["with an alias says nothing", both(cname(record.value), above), "indeterminate"],
    ["that nobody answers for says nothing", both(refused, above), "indeterminate"],
    [
      "over which servers disagree says nothing",
      answersAbout(above, "CNAME", own(1, nxdomain), own(2, nodata)),
      "indeterminate"
    ],
    [
      "that one server denies, another being silent",
      answersAbout(above, "CNAME", own(1, nxdomain), own(2, refused)),
      "missing"
    ],
    ["that only ends alike says nothing", both(nxdomain, "key.example.com"), "indeterminate"]
  ])("%s", (_, observation, verdict) => {
    expect(judgeRecord(record, [observation]).verdict).toBe(verdict)
  })

  it("says nothing against an answer about the name itself", () => {
    expect(judgeRecord(record, [both(nxdomain, above), both(cname(record.value))]).verdict).toBe("valid")
  })
})

describe("agreement on a record", () => {
  const right = cname(record.value)
  it.each<readonly [Verdict, string, DnsObservation]>([
    ["valid", "two servers", seen(own(1, right), own(2, right))],
    ["valid", "one server and a resolver", seen(own(1, right), resolver(1, right))],
    ["valid", "two servers, a third being silent", seen(own(1, right), own(2, right), own(3, refused))],
    [
      "valid",
      "two servers; a resolver has no such name in its cache",
      seen(own(1, right), own(2, right), resolver(1, nxdomain))
    ],
    ["valid", "two servers; a resolver is silent", seen(own(1, right), own(2, right), resolver(1, refused))],
    [
      "valid",
      "two servers; one resolver of two fails",
      seen(own(1, right), own(2, right), resolver(1, servfail), resolver(2, right))
    ],
    ["indeterminate", "one server alone", seen(own(1, right))],
    ["indeterminate", "one server asked twice", seen(own(1, right), own(1, right))],
    ["indeterminate", "one server, the other being silent", seen(own(1, right), own(2, refused))],
    ["indeterminate", "one server; a resolver denies it", seen(own(1, right), resolver(1, nxdomain))],
    ["indeterminate", "servers that disagree", seen(own(1, right), own(2, nxdomain))],
    ["indeterminate", "two servers against a third", seen(own(1, right), own(2, right), own(3, cname("a", "b")))],
    ["indeterminate", "two servers; a resolver fails", seen(own(1, right), own(2, right), resolver(1, servfail))],
    [
      "indeterminate",
      "two servers; a resolver fails in more words",
      seen(own(1, right), own(2, right), resolver(1, { ...servfail, reason: "SERVFAIL (bogus)" }))
    ],
    ["valid", "two servers, of which one failed before", seen(own(1, right), own(2, right), own(3, servfail))],
    ["indeterminate", "a resolver alone", seen(resolver(1, right))],
    ["indeterminate", "a resolver's no alone", seen(resolver(1, nxdomain))],
    [
      "indeterminate",
      "a resolver, the servers being silent",
      seen(own(1, refused), own(2, refused), resolver(1, right))
    ],
    ["missing", "one server alone that denies it", seen(own(1, nxdomain))],
    [
      "missing",
      "servers that deny it; a cache still has it",
      seen(own(1, nxdomain), own(2, nodata), resolver(1, right))
    ],
    ["valid", "in resolver mode, one resolver", byResolvers(seen(resolver(1, right)))],
    ["valid", "in resolver mode, one of two", byResolvers(seen(resolver(1, nxdomain), resolver(2, right)))],
    ["valid", "in resolver mode, one; the other fails", byResolvers(seen(resolver(1, servfail), resolver(2, right)))],
    ["missing", "in resolver mode, one that denies it", byResolvers(seen(resolver(1, nxdomain)))],
    ["indeterminate", "in resolver mode, one that fails", byResolvers(seen(resolver(1, servfail)))],
    ["valid", "in resolver mode, a forwarder that passes for a server", byResolvers(seen(own(1, right)))]
  ])("is %s: %s", (verdict, _, observation) => {
    expect(judgeRecord(record, [observation]).verdict).toBe(verdict)
  })

  it("tells what each source says", () => {
    const sources = [own(1, right), own(2, nxdomain), own(3, cname("B", "a")), resolver(1, refused)]
    expect(readingsOf(record, [seen(...sources)])).toStrictEqual([
      { source: sources[0], verdict: "valid", found: [] },
      { source: sources[1], verdict: "missing", found: [] },
      { source: sources[2], verdict: "conflict", found: ["a", "b"] },
      { source: sources[3], verdict: "indeterminate", found: [] }
    ])
    expect(readingsOf(record, [])).toEqual([])
  })

  it("tells what the first server that denies it found", () => {
    expect(judgeRecord(record, [seen(own(1, refused), own(2, a), own(3, nxdomain))])).toStrictEqual({
      name: record.name,
      verdict: "conflict",
      found: ["A 192.0.2.1"]
    })
  })
})

describe("a key that is visible at the name itself", () => {
  const key = (p: string) => records({ type: "TXT", value: `v=DKIM1; k=rsa; p=${p}` })
  const cut = (sha256: string, value = "v=DKIM1; p=MIIB") =>
    records({ type: "TXT", value, cut: { length: 410, sha256 } })
  const shown = (here: DnsObservation, there?: DnsObservation) => [
    both(nodata),
    here,
    ...(there === undefined ? [] : [there])
  ]
  const at = (...said: Parameters<typeof both>) => both(said[0], record.name, "TXT")
  const target = (...said: Parameters<typeof both>) => both(said[0], record.value, "TXT")

  it.each<readonly [Verdict, string, ReadonlyArray<DnsObservation>]>([
    ["valid", "the target's", shown(at(key("MIIB")), target(key("MIIB")))],
    [
      "valid",
      "the target's, written otherwise",
      shown(at(records({ type: "TXT", value: "p=MI IB ;v=DKIM1" })), target(key("MIIB")))
    ],
    ["valid", "the target's, too long to keep", shown(at(cut("aa")), target(cut("aa")))],
    [
      "valid",
      "the target's, by a resolver where nobody else answers",
      [
        byResolvers(seen(resolver(1, nodata))),
        byResolvers(answersAbout(record.name, "TXT", resolver(1, key("MIIB")))),
        byResolvers(answersAbout(record.value, "TXT", resolver(1, key("MIIB"))))
      ]
    ],
    [
      "valid",
      "the target's, by a server and a resolver",
      shown(answersAbout(record.name, "TXT", own(1, key("MIIB")), resolver(1, key("MIIB"))), target(key("MIIB")))
    ],
    ["conflict", "another", shown(at(key("other")), target(key("MIIB")))],
    ["conflict", "another, too long to keep", shown(at(cut("bb")), target(cut("aa")))],
    ["conflict", "another, of which one is too long to keep", shown(at(key("MIIB")), target(cut("aa")))],
    [
      "conflict",
      "beside another text",
      shown(at(records(...key("MIIB").records, ...txt.records)), target(key("MIIB")))
    ],
    [
      "conflict",
      "one of two that the target has",
      shown(at(key("MIIB")), target(records(...key("MIIB").records, ...key("x").records)))
    ],
    ["conflict", "revoked", shown(at(key("")), target(key("")))],
    ["conflict", "no key", shown(at(txt), target(key("MIIB")))],
    ["conflict", "cut off where no key was seen", shown(at(cut("aa", "x")), target(cut("aa", "x")))],
    ["conflict", "not there at the target", shown(at(key("MIIB")), target(nxdomain))],
    ["missing", "not there", shown(at(nodata), target(key("MIIB")))],
    ["missing", "not to be asked for", shown(at(refused), target(key("MIIB")))],
    ["indeterminate", "not to be compared: the target is silent", shown(at(key("MIIB")), target(servfail))],
    ["indeterminate", "not to be compared: the target was not asked", shown(at(key("MIIB")))],
    [
      "indeterminate",
      "seen by one server alone",
      shown(answersAbout(record.name, "TXT", own(1, key("MIIB")), own(2, refused)), target(key("MIIB")))
    ],
    [
      "indeterminate",
      "seen by one server, and denied by another",
      shown(answersAbout(record.name, "TXT", own(1, key("MIIB")), own(2, nodata)), target(key("MIIB")))
    ]
  ])("makes the record %s when it is %s", (verdict, _, evidence) => {
    expect(judgeRecord(record, evidence).verdict).toBe(verdict)
    expect(isFlattened(record, evidence)).toBe(verdict === "valid")
  })

  it("is not what an alias elsewhere is judged by", () => {
    const evidence = [both(cname(elsewhere)), both(nxdomain, elsewhere), at(key("MIIB")), target(key("MIIB"))]
    expect(judgeRecord(record, evidence).verdict).toBe("mismatch")
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
    expect(sameName("a.example\\.", "a.example")).toBe(false)
    expect(bareName("A\\.")).toBe("a\\.")
  })

  it.each([
    ["one._domainkey.example.com", true],
    ["One.Example.com.", true],
    [`${"a".repeat(63)}.example`, true],
    [`${"a".repeat(64)}.example`, false],
    ["https://example.com", false],
    ["a b.example", false],
    ["a\\.b.example", false],
    ["a..b", false],
    ["", false],
    ["bücher.example", false],
    [`${"a.".repeat(126)}a`, true],
    [`${"a.".repeat(126)}ab`, false]
  ])("%s can be asked for: %s", (name, queryable) => {
    expect(isQueryable(name)).toBe(queryable)
  })

  it("of aliases are told once, and one that was cut off is no name", () => {
    expect(
      aliasesIn([
        { type: "CNAME", value: "a.example" },
        { type: "A", value: "192.0.2.1" },
        { type: "CNAME", value: "a.example", ttl: 1 },
        { type: "CNAME", value: "b.example", cut: { length: 400, sha256: "aa" } }
      ])
    ).toEqual(["a.example", "b.example…"])
    const long = records({ type: "CNAME", value: record.value, cut: { length: 400, sha256: "aa" } })
    expect(judgeRecord(record, [both(long)])).toMatchObject({ verdict: "mismatch", found: [`${record.value}…`] })
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
