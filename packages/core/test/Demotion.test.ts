import { describe, expect, it } from "vitest"
import { countsAgainst, degradesBy, type Negative } from "../src/Demotion.ts"
import type { DnsObservation, SourceAnswer } from "../src/DnsObservation.ts"
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
  type Said,
  seen,
  servfail
} from "./DnsSeen.ts"
import { hour, minute, second } from "./SenderExamples.ts"

const right = cname(record.value)
const elsewhere = "elsewhere.example.net"
const other = { ...record, name: "two._domainkey.example.com" }

const negative = (at: number, ...evidence: ReadonlyArray<DnsObservation>): Negative => ({ at, evidence })

describe("a negative", () => {
  it.each<readonly [boolean, string, DnsObservation]>([
    [true, "two servers", seen(own(1, nxdomain), own(2, nxdomain))],
    [true, "two servers, each in its way", seen(own(1, nodata), own(2, cname("a", "b")))],
    [true, "one server and a resolver", seen(own(1, nxdomain), resolver(1, nxdomain))],
    [true, "two servers; a cache still has the record", seen(own(1, nxdomain), own(2, nxdomain), resolver(1, right))],
    [
      true,
      "two servers; all others are silent",
      seen(own(1, nxdomain), own(2, nxdomain), own(3, refused), resolver(1, servfail))
    ],
    [
      true,
      "two resolvers, where nobody else could be asked",
      byResolvers(seen(resolver(1, nxdomain), resolver(2, nodata)))
    ],
    [
      false,
      "one server and a resolver, while as many are silent",
      seen(own(1, nxdomain), own(2, refused), resolver(1, nxdomain), resolver(2, servfail))
    ],
    [
      true,
      "one server and a resolver; the other is silent",
      seen(own(1, nxdomain), own(2, refused), resolver(1, nxdomain))
    ],
    [
      false,
      "one of two resolvers; the other is silent",
      byResolvers(seen(resolver(1, nxdomain), resolver(2, servfail)))
    ],
    [
      true,
      "one resolver; the zone's own servers cannot be asked",
      byResolvers(seen(own(1, refused), own(2, refused), resolver(1, nxdomain)))
    ],
    [true, "the first of a single resolver", byResolvers(seen(resolver(1, nxdomain)))],
    [false, "one server alone", seen(own(1, nxdomain))],
    [false, "one server asked twice", seen(own(1, nxdomain), own(1, nxdomain))],
    [false, "one server; the other is silent", seen(own(1, nxdomain), own(2, refused))],
    [false, "one server; a cache still has the record", seen(own(1, nxdomain), resolver(1, right))],
    [
      false,
      "one server; of two caches one still has the record",
      seen(own(1, nxdomain), resolver(1, nxdomain), resolver(2, right))
    ],
    [false, "two servers against a third", seen(own(1, nxdomain), own(2, nxdomain), own(3, right))],
    [false, "resolvers, where servers could be asked", seen(resolver(1, nxdomain), resolver(2, nxdomain))],
    [false, "one of two resolvers", byResolvers(seen(resolver(1, nxdomain), resolver(2, right)))],
    [false, "nobody", seen(own(1, refused), own(2, refused))],
    [false, "nobody at all", seen()],
    [false, "nobody, since it is right", seen(own(1, right), own(2, right))]
  ])("counts (%s) when it is given by %s", (counts, _, observation) => {
    expect(countsAgainst([record], negative(0, observation), undefined)).toBe(counts)
    const before = negative(-9 * hour, observation)
    expect(countsAgainst([record], negative(0, observation), before)).toBe(counts)
  })

  it("does not count while a server points where nobody answers", () => {
    const evidence = [seen(own(1, nxdomain), own(2, nxdomain), own(3, cname(elsewhere))), both(servfail, elsewhere)]
    expect(countsAgainst([record], negative(0, ...evidence), undefined)).toBe(false)
    const byForwarders = evidence.map(byResolvers)
    expect(countsAgainst([record], negative(0, ...byForwarders), undefined)).toBe(false)
  })

  it("counts when any record is wrong by those that have to agree", () => {
    const doubtful = seen(own(1, nxdomain))
    const wrong = both(nodata, other.name)
    expect(countsAgainst([record, other], negative(0, doubtful, wrong), undefined)).toBe(true)
    expect(countsAgainst([record, other], negative(0, doubtful), undefined)).toBe(false)
    expect(countsAgainst([], negative(0, wrong), undefined)).toBe(false)
  })

  it("does not count while nobody answers where the key of the target may be visible", () => {
    const counts = (said: Said) =>
      countsAgainst([record], negative(0, both(nodata), both(said, record.name, "TXT")), undefined)
    expect([refused, servfail].map(counts)).toEqual([false, false])
    expect([nodata, records({ type: "TXT", value: "x" })].map(counts)).toEqual([true, true])
  })

  it("counts by the name above that is not there", () => {
    expect(countsAgainst([record], negative(0, both(nxdomain, "_domainkey.example.com")), undefined)).toBe(true)
  })
})

describe("a single resolver's no", () => {
  const no = (said: Said, at = 0) => negative(at, byResolvers(seen(resolver(1, said))))
  const [text, address] = [
    { type: "TXT", value: "x" },
    { type: "A", value: "192.0.2.1", ttl: 60 }
  ]

  it.each<readonly [string, Negative, number]>([
    ["its negative TTL", no({ ...nxdomain, negativeTtl: 900 }), 900 * second],
    ["an hour, when nobody tells the TTL", no({ outcome: "nxdomain", records: [] }), hour],
    ["no time, when it may not be kept", no({ ...nodata, negativeTtl: 0 }), 0],
    [
      "the TTL of the wrong alias",
      no(records({ type: "CNAME", value: "a", ttl: 60 }, { type: "CNAME", value: "b", ttl: 120 })),
      120 * second
    ],
    ["the TTL of what stood there instead", no(records(address)), minute],
    ["an hour, when nobody tells the TTL of one of them", no(records(address, text)), hour],
    [
      "the longest of them",
      negative(
        0,
        byResolvers(seen(resolver(1, { ...nxdomain, negativeTtl: 60 }), resolver(2, { ...nxdomain, negativeTtl: 300 })))
      ),
      5 * minute
    ]
  ])("counts again after %s", (_, before, kept) => {
    const again = (at: number) => countsAgainst([record], { ...no(nxdomain), at }, before)
    expect(again(kept)).toBe(true)
    expect(again(kept - 1)).toBe(false)
  })

  it("counts at once when the one before was about another record", () => {
    const before = negative(0, byResolvers(answersAbout(other.name, "CNAME", resolver(1, nxdomain))))
    expect(countsAgainst([record], no(nxdomain, 1), before)).toBe(true)
  })
})

describe("a name of a chain", () => {
  const led = (at: number, hop: DnsObservation) => negative(at, both(cname(elsewhere)), hop)
  const hop = (...sources: ReadonlyArray<SourceAnswer>) => answersAbout(elsewhere, "CNAME", ...sources)
  const counts = (at: number, ...sources: ReadonlyArray<SourceAnswer>) =>
    countsAgainst([record], led(at, hop(...sources)), led(0, hop(...sources)))

  it.each<readonly [boolean, string, ReadonlyArray<Said>, ReadonlyArray<Said>]>([
    [true, "two servers", [nxdomain, nodata], []],
    [true, "two servers, whatever a cache says", [nxdomain, nodata], [right]],
    [true, "a server and a resolver", [nxdomain], [nxdomain]],
    [true, "two resolvers", [], [nxdomain, nodata]],
    [false, "one server alone", [nxdomain], []],
    [false, "one server; the other is silent", [nxdomain, refused], []],
    [false, "one server against a cache", [nxdomain], [right]],
    [false, "a single resolver again", [], [nxdomain]]
  ])("counts (%s) by %s", (expected, _, servers, resolvers) => {
    const sources = [
      ...servers.map((said, index) => own(index + 1, said)),
      ...resolvers.map((said, index) => resolver(index + 1, said))
    ]
    expect(counts(minute, ...sources)).toBe(expected)
    // Time gives a single resolver the right to say it again, and nobody else.
    expect(counts(9 * hour, ...sources)).toBe(expected || servers.length === 0)
  })

  it("counts by a single resolver while the servers are silent", () => {
    expect(counts(9 * hour, own(1, refused), resolver(1, nxdomain))).toBe(true)
    expect(counts(minute, own(1, refused), resolver(1, nxdomain))).toBe(false)
  })

  it("counts by a single resolver when it is the first, or when its no has left the cache", () => {
    const sources = [resolver(1, nxdomain)]
    expect(countsAgainst([record], led(0, hop(...sources)), undefined)).toBe(true)
    expect(counts(5 * minute - 1, ...sources)).toBe(false)
    expect(counts(5 * minute, ...sources)).toBe(true)
  })

  it("counts by every name of the chain", () => {
    const far = "far.example.net"
    const evidence = [both(cname(elsewhere)), both(cname(far), elsewhere), answersAbout(far, "CNAME", own(1, nxdomain))]
    expect(countsAgainst([record], negative(0, ...evidence), undefined)).toBe(false)
    const agreed = [...evidence.slice(0, 2), both(nxdomain, far)]
    expect(countsAgainst([record], negative(0, ...agreed), undefined)).toBe(true)
  })

  it("counts by the chain of each server", () => {
    const split = seen(own(1, cname(elsewhere)), own(2, cname("far.example.net")))
    const evidence = (far: DnsObservation) => negative(0, split, both(nxdomain, elsewhere), far)
    expect(countsAgainst([record], evidence(both(nxdomain, "far.example.net")), undefined)).toBe(true)
    const alone = answersAbout("far.example.net", "CNAME", own(1, nxdomain))
    expect(countsAgainst([record], evidence(alone), undefined)).toBe(false)
  })

  it("counts when the chain bites its tail", () => {
    const evidence = [
      both(cname(elsewhere)),
      both(cname("far.example.net"), elsewhere),
      both(cname(elsewhere), "far.example.net")
    ]
    expect(countsAgainst([record], negative(0, ...evidence), undefined)).toBe(true)
  })

  it("counts by the two targets alone when one of them is right, and what the right one leads to says nothing", () => {
    const evidence = [both(cname(record.value, elsewhere)), answersAbout(record.value, "CNAME", own(1, nxdomain))]
    expect(countsAgainst([record], negative(0, ...evidence), undefined)).toBe(true)
  })
})

describe("negatives in a row", () => {
  const wrong = (at: number) => negative(at, both(nxdomain))
  const doubtful = (at: number) => negative(at, seen(own(1, nxdomain)))
  it.each<readonly [boolean, string, ReadonlyArray<Negative>]>([
    [true, "three over an hour", [wrong(0), wrong(1), wrong(hour)]],
    [true, "three at last", [wrong(0), wrong(hour), wrong(hour)]],
    [true, "more than three", [wrong(0), wrong(1), wrong(2), wrong(hour)]],
    [false, "three within less", [wrong(0), wrong(1), wrong(hour - 1)]],
    [false, "two", [wrong(0), wrong(hour)]],
    [false, "one", [wrong(0)]],
    [false, "none", []],
    [false, "three, the first of which does not count", [doubtful(0), wrong(1), wrong(hour)]],
    [false, "three, the second of which does not count", [wrong(0), doubtful(1), wrong(hour)]],
    [false, "three, the last of which does not count", [wrong(0), wrong(1), doubtful(hour)]],
    [false, "three, but time ran backwards in between", [wrong(0), wrong(-1), wrong(hour)]],
    [false, "three, but time ran backwards at last", [wrong(0), wrong(2 * hour), wrong(hour)]]
  ])("move a domain down (%s) when they are %s", (moves, _, negatives) => {
    expect(degradesBy([record], negatives)).toBe(moves)
  })
})
