/**
 * What one probe sees and what core then says about it, on a table of records. The same over real DNS:
 * `packages/dns/test/probe.test.ts`.
 */
import { type DnsObservation, type DnsRecordType, judgePlan, makeDnsPlan, type SourceAnswer } from "@countersign/core"
import { DnsResolver, KeysServed, probePlan } from "@countersign/engine"
import { MemoryDns } from "@countersign/memory"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"

const domain = "example.com"
const plan = makeDnsPlan(domain, ["t1"], "dkim.example.net")
const name = "t1._domainkey.example.com"
const value = "t1.k1.dkim.example.net"
const probed = Effect.gen(function* () {
  const evidence = yield* probePlan(yield* DnsResolver, plan, domain)
  const [judged] = judgePlan(plan.records, evidence)
  return { evidence, verdict: judged?.verdict, found: judged?.found }
})

/** What was asked, in its order. */
const questions = ({ evidence }: { readonly evidence: ReadonlyArray<DnsObservation> }) =>
  evidence.map((seen) => `${seen.type} ${seen.name}`)

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
      const { evidence, verdict } = yield* probed
      expect(verdict).toBe("valid")
      expect(evidence).toEqual([
        {
          ...{ name, type: "CNAME", mode: "resolver", at: 0 },
          sources: [
            {
              ...{ server: "memory:53", role: "recursive", outcome: "records" },
              records: [{ type: "CNAME", value, ttl: 0 }]
            }
          ]
        }
      ])
      expect(yield* dns.asked).toEqual([{ name, type: "CNAME" }])
    })
  )

  given(
    "points there over other names; what lies behind the value does not matter",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* chain(3)
      yield* dns.breakDown("SERVFAIL", value)
      const seen = yield* probed
      expect(seen.verdict).toBe("valid")
      expect(questions(seen)).toEqual([`CNAME ${name}`, "CNAME hop1.example", "CNAME hop2.example"])
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
      const { verdict } = yield* probed
      expect(verdict).toBe("missing")
      expect((yield* dns.asked).length).toBe(1)
    })
  )

  given(
    "is not there: the name only has names below it",
    Effect.gen(function* () {
      yield* (yield* MemoryDns).put(`below.${name}`, "A", "192.0.2.1")
      const seen = yield* probed
      expect(seen.verdict).toBe("missing")
      expect(questions(seen)).toEqual([`CNAME ${name}`, `TXT ${name}`, `A ${name}`, `AAAA ${name}`])
    })
  )

  given(
    "is of another type",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* dns.put(name, "TXT", value, "v=DKIM1; p=")
      yield* dns.put(name, "A", "192.0.2.1")
      yield* dns.put(name, "AAAA", "2001:db8::1")
      const { found, verdict } = yield* probed
      expect(verdict).toBe("conflict")
      expect(found).toEqual(["A 192.0.2.1", "AAAA 2001:db8::1", "TXT t1.k1.dkim.example.net", "TXT v=DKIM1; p="])
    })
  )

  given(
    "stands beside another alias, even if one of them is right",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* dns.put(name, "CNAME", "other.example", value)
      const { verdict } = yield* probed
      expect(verdict).toBe("conflict")
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

  for (const [title, target] of [
    ["the domain appended", `${value}.${domain}`],
    ["a name of somebody else", "www.example.org"],
    ["an address", "192.0.2.1"]
  ] as const) {
    given(
      `points elsewhere: ${title}`,
      Effect.gen(function* () {
        yield* (yield* MemoryDns).put(name, "CNAME", target)
        const { found, verdict } = yield* probed
        expect([verdict, found]).toEqual(["mismatch", [target]])
      })
    )
  }

  for (const [title, target] of [
    ["a URL", "https://t1.k1.dkim.example.net/"],
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
        expect((yield* probed).verdict).toBe("mismatch")
      })
    )
  }

  given(
    "points to itself",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* dns.put(name, "CNAME", name)
      expect((yield* probed).verdict).toBe("mismatch")
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
      const seen = yield* probed
      expect(seen.verdict).toBe("mismatch")
      expect(questions(seen)).toEqual([`CNAME ${name}`, "CNAME one.example", "CNAME two.example"])
    })
  )

  given(
    "is nine aliases away: no more than eight are asked for",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* chain(9)
      expect((yield* probed).verdict).toBe("mismatch")
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
      const { evidence, verdict } = yield* probed
      expect(verdict).toBe("indeterminate")
      expect(evidence[0]?.sources[0]).toMatchObject({ outcome: "unavailable", reason: "SERVFAIL" })
    })
  )

  given(
    "because nobody answers about a later name: it may lead to the value",
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* chain(3)
      yield* dns.breakDown("SERVFAIL", "hop2.example")
      const seen = yield* probed
      expect(seen.verdict).toBe("indeterminate")
      expect(questions(seen)).toEqual([`CNAME ${name}`, "CNAME hop1.example", "CNAME hop2.example"])
    })
  )
})

type Answer = (name: string, type: DnsRecordType) => Partial<SourceAnswer> & Pick<SourceAnswer, "outcome">

/** A resolver whose answers two servers of the zone give alike. */
const twoServers = (answer: Answer, asked: Array<string> = []): DnsResolver["Service"] => ({
  ask: (of, type) =>
    Effect.sync(() => {
      asked.push(`${type} ${of}`)
      const sources = ["192.0.2.1:53", "192.0.2.2:53"].map(
        (server): SourceAnswer => ({ server, role: "authoritative", records: [], ...answer(of, type) })
      )
      return { name: of, type, mode: "authoritative", at: 0, sources }
    }),
  mode: Effect.succeed("authoritative"),
  firstProbeAfter: 30_000
})

describe("questions about other types", () => {
  it.effect("that are not answered leave the record missing", () =>
    Effect.gen(function* () {
      const resolver = twoServers((_, type) => ({ outcome: type === "CNAME" ? "nodata" : "unavailable" }))
      const evidence = yield* probePlan(resolver, plan, domain)
      expect(judgePlan(plan.records, evidence)[0]?.verdict).toBe("missing")
    })
  )

  it.effect("find the key where the provider follows the alias itself: the record works", () =>
    Effect.gen(function* () {
      const key = (p: string) => ({ outcome: "records" as const, records: [{ type: "TXT", value: `v=DKIM1; p=${p}` }] })
      const flattened = twoServers((of, type) =>
        type !== "TXT" ? { outcome: "nodata" } : of === name ? key("MIG f") : key("MIGf")
      )
      expect(judgePlan(plan.records, yield* probePlan(flattened, plan, domain))[0]?.verdict).toBe("valid")
      const pasted = twoServers((of, type) =>
        type !== "TXT" ? { outcome: "nodata" } : of === name ? key("old") : key("MIGf")
      )
      expect(judgePlan(plan.records, yield* probePlan(pasted, plan, domain))[0]?.verdict).toBe("conflict")
    })
  )
})

describe("a record whose key this installation serves", () => {
  const served = (text: string | undefined) =>
    twoServers((of, type) => {
      if (type === "CNAME") {
        return of === name ? { outcome: "records", records: [{ type, value }] } : { outcome: "nodata" }
      }
      return text === undefined
        ? { outcome: "nxdomain" }
        : { outcome: "records", records: [{ type: "TXT", value: text }] }
    })
  const verdictOn = (text: string | undefined, isServed = true) =>
    Effect.map(
      Effect.provideService(probePlan(served(text), plan, domain), KeysServed, isServed),
      (evidence) => judgePlan(plan.records, evidence)[0]?.verdict
    )

  it.effect("is valid when the alias leads to the key, as a receiver of mail sees it", () =>
    Effect.gen(function* () {
      expect(yield* verdictOn("v=DKIM1; k=rsa; p=MIGf")).toBe("valid")
    })
  )

  it.effect("is indeterminate when there is no key, or a revoked one: that is no fault of the customer's", () =>
    Effect.gen(function* () {
      expect(yield* verdictOn(undefined)).toBe("indeterminate")
      expect(yield* verdictOn("v=DKIM1; k=rsa; p=")).toBe("indeterminate")
      expect(yield* verdictOn(undefined, false)).toBe("valid")
    })
  )
})

describe("a plan", () => {
  const three = makeDnsPlan(domain, ["t1", "t2", "t3"], "dkim.example.net")

  it.effect("is probed as a whole at once, one observation for each record", () =>
    Effect.gen(function* () {
      let waiting = 0
      const together = Promise.withResolvers<void>()
      const resolver = twoServers((of) => ({
        outcome: "records",
        records: [{ type: "CNAME", value: of.replace(/t(.)\._domainkey\.example\.com/, "t$1.k$1.dkim.example.net") }]
      }))
      // Answers nobody before all three records were asked for.
      const ask: typeof resolver.ask = (of, type) =>
        Effect.andThen(
          Effect.promise(async () => {
            waiting += 1
            if (waiting === three.records.length) together.resolve()
            await together.promise
          }),
          resolver.ask(of, type)
        )
      const evidence = yield* probePlan({ ...resolver, ask }, three, domain)
      expect(evidence.map((one) => one.name)).toEqual(three.records.map((one) => one.name))
      expect(judgePlan(three.records, evidence).map(({ verdict }) => verdict)).toEqual(["valid", "valid", "valid"])
    })
  )

  it.effect("that is missing as a whole costs one question when it is probed quickly", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const evidence = yield* probePlan(
        twoServers(() => ({ outcome: "nxdomain" }), asked),
        three,
        domain,
        { quick: true }
      )
      expect(asked).toEqual(["CNAME _domainkey.example.com"])
      expect(judgePlan(three.records, evidence).map(({ verdict }) => verdict)).toEqual([
        "missing",
        "missing",
        "missing"
      ])
    })
  )

  it.effect("is asked for as a whole when something is below, or when only resolvers could be asked", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const resolver = twoServers((of) => ({ outcome: of.startsWith("_domainkey") ? "nodata" : "nxdomain" }), asked)
      yield* probePlan(resolver, three, domain, { quick: true })
      expect(asked).toEqual(
        ["_domainkey.example.com", ...three.records.map((one) => one.name)].map((of) => `CNAME ${of}`)
      )
      asked.length = 0
      yield* probePlan({ ...resolver, mode: Effect.succeed("resolver") }, three, domain, { quick: true })
      expect(asked).toEqual(three.records.map((one) => `CNAME ${one.name}`))
    })
  )
})
