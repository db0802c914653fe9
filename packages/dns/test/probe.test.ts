/**
 * From real DNS packets to a verdict: a resolver, the probe of a plan, and core's judgement together, over sockets.
 */

import { judgePlan, makeDnsPlan, probeResult } from "@countersign/core"
import { SystemResolver, WireResolver } from "@countersign/dns"
import { DnsResolver, probePlan } from "@countersign/engine"
import { DnsServer } from "@countersign/sandbox"
import { SimulatedDns } from "@countersign/testkit/dns"
import { describe, expect, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { deadServer } from "./Ask.ts"
import { first, resolver, second, third } from "./Internet.ts"

const domain = "shop.com"
const plan = makeDnsPlan(domain, ["t1", "t2", "t3"], "dkim.net")

const probe = Effect.fnUntraced(function* (layer: Layer.Layer<DnsResolver, Error>, verified = false) {
  const evidence = yield* Effect.provide(
    DnsResolver.use((resolver) => probePlan(resolver, plan, domain, { verified })),
    layer
  )
  return { evidence, result: probeResult(judgePlan(plan.records, evidence)) }
})

describe("a probe with the wire resolver", () => {
  const world = Effect.gen(function* () {
    const dns = new SimulatedDns()
    const servers = [
      { name: "ns1.hosting.net", address: first },
      { name: "ns2.hosting.net", address: second }
    ]
    const shop = dns.zone({ name: domain, servers, minimum: 3_600, soaTtl: 3_600 })
    dns.zone({ name: "dkim.net", servers: [{ name: "ns.dkim.net", address: third }] })
    dns.resolver(resolver)
    const { route } = yield* dns.mount
    const put = Effect.forEach(plan.records, ({ name, value }) => shop.put(name, "CNAME", value))
    return { dns, shop, put, layer: WireResolver.layer({ servers: [resolver], route, ours: "dkim.net" }) }
  })

  it.live("a record that is published after we looked is seen at once, whatever caches may keep", () =>
    Effect.gen(function* () {
      const { dns, layer, put } = yield* world
      expect((yield* probe(layer)).result).toBe("negative")
      yield* put
      const { evidence, result } = yield* probe(layer)
      expect(result).toBe("valid")
      for (const { sources } of evidence.slice(0, 3)) {
        expect(sources.map(({ outcome }) => outcome)).toEqual(["records", "records", "records"])
      }
      // Neither our questions nor their answers are in the cache with a no.
      const kept = dns.log.filter(({ by, name }) => by === resolver && name.includes("_domainkey"))
      expect(kept.length).toBeGreaterThan(0)
    })
  )

  it.live("a resolver that still has the no of somebody else vetoes nothing", () =>
    Effect.gen(function* () {
      const { layer, put } = yield* world
      expect((yield* probe(layer, true)).result).toBe("negative")
      yield* put
      const { evidence, result } = yield* probe(layer, true)
      expect(result).toBe("valid")
      const [source] = evidence[0]?.sources.filter(({ role }) => role === "recursive") ?? []
      expect(source).toMatchObject({ outcome: "nxdomain" })
      expect(source?.negativeTtl).toBeLessThanOrEqual(3_600)
    })
  )

  it.live("one label with dots is not the name that it looks like", () =>
    Effect.gen(function* () {
      const { layer, put, shop } = yield* world
      yield* put
      const { name = "", value = "" } = plan.records[0] ?? {}
      yield* shop.put(name, "CNAME", value.replace(".", "\\."))
      const { evidence, result } = yield* probe(layer)
      expect(evidence[0]?.sources[0]?.records).toMatchObject([{ value: value.replace(".", "\\.") }])
      expect(result).toBe("negative")
    })
  )

  it.live("servers that fail, all or one, leave it open or decide nothing", () =>
    Effect.gen(function* () {
      const { dns, layer, put } = yield* world
      yield* put
      dns.fail(first, { kind: "servfail", name: "*" })
      expect((yield* probe(layer)).result).toBe("valid")
      dns.fail(second, { kind: "refused", name: "*" })
      dns.flush(resolver)
      expect((yield* probe(layer)).result).toBe("indeterminate")
    })
  )
})

describe("a probe with the system's resolver", () => {
  const systemAt = (...servers: ReadonlyArray<string>) => SystemResolver.layer({ servers, tries: 1 })
  const publish = (server: DnsServer["Service"]) =>
    Effect.forEach(plan.records, ({ name, value }) => server.zone.put(name, "CNAME", value))

  it.live("published, not published, and a failure at one name", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      const layer = systemAt(server.address)
      expect((yield* probe(layer)).result).toBe("negative")
      yield* publish(server)
      expect((yield* probe(layer)).result).toBe("valid")
      yield* server.setFaults({ kind: "servfail", name: plan.records[1]?.name ?? "" })
      expect((yield* probe(layer)).result).toBe("indeterminate")
    })
  )

  it.live("a dead server decides nothing; a second one does", () =>
    Effect.gen(function* () {
      const [dead, server] = [yield* deadServer, yield* DnsServer.make()]
      yield* publish(server)
      expect((yield* probe(systemAt(dead))).result).toBe("indeterminate")
      expect((yield* probe(systemAt(dead, server.address))).result).toBe("valid")
    })
  )
})
