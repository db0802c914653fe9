/**
 * Whatever is seen can be stored as evidence, three probes of it in one event, and what was right stays right.
 */
import { evidenceOf, type Sight } from "@countersign/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { DnsObservation, SourceAnswer } from "../src/DnsObservation.ts"
import { judgePlan } from "../src/DnsVerdict.ts"
import { boundEvidence, longestEvidence } from "../src/Evidence.ts"
import { sizeOf, stored } from "./EvidenceStored.ts"
import { plan } from "./SenderExamples.ts"

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc
    .tuple(fc.constantFrom("\\", "\0", "\ud800", "x", '"', "€"), fc.integer({ min: 0, max: 600 }))
    .map(([unit, count]) => unit.repeat(count))
)
const ttl = fc.nat(2 ** 31)
const anyRecord = fc.record(
  { type: fc.oneof(fc.constantFrom("CNAME", "TXT"), text), value: text, ttl },
  { requiredKeys: ["type", "value"] }
)
const anySource: fc.Arbitrary<SourceAnswer> = fc.record(
  {
    server: text,
    role: fc.constantFrom("authoritative", "recursive"),
    outcome: fc.constantFrom("records", "nxdomain", "nodata", "unavailable"),
    records: fc
      .tuple(fc.array(anyRecord, { maxLength: 3 }), fc.integer({ min: 1, max: 20 }))
      .map(([some, times]) => Array.from({ length: times }, () => some).flat()),
    negativeTtl: ttl,
    reason: text,
    bogus: fc.boolean()
  },
  { requiredKeys: ["server", "role", "outcome", "records"] }
)
/** Few sources that say much, to many questions. */
const anyEvidence: fc.Arbitrary<ReadonlyArray<DnsObservation>> = fc
  .array(anySource, { minLength: 1, maxLength: 6 })
  .chain((sources) =>
    fc.array(
      fc.record(
        {
          name: text,
          type: fc.constantFrom("CNAME", "TXT", "A", "AAAA"),
          mode: fc.constantFrom("authoritative", "resolver"),
          zone: text,
          at: fc.nat(2 ** 50),
          sources: fc.subarray(sources)
        },
        { requiredKeys: ["name", "type", "mode", "at", "sources"] }
      ),
      { maxLength: 60, size: "max" }
    )
  )

describe("whatever was seen", () => {
  it("three probes of it fit into one event below 64 KB, and are read again as they were", () => {
    fc.assert(
      fc.property(anyEvidence, (evidence) => {
        const kept = boundEvidence(evidence)
        expect(sizeOf(kept)).toBeLessThanOrEqual(longestEvidence)
        stored(kept)
      }),
      { numRuns: 50 }
    )
  })

  it("bounding it again changes nothing", () => {
    fc.assert(
      fc.property(anyEvidence, (evidence) => {
        const kept = boundEvidence(evidence)
        expect(boundEvidence(kept)).toStrictEqual(kept)
      }),
      { numRuns: 50 }
    )
  })
})

const rightSights: ReadonlyArray<Sight> = [
  "right",
  "right in capitals",
  "right over hops",
  "right, unknown to a cache",
  "right by a resolver"
]

describe("a valid record stays valid", () => {
  it("with whatever was asked after it", () => {
    const sight = fc.constantFrom(...rightSights)
    fc.assert(
      fc.property(fc.tuple(sight, sight, sight), anyEvidence, (sights, others) => {
        const evidence = boundEvidence([...evidenceOf(plan, "example.com", sights), ...others])
        const verdicts = judgePlan(plan.records, evidence).map(({ verdict }) => verdict)
        // Where little room is left, a chain of the last record may not fit; then it is left open.
        expect(verdicts.filter((verdict) => verdict !== "valid" && verdict !== "indeterminate")).toEqual([])
        if (!sights.includes("right over hops")) expect(verdicts).toEqual(["valid", "valid", "valid"])
      }),
      { numRuns: 50 }
    )
  })
})
