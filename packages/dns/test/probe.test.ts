/**
 * From real DNS packets to a verdict: the system's resolver, the probe of a plan, and core's judgement together.
 */

import { diagnose, judgePlan, makeDnsPlan, probeResult } from "@countersign/core"
import { SystemResolver } from "@countersign/dns"
import { DnsResolver, probePlan } from "@countersign/engine"
import { DnsServer, type DnsServerHandle } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { deadServer } from "./Ask.ts"

const domain = "shop.example"
const plan = makeDnsPlan(domain, ["t1", "t2", "t3"], "dkim.example.net")
const names = ["t1._domainkey.shop.example", "t2._domainkey.shop.example", "t3._domainkey.shop.example"] as const
const values = ["t1.dkim.example.net", "t2.dkim.example.net", "t3.dkim.example.net"] as const

const publish = (server: DnsServerHandle) =>
  Effect.forEach(names, (name, at) => server.zone.put(name, "CNAME", values[at] ?? ""))

/** The result for the plan, and the code of the finding about each of its records. */
const probe = Effect.fnUntraced(function* (...servers: ReadonlyArray<string>) {
  const resolver = yield* Effect.provide(DnsResolver, SystemResolver.layer({ servers, timeout: "2 seconds", tries: 1 }))
  const seen = yield* probePlan(resolver, plan)
  const findings = diagnose(plan, domain, seen)
  return {
    result: probeResult(judgePlan(plan.records, seen)),
    codes: names.map((name) => findings.find((finding) => finding.name === name)?.code),
    seen
  }
})

describe("a probe over real DNS", () => {
  it.live("published records are valid, and the evidence names the server", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* publish(server)
      const { result, seen } = yield* probe(server.address)
      expect(result).toBe("valid")
      expect(seen).toEqual(
        names.map((name, at) => ({
          name,
          servers: [server.address],
          outcome: "answer",
          targets: [[values[at]]],
          others: []
        }))
      )
    })
  )

  it.live("nothing published, half published, a wrong type", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      const missing = yield* probe(server.address)
      expect(missing.result).toBe("negative")
      expect(missing.codes).toEqual(names.map(() => "record-missing-nxdomain"))
      yield* server.zone.put(names[0], "CNAME", values[0])
      yield* server.zone.put(names[1], "TXT", values[1])
      yield* server.zone.put(names[2], "MX", "10 mail.example")
      const half = yield* probe(server.address)
      expect(half.result).toBe("negative")
      expect(half.codes).toEqual([undefined, "wrong-record-type", "record-missing-nodata"])
    })
  )

  it.live("aliases to the value, to nowhere and in a loop", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put(names[0], "CNAME", "hop.example")
      yield* server.zone.put("hop.example", "CNAME", values[0])
      yield* server.zone.put(names[1], "CNAME", "nowhere.example")
      yield* server.zone.put(names[2], "CNAME", "loop.example")
      yield* server.zone.put("loop.example", "CNAME", names[2])
      const { codes, seen } = yield* probe(server.address)
      expect(codes).toEqual([undefined, "target-mismatch", "target-mismatch"])
      expect(seen.map(({ targets }) => targets)).toEqual([
        [["hop.example"], [values[0]]],
        [["nowhere.example"]],
        [["loop.example"], [names[2]]]
      ])
    })
  )

  it.live("a failure at one name leaves its record undecided, and the result", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* publish(server)
      yield* server.setFaults({ kind: "servfail", name: names[1] })
      const { codes, result, seen } = yield* probe(server.address)
      expect(result).toBe("indeterminate")
      expect(codes).toEqual([undefined, "dns-unavailable", undefined])
      expect(seen[1]).toMatchObject({ outcome: "unavailable", reason: `${server.address}: SERVFAIL` })
    })
  )

  it.live("a failure further along the chain leaves it undecided too", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* publish(server)
      yield* server.zone.put(names[0], "CNAME", "hop.example")
      yield* server.setFaults({ kind: "refused", name: "hop.example" })
      const { result, seen } = yield* probe(server.address)
      expect(result).toBe("indeterminate")
      expect(seen[0]).toMatchObject({ reason: `hop.example: ${server.address}: REFUSED`, targets: [["hop.example"]] })
    })
  )

  it.live("a dead server decides nothing; a second one does", () =>
    Effect.gen(function* () {
      const [dead, server] = [yield* deadServer, yield* DnsServer.make()]
      yield* publish(server)
      expect((yield* probe(dead)).result).toBe("indeterminate")
      const both = yield* probe(dead, server.address)
      expect(both.result).toBe("valid")
      expect(both.seen[0]?.servers).toEqual([dead, server.address])
    })
  )
})
