import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { countsAgainst } from "../src/Demotion.ts"
import type { DnsObservation, SourceAnswer } from "../src/DnsObservation.ts"
import { judgePlan, judgeRecord } from "../src/DnsVerdict.ts"
import { boundEvidence, longestEvidence } from "../src/Evidence.ts"
import {
  answersAbout,
  both,
  cname,
  nodata,
  nxdomain,
  own,
  record,
  records,
  refused,
  resolver,
  type Said,
  seen,
  servfail
} from "./DnsSeen.ts"
import { sizeOf, stored } from "./EvidenceStored.ts"
import { plan, t0 } from "./SenderExamples.ts"

const bounded = (...observations: ReadonlyArray<DnsObservation>): ReadonlyArray<DnsObservation> =>
  boundEvidence(observations)
const first = (observations: ReadonlyArray<DnsObservation>): SourceAnswer => {
  const [source] = observations[0]?.sources ?? []
  if (source === undefined) throw new Error("no source")
  return source
}
const ofTxt = (value: string): ReadonlyArray<DnsObservation> =>
  bounded(both(nodata), both(records({ type: "TXT", value }), record.name, "TXT"))
const keptOf = (value: string) => ofTxt(value)[1]?.sources[0]?.records[0]

describe("a value", () => {
  it.each([
    ["of printable ASCII", 'v=DKIM1; "p"=a\\b', 'v=DKIM1; "p"=a\\b'],
    ["with NUL", "a\0b", "a\\000b"],
    ["with control characters", "a\x1b[2J\x7f\r\n", "a\\027[2J\\127\\013\\010"],
    ["beyond ASCII", "ü€😀", "\\195\\188\\226\\130\\172\\240\\159\\152\\128"],
    ["with half a surrogate pair", "a\ud800b\udc00", "a\\239\\191\\189b\\239\\191\\189"],
    ["of 255 characters", "x".repeat(255), "x".repeat(255)]
  ])("%s is kept, escaped", (_, value, kept) => {
    expect(keptOf(value)).toStrictEqual({ type: "TXT", value: kept })
    stored(ofTxt(value))
  })

  it.each([
    ["64 KB", "x".repeat(65_536), 65_536, "x".repeat(255)],
    ["60 kB of backslashes", "\\".repeat(60_000), 60_000, "\\".repeat(255)],
    ["NULs, which are escaped", "\0".repeat(100), 100, "\\000".repeat(64).slice(0, 255)],
    ["256 characters", "x".repeat(256), 256, "x".repeat(255)]
  ])("of %s is cut to 255, with its length and its digest", (_, value, length, kept) => {
    const sha256 = createHash("sha256").update(value).digest("hex")
    expect(keptOf(value)).toStrictEqual({ type: "TXT", value: kept, cut: { length, sha256 } })
    stored(ofTxt(value))
  })

  it("keeps its TTL", () => {
    const [observation] = bounded(both(cname(record.value)))
    expect(observation).toStrictEqual(both(cname(record.value)))
  })
})

describe("of an observation", () => {
  it("every other text is cut and escaped, too", () => {
    const long = "\0".repeat(300)
    const source: SourceAnswer = { ...own(1, { ...servfail, reason: long }), server: long }
    const [observation] = bounded({ ...answersAbout(long, "CNAME", source), zone: long })
    const text = "\\000".repeat(100)
    expect(observation).toStrictEqual({
      ...answersAbout(text.slice(0, 255), "CNAME", {
        ...source,
        server: text.slice(0, 64),
        reason: text.slice(0, 255)
      }),
      zone: text.slice(0, 255)
    })
    const [other] = bounded(both(records({ type: long, value: "x" })))
    expect(other?.sources[0]?.records[0]?.type).toBe(text.slice(0, 16))
  })

  it("nothing is added, and what a source says besides is kept", () => {
    const whole = { ...seen(resolver(1, { ...servfail, bogus: true }), resolver(2, nxdomain)), zone: "example.com" }
    expect(bounded(whole)).toStrictEqual([{ ...whole, sources: [...whole.sources].reverse() }])
  })

  it("four sources are kept: those that answered first, of them the zone's own", () => {
    const [answered, silent] = [resolver(1, nxdomain), resolver(2, refused)]
    const [one, two, three] = [own(1, nxdomain), own(2, refused), own(3, nodata)]
    expect(bounded(seen(silent, answered, two, one, three))[0]?.sources).toEqual([one, three, answered, two])
    expect(bounded(seen(silent, two))[0]?.sources).toEqual([two, silent])
  })

  it("sixteen values are kept of each source, and aliases before others", () => {
    const texts = Array.from({ length: 20 }, (_, index) => ({ type: "TXT", value: `${index}` }))
    const aliases = Array.from({ length: 20 }, (_, index) => ({ type: "CNAME", value: `${index}.example` }))
    const kept = first(bounded(both(records(...texts, ...aliases)))).records
    expect(kept).toEqual([...aliases.slice(0, 16), ...texts.slice(0, 16)])
  })
})

describe("the more there is, the less is kept of each:", () => {
  const texts = (count: number) => Array.from({ length: count }, () => ({ type: "TXT", value: "x".repeat(255) }))
  const aliases = (unit: string) => ["a", "b", "c"].map((name) => ({ type: "CNAME", value: name + unit.repeat(254) }))

  it.each([
    [1, texts(20), { observations: 1, sources: 4, aliases: 0, texts: 16 }],
    [2, texts(20), { observations: 2, sources: 4, aliases: 0, texts: 4 }],
    [10, texts(20), { observations: 10, sources: 4, aliases: 0, texts: 1 }],
    [20, texts(20), { observations: 20, sources: 2, aliases: 0, texts: 1 }],
    [30, texts(20), { observations: 16, sources: 2, aliases: 0, texts: 1 }],
    [2, [...texts(20), ...aliases("x")], { observations: 2, sources: 4, aliases: 3, texts: 4 }],
    [8, [...texts(20), ...aliases("x")], { observations: 8, sources: 2, aliases: 2, texts: 1 }],
    [30, [...texts(20), ...aliases("x")], { observations: 12, sources: 2, aliases: 2, texts: 0 }],
    [30, [...texts(20), ...aliases("\\")], { observations: 3, sources: 2, aliases: 2, texts: 0 }]
  ])("%i observations of many records", (count, seen, kept) => {
    const source = [1, 2, 3, 4, 5].map((server) => own(server, records(...seen)))
    const evidence = bounded(...Array.from({ length: count }, () => answersAbout(record.name, "CNAME", ...source)))
    const of = (type: string) => first(evidence).records.filter((one) => one.type === type).length
    expect({
      observations: evidence.length,
      sources: evidence[0]?.sources.length,
      aliases: of("CNAME"),
      texts: of("TXT")
    }).toEqual(kept)
  })
})

/** A thousand records, values as long as can be, names too. */
const hostile: ReadonlyArray<readonly [string, Said]> = [
  ["1,000 records", records(...Array.from({ length: 1_000 }, (_, index) => ({ type: "TXT", value: `v=${index}` })))],
  [
    "1,000 long records",
    records(...Array.from({ length: 1_000 }, (_, index) => ({ type: "TXT", value: `${index}${"\\".repeat(60_000)}` })))
  ],
  ["1,000 aliases", cname(...Array.from({ length: 1_000 }, (_, index) => `${index}.${"\\".repeat(300)}`))],
  ["a TXT of 64 KB", records({ type: "TXT", value: "x".repeat(65_536) })],
  ["NUL", records({ type: "TXT", value: "\0" })],
  ["lone surrogates", records({ type: "TXT", value: "\ud800".repeat(1_000) })]
]

describe.each(hostile)("%s in place of the records", (_, said) => {
  const everywhere = [
    ...plan.records.map(({ name }) => answersAbout(name, "CNAME", ...[1, 2, 3, 4, 5].map((id) => own(id, said)))),
    ...plan.records.flatMap(({ name }) =>
      (["TXT", "A", "AAAA"] as const).map((type) =>
        answersAbout(name, type, ...[1, 2, 3, 4, 5].map((id) => own(id, said)))
      )
    )
  ]

  it("can be stored, and count against the domain", () => {
    const evidence = boundEvidence(everywhere)
    expect(sizeOf(evidence)).toBeLessThanOrEqual(longestEvidence)
    stored(evidence)
    expect(countsAgainst(plan.records, { at: t0, evidence }, undefined)).toBe(true)
    expect(judgePlan(plan.records, evidence).map(({ verdict }) => verdict)).toEqual([
      "conflict",
      "conflict",
      "conflict"
    ])
  })
})

it("chains of the longest names are cut to what can be stored, and count against the domain", () => {
  const name = (text: string) => `${`${text.padEnd(60, "x")}.`.repeat(4)}net`
  const chains = plan.records.flatMap((planned, index) => {
    const names = [planned.name, ...Array.from({ length: 7 }, (_, hop) => name(`r${index}h${hop}`)), "not a name"]
    return names.slice(0, -1).map((from, hop) => ({ ...both(cname(names[hop + 1] ?? ""), from), zone: from }))
  })
  // The records first, as a probe asks for them.
  const isRecord = (observation: DnsObservation) => plan.records.some(({ name: own }) => own === observation.name)
  const evidence = boundEvidence([...chains.filter(isRecord), ...chains.filter((hop) => !isRecord(hop))])
  expect(evidence.length).toBeLessThan(24)
  stored(evidence)
  expect(judgePlan(plan.records, evidence)[0]?.verdict).toBe("mismatch")
  expect(countsAgainst(plan.records, { at: t0, evidence }, undefined)).toBe(true)
})

describe("a valid record stays valid", () => {
  it("by a key of 2,048 bits, and by one of 4,096, that is visible at the name itself", () => {
    for (const length of [392, 736]) {
      const key = records({ type: "TXT", value: `v=DKIM1; k=rsa; p=${"MIIB".repeat(length / 4)}` })
      const evidence = plan.records.flatMap(({ name, value }) => [
        both(nodata, name),
        both(key, name, "TXT"),
        both(nodata, name, "A"),
        both(key, value, "TXT")
      ])
      expect(judgePlan(plan.records, boundEvidence(evidence)).map(({ verdict }) => verdict)).toEqual([
        "valid",
        "valid",
        "valid"
      ])
    }
  })

  it("over eight names, and with four servers that say so", () => {
    const names = [record.name, ...Array.from({ length: 7 }, (_, hop) => `hop${hop}.${"x".repeat(40)}.example.net`)]
    const chain = [...names, record.value].slice(0, -1).map((name, hop) => {
      const said = cname([...names, record.value][hop + 1] ?? "")
      return answersAbout(name, "CNAME", own(1, said), own(2, said), own(3, said), own(4, said))
    })
    expect(judgeRecord(record, boundEvidence(chain)).verdict).toBe("valid")
  })
})
