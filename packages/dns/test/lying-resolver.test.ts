/** A configured resolver that denies everything, beside one that is honest: it decides nothing by itself. */
import { countsAgainst } from "@countersign/core"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, first, otherResolver, resolver, second, smallInternet } from "./Internet.ts"

const record = { type: "CNAME", name: "k1._domainkey.shop.com", value: "k1.dkim.example" } as const
const servers = { servers: [resolver, otherResolver] }
const lie = { name: "*", kind: "forge", answer: "NXDOMAIN" } as const

const world = () => {
  const { net, shop } = smallInternet()
  net.dns.resolver(otherResolver)
  shop.always(record.name, "CNAME", [record.value])
  net.dns.fail(resolver, lie)
  return net
}

describe("a resolver that denies everything", () => {
  it.effect("keeps the zone's own servers from nobody, and is no authority although it says so", () =>
    Effect.gen(function* () {
      const { mode, sources } = yield* world().with(servers, ask(record.name))
      expect(mode).toBe("authoritative")
      expect(sources.map(({ outcome, role, server }) => [server, role, outcome]).toSorted()).toEqual([
        [`${resolver}:53`, "recursive", "nxdomain"],
        [`${otherResolver}:53`, "recursive", "records"],
        [`${first}:53`, "authoritative", "records"],
        [`${second}:53`, "authoritative", "records"]
      ])
    })
  )

  it.effect("is not believed that there is no such domain before the other one was asked twice", () =>
    Effect.gen(function* () {
      const net = world()
      net.dns.fail(otherResolver, { name: "*", kind: "timeout", times: 1 })
      const { mode } = yield* net.with(servers, ask(record.name))
      expect(mode).toBe("authoritative")
    })
  )

  it.effect("does not count against a domain while the other one says nothing", () =>
    Effect.gen(function* () {
      const net = world()
      net.dns.fail(otherResolver, { name: "*", kind: "servfail" })
      const observation = yield* net.with(servers, ask(record.name, "CNAME", { mayBeMissing: true }))
      expect(observation.sources.map(({ outcome, server }) => [server, outcome])).toEqual([
        [`${resolver}:53`, "nxdomain"],
        [`${otherResolver}:53`, "unavailable"]
      ])
      expect(countsAgainst([record], { at: 0, evidence: [observation] }, undefined)).toBe(false)
    })
  )
})
