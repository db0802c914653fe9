/**
 * What one probe sees and what core then says about it, on a table of records. The same over real DNS:
 * `packages/dns/test/probe.test.ts`.
 */
import { diagnose, judgeRecord, makeDnsPlan } from "@countersign/core"
import { type DnsAnswer, DnsResolver, probePlan, probeRecord } from "@countersign/engine"
import { MemoryDns } from "@countersign/memory"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"

const domain = "example.com"
const plan = makeDnsPlan(domain, ["t1", "t2", "t3"], "dkim.example.net")
const name = "t1._domainkey.example.com"
const value = "t1.dkim.example.net"
const record = { type: "CNAME", name, value } as const

const probed = Effect.gen(function* () {
  const seen = yield* probeRecord(yield* DnsResolver, record)
  const { found, verdict } = judgeRecord(record, seen)
  const code = diagnose(plan, domain, [seen])[0]?.code
  return { seen, verdict, found, code }
})

const given = (title: string, body: Effect.Effect<void, never, MemoryDns | DnsResolver>) =>
  it.effect(title, () => Effect.provide(body, MemoryDns.layer))

const chain = (length: number) =>
  Effect.gen(function* () {
    const dns = yield* MemoryDns
    const hops = Array.from({ length: length - 1 }, (_, at) => `hop${at + 1}.example`)
    const names = [name, ...hops, value]
    for (const [at, from] of names.slice(0, -1).entries()) yield* dns.put(from, "CNAME", names[at + 1] ?? "")
  })

describe("a record that is right", () => {
  given(
    "points straight to the value; nothing more is asked",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* dns.put(name, "CNAME", value)
      const { seen, verdict } = yield* probed
      expect(verdict).toBe("valid")
      expect(seen).toEqual({ name, servers: ["memory:53"], outcome: "answer", targets: [[value]], others: [] })
      expect(yield* dns.asked).toEqual([{ name, type: "CNAME" }])
    })
  )

  given(
    "points there over other names; what lies behind the value does not matter",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* chain(3)
      yield* dns.breakDown("SERVFAIL", value)
      const { seen, verdict } = yield* probed
      expect(verdict).toBe("valid")
      expect(seen.targets).toEqual([["hop1.example"], ["hop2.example"], [value]])
    })
  )

  given(
    "is eight aliases long",
    Effect.gen(function* () {
      yield* chain(8)
      expect((yield* probed).verdict).toBe("valid")
    })
  )
})

describe("a record that is definitively wrong", () => {
  given(
    "is not there: nothing at the name",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      const { code, seen, verdict } = yield* probed
      expect([verdict, code]).toEqual(["missing", "record-missing-nxdomain"])
      expect(seen).toMatchObject({ outcome: "nxdomain", targets: [], others: [] })
      expect((yield* dns.asked).length).toBe(1)
    })
  )

  given(
    "is not there: the name only has names below it",
    Effect.gen(function* () {
      yield* (yield* MemoryDns).put(`below.${name}`, "A", "192.0.2.1")
      const { code, seen, verdict } = yield* probed
      expect([verdict, code]).toEqual(["missing", "record-missing-nodata"])
      expect(seen).toMatchObject({ outcome: "nodata", targets: [], others: [] })
    })
  )

  given(
    "is of another type",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* dns.put(name, "TXT", value, "v=DKIM1; p=")
      yield* dns.put(name, "A", "192.0.2.1")
      yield* dns.put(name, "AAAA", "2001:db8::1")
      const { code, found, verdict } = yield* probed
      expect([verdict, code]).toEqual(["conflict", "wrong-record-type"])
      expect(found).toEqual(["A 192.0.2.1", "AAAA 2001:db8::1", "TXT t1.dkim.example.net", "TXT v=DKIM1; p="])
    })
  )

  given(
    "stands beside another alias, even if one of them is right",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* dns.put(name, "CNAME", "other.example", value)
      const { code, verdict } = yield* probed
      expect([verdict, code]).toEqual(["conflict", "several-cnames"])
      expect((yield* dns.asked).length).toBe(1)
    })
  )

  given(
    "leads over a name with several aliases",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* dns.put(name, "CNAME", "hop.example")
      yield* dns.put("hop.example", "CNAME", "other.example", value)
      expect((yield* probed).verdict).toBe("mismatch")
    })
  )

  for (const [title, target, code] of [
    ["the domain appended", `${value}.${domain}`, "target-suffix-appended"],
    ["the target cut off", "t1.dkim.exam", "target-truncated"],
    ["the target of another record", "t2.dkim.example.net", "targets-swapped"],
    ["a name of somebody else", "www.example.org", "target-mismatch"],
    ["an address", "192.0.2.1", "target-mismatch"]
  ] as const) {
    given(
      `points elsewhere: ${title}`,
      Effect.gen(function* () {
        yield* (yield* MemoryDns).put(name, "CNAME", target)
        const seen = yield* probed
        expect([seen.verdict, seen.code]).toEqual(["mismatch", code])
      })
    )
  }

  for (const [title, target] of [
    ["a URL", "https://t1.dkim.example.net/"],
    ["the root", "."],
    ["an empty label", "t1..dkim.example.net"],
    ["a label that is too long", `${"x".repeat(64)}.example`],
    ["a name that is too long", `${"x.".repeat(130)}example`]
  ] as const) {
    given(
      `points to what cannot be asked for: ${title}`,
      Effect.gen(function* () {
        const dns = yield* MemoryDns
        yield* dns.put(name, "CNAME", target)
        yield* dns.breakDown("the name cannot be queried", target)
        const seen = yield* probed
        expect([seen.verdict, seen.code]).toEqual(["mismatch", "target-mismatch"])
      })
    )
  }

  given(
    "points to itself",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* dns.put(name, "CNAME", name)
      const { seen, verdict } = yield* probed
      expect(verdict).toBe("mismatch")
      expect(seen).toMatchObject({ outcome: "answer", targets: [[name]] })
      expect((yield* dns.asked).length).toBe(1)
    })
  )

  given(
    "is in a loop: the loop is the evidence",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* dns.put(name, "CNAME", "one.example")
      yield* dns.put("one.example", "CNAME", "two.example")
      yield* dns.put("two.example", "CNAME", "ONE.example.")
      const { seen, verdict } = yield* probed
      expect(verdict).toBe("mismatch")
      expect(seen).toMatchObject({ outcome: "answer", targets: [["one.example"], ["two.example"], ["one.example"]] })
      expect((yield* dns.asked).length).toBe(3)
    })
  )

  given(
    "is nine aliases away: no more than eight are asked for",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* chain(9)
      const { seen, verdict } = yield* probed
      expect(verdict).toBe("mismatch")
      expect(seen.targets.length).toBe(8)
      expect((yield* dns.asked).length).toBe(8)
    })
  )
})

describe("a record without an answer", () => {
  given(
    "because nobody answers about its name",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* dns.put(name, "CNAME", "www.example.org")
      yield* dns.breakDown("SERVFAIL", name)
      const { code, seen, verdict } = yield* probed
      expect([verdict, code]).toEqual(["indeterminate", "dns-unavailable"])
      expect(seen).toMatchObject({ outcome: "unavailable", reason: "SERVFAIL", targets: [] })
    })
  )

  given(
    "because nobody answers about a later name: it may lead to the value",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* chain(3)
      yield* dns.breakDown("SERVFAIL", "hop2.example")
      const { seen, verdict } = yield* probed
      expect(verdict).toBe("indeterminate")
      expect(seen).toMatchObject({
        outcome: "unavailable",
        reason: "hop2.example: SERVFAIL",
        targets: [["hop1.example"], ["hop2.example"]]
      })
    })
  )
})

describe("questions about other types", () => {
  it.effect("that are not answered leave the record missing", () =>
    Effect.gen(function* () {
      const servers = ["192.0.2.53:53"]
      const query = (_name: string, type: string): Effect.Effect<DnsAnswer> =>
        Effect.succeed(
          type === "CNAME"
            ? { _tag: "NoData", servers }
            : { _tag: "Unavailable", reason: "SERVFAIL", servers: ["192.0.2.54:53"] }
        )
      const seen = yield* probeRecord({ query }, record)
      expect(judgeRecord(record, seen).verdict).toBe("missing")
      expect(seen).toEqual({
        name,
        servers: [...servers, "192.0.2.54:53"],
        outcome: "nodata",
        targets: [],
        others: []
      })
    })
  )
})

describe("a plan", () => {
  it.effect("is probed as a whole at once, one observation for each record", () =>
    Effect.gen(function* () {
      let waiting = 0
      const together = Promise.withResolvers<void>()
      // Answers nobody before all three records were asked for.
      const query = (asked: string): Effect.Effect<DnsAnswer> =>
        Effect.promise(async () => {
          waiting += 1
          if (waiting === plan.records.length) together.resolve()
          await together.promise
          return { _tag: "Records", values: [asked.replace("_domainkey.example.com", "dkim.example.net")], servers: [] }
        })
      const seen = yield* probePlan({ query }, plan)
      expect(seen.map((one) => one.name)).toEqual(plan.records.map((one) => one.name))
      expect(plan.records.map((one, at) => seen[at] && judgeRecord(one, seen[at]).verdict)).toEqual(
        plan.records.map(() => "valid")
      )
    })
  )
})
