import { describe, expect, it } from "@effect/vitest"
import { decode } from "dns-packet"
import { Effect } from "effect"
import { type DnsFault, DnsServer, type DnsServerZone } from "../src/index.ts"
import { ask, askTcp, query, type Reply, tcp, udp } from "./DnsClient.ts"

const target = "k1.dkim.example"
const shop: DnsServerZone = { name: "Shop.Example.", soaTtl: 900, minimum: 300 }

/** A server with these zones and records, each written as name, type and values. */
const serving = (
  zones: ReadonlyArray<DnsServerZone>,
  ...records: ReadonlyArray<readonly [string, string, ...ReadonlyArray<string>]>
) =>
  Effect.gen(function* () {
    const server = yield* DnsServer.make({ zones })
    for (const [name, type, ...values] of records)
      yield* server.zone.put(name, type, values, { ttl: 60, allowConflict: true })
    return server
  })

const names = (records: Reply["answers"]) => records?.map(({ name, type }) => `${name} ${type}`)
const data = (records: Reply["answers"]) => records?.map((record) => ("data" in record ? record.data : undefined))

describe("a server with named zones", () => {
  it.live("answers with its own SOA and name servers, and refuses what is outside", () =>
    Effect.gen(function* () {
      const { port } = yield* serving(
        [shop],
        ["shop.example", "NS", "ns1.host.example"],
        ["shop.example", "MX", "10 mx.example"]
      )
      const apex = yield* ask(port, "shop.example", "SOA")
      expect([apex.flag_aa, apex.answers]).toMatchObject([
        true,
        [{ name: "shop.example", ttl: 900, data: { minimum: 300, serial: 3 } }]
      ])
      const servers = yield* ask(port, "shop.example", "NS")
      expect([servers.flag_aa, data(servers.answers)]).toEqual([true, ["ns1.host.example"]])
      const missing = yield* ask(port, "www.shop.example", "A")
      expect([missing.code, missing.flag_aa, names(missing.authorities)]).toEqual([3, true, ["shop.example SOA"]])
      for (const name of ["example", "notshop.example", "other.test"]) {
        const outside = yield* ask(port, name, "A")
        expect([outside.code, outside.flag_aa, outside.authorities]).toEqual([5, false, []])
      }
    })
  )

  it.live("refers to who was delegated to, with glue, unless the zone below is its own too", () =>
    Effect.gen(function* () {
      const records = [
        ["_domainkey.shop.example", "NS", "ns._domainkey.shop.example"],
        ["ns._domainkey.shop.example", "A", "192.0.2.53"],
        ["k1._domainkey.shop.example", "CNAME", target],
        ["alias.shop.example", "CNAME", "k1._domainkey.shop.example"]
      ] as const
      const parent = yield* serving([shop], ...records)
      for (const name of ["k1._domainkey.shop.example", "_domainkey.shop.example"]) {
        const referral = yield* ask(parent.port, name, "CNAME")
        expect([referral.code, referral.flag_aa, referral.answers]).toEqual([0, false, []])
        expect(names(referral.authorities)).toEqual(["_domainkey.shop.example NS"])
        expect(data(referral.additionals)).toEqual(["192.0.2.53"])
      }
      const through = yield* ask(parent.port, "alias.shop.example", "TXT")
      expect([through.flag_aa, names(through.answers), names(through.authorities)]).toEqual([
        true,
        ["alias.shop.example CNAME"],
        ["_domainkey.shop.example NS"]
      ])
      const both = yield* serving([shop, { name: "_domainkey.shop.example" }], ...records)
      const own = yield* ask(both.port, "k1._domainkey.shop.example", "CNAME")
      expect([own.flag_aa, data(own.answers)]).toEqual([true, [target]])
      const missing = yield* ask(both.port, "k2._domainkey.shop.example", "CNAME")
      expect([missing.code, names(missing.authorities)]).toEqual([3, ["_domainkey.shop.example SOA"]])
    })
  )

  it.live("synthesises from a wildcard where the name is not there (RFC 4592)", () =>
    Effect.gen(function* () {
      const { port } = yield* serving(
        [shop],
        ["*.shop.example", "CNAME", "www.shop.example"],
        ["www.shop.example", "A", "192.0.2.1"],
        ["k1._domainkey.shop.example", "CNAME", target]
      )
      const any = yield* ask(port, "a.b.Shop.example", "CNAME")
      expect([any.code, any.answers]).toMatchObject([0, [{ name: "a.b.Shop.example", data: "www.shop.example" }]])
      expect(names((yield* ask(port, "a.shop.example", "A")).answers)).toEqual([
        "a.shop.example CNAME",
        "www.shop.example A"
      ])
      // Below a name that is there, if only as an empty one, the wildcard does not reach.
      expect((yield* ask(port, "k2._domainkey.shop.example", "CNAME")).code).toBe(3)
      const empty = yield* ask(port, "_domainkey.shop.example", "CNAME")
      expect([empty.code, empty.answers]).toEqual([0, []])
      const other = yield* ask(port, "www.shop.example", "CNAME")
      expect([other.code, other.answers]).toEqual([0, []])
    })
  )

  it.live("redirects below a DNAME (RFC 6672), up to the length of a name", () =>
    Effect.gen(function* () {
      const { port } = yield* serving(
        [shop],
        ["_domainkey.shop.example", "DNAME", "keys.shop.example"],
        ["k1.keys.shop.example", "CNAME", target],
        ["far.shop.example", "DNAME", `${`${"l".repeat(60)}.`.repeat(4)}example`]
      )
      const alias = yield* ask(port, "K1._domainkey.shop.example", "CNAME")
      expect(names(alias.answers)).toEqual(["_domainkey.shop.example DNAME", "K1._domainkey.shop.example CNAME"])
      expect(data(alias.answers)).toEqual(["keys.shop.example", "K1.keys.shop.example"])
      expect(data((yield* ask(port, "k1._domainkey.shop.example", "TXT")).answers)).toEqual([
        "keys.shop.example",
        "k1.keys.shop.example",
        target
      ])
      expect((yield* ask(port, "_domainkey.shop.example", "TXT")).code).toBe(0)
      expect((yield* ask(port, "too-long.far.shop.example", "A")).code).toBe(6)
    })
  )
})

describe("hostile data", () => {
  it.live("of one label with dots, NUL and spaces is on the wire as it is", () =>
    Effect.gen(function* () {
      const { port, zone } = yield* DnsServer.make()
      yield* zone.put("n.example", "CNAME", "k1\\.dkim\\.example\\000\\032.example")
      for (const transport of [udp, tcp]) {
        const bytes = yield* transport(port, query("n.example", "CNAME"))
        expect(bytes.includes("\x11k1.dkim.example\0 \x07example\0")).toBe(true)
        expect(names(decode(bytes).answers)).toEqual(["n.example CNAME"])
      }
    })
  )

  it.live("of many records, several aliases or much text is answered whole", () =>
    Effect.gen(function* () {
      const text = "\0".repeat(64_000)
      const { port } = yield* serving(
        [shop],
        ["many.shop.example", "A", ...Array.from({ length: 1000 }, (_, n) => `192.0.${n >> 8}.${n & 0xff}`)],
        ["two.shop.example", "CNAME", target, "k2.dkim.example"],
        ["two.shop.example", "TXT", "beside"],
        ["long.shop.example", "TXT", text]
      )
      expect((yield* ask(port, "many.shop.example", "A")).flag_tc).toBe(true)
      expect((yield* askTcp(port, "many.shop.example", "A")).answers).toHaveLength(1000)
      expect(data((yield* ask(port, "two.shop.example", "CNAME")).answers)).toEqual([target, "k2.dkim.example"])
      const [long] = (yield* askTcp(port, "long.shop.example", "TXT")).answers ?? []
      expect(long?.type === "TXT" && [long.data].flat().join("")).toBe(text)
    })
  )
})

describe("the faults of an authority", () => {
  const faulty = (fault: DnsFault) =>
    Effect.gen(function* () {
      const server = yield* serving([shop], ["n.shop.example", "CNAME", target])
      yield* server.setFaults(fault)
      return server
    })

  it.live("refer: it knows only whom to ask", () =>
    Effect.gen(function* () {
      const { port } = yield* faulty({
        name: "*",
        kind: "refer",
        zone: "test",
        nameServers: ["a.nic.test", "b.nic.test"]
      })
      const reply = yield* ask(port, "n.shop.example", "CNAME")
      expect([reply.code, reply.flag_aa, reply.flag_ra, reply.answers]).toEqual([0, false, false, []])
      expect(names(reply.authorities)).toEqual(["test NS", "test NS"])
    })
  )

  it.live("forge: other records, of other types, or none, with authority", () =>
    Effect.gen(function* () {
      const answer = [{ type: "A", value: "192.0.2.9" }] as const
      const { port, setFaults } = yield* faulty({ name: "n.shop.example", kind: "forge", answer })
      const address = yield* ask(port, "n.shop.example", "CNAME")
      expect([address.flag_aa, names(address.answers)]).toEqual([true, ["n.shop.example A"]])
      yield* setFaults({ name: "*", kind: "forge", answer: "NXDOMAIN" })
      const none = yield* ask(port, "n.shop.example", "CNAME")
      expect([none.code, none.flag_aa, none.answers]).toEqual([3, true, []])
    })
  )

  it.live("lame: the right answer without authority", () =>
    Effect.gen(function* () {
      const { port } = yield* faulty({ name: "*", kind: "lame" })
      const reply = yield* ask(port, "n.shop.example", "CNAME")
      expect([reply.flag_aa, data(reply.answers)]).toEqual([false, [target]])
    })
  )

  it.live("with a share strikes by chance, by the same one again", () =>
    Effect.gen(function* () {
      const codes = (seed: number) =>
        Effect.gen(function* () {
          const { port } = yield* faulty({ name: "*", kind: "servfail", share: 0.3, seed })
          return yield* Effect.replicateEffect(
            Effect.map(ask(port, "n.shop.example", "CNAME"), ({ code }) => code),
            100
          )
        })
      const first = yield* codes(7)
      const failed = first.filter((code) => code === 2).length
      expect(failed).toBeGreaterThan(15)
      expect(failed).toBeLessThan(45)
      expect(yield* codes(7)).toEqual(first)
      expect(yield* codes(8)).not.toEqual(first)
    })
  )
})
