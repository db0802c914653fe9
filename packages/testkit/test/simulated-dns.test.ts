/** The simulated DNS behaves as the real one: authority, referrals, caches, and changes that take their time. */
import { createSocket } from "node:dgram"
import type { DnsTransport } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { type DecodedPacket, decode, encode, type RecordType } from "dns-packet"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { SimulatedDns } from "../src/Dns.ts"

const first = "198.51.100.1"
const second = "198.51.100.2"
const resolver = "203.0.113.53"
const target = "k1.dkim.example"
const record = "k1._domainkey.shop.example"

/** A shop with two name servers, the second of which is a minute behind, and a resolver. */
const world = (more: { readonly bogus?: boolean; readonly delegated?: boolean } = {}) => {
  const dns = new SimulatedDns()
  const shop = dns.zone({
    name: "shop.example",
    servers: [
      { name: "ns1.host.example", address: first },
      { name: "ns2.host.example", address: second, delay: "1 minute" }
    ],
    soaTtl: 900,
    minimum: 300,
    ...more
  })
  dns.resolver(resolver)
  return { dns, shop }
}

const query = (name: string, type: RecordType, flags = 0x100) =>
  encode({ type: "query", id: 7, flags, questions: [{ name, type }] })

interface Reply extends Pick<DecodedPacket, "flag_aa" | "flag_ra"> {
  readonly code: number
  readonly records: ReadonlyArray<string>
  readonly ttls: ReadonlyArray<number | undefined>
  readonly authorities: ReadonlyArray<string>
  readonly additionals: ReadonlyArray<string>
}

const read = (bytes: Uint8Array | undefined): Reply | undefined => {
  if (bytes === undefined) return undefined
  const packet = decode(Buffer.from(bytes))
  const texts = (records: DecodedPacket["answers"]) =>
    (records ?? []).map((record) => {
      const data = "data" in record && typeof record.data === "string" ? ` ${record.data}` : ""
      return `${record.name} ${record.type}${data}`
    })
  return {
    code: (packet.flags ?? 0) & 0xf,
    flag_aa: packet.flag_aa,
    flag_ra: packet.flag_ra,
    records: texts(packet.answers),
    ttls: [...(packet.answers ?? []), ...(packet.authorities ?? [])].map((one) => ("ttl" in one ? one.ttl : undefined)),
    authorities: texts(packet.authorities),
    additionals: texts(packet.additionals)
  }
}

/** Asks in process, at so many seconds. */
const asker =
  (dns: SimulatedDns) =>
  (server: string, name: string, type: RecordType, seconds: number, via: DnsTransport = "udp", flags?: number) =>
    read(dns.exchange(server, via, query(name, type, flags), seconds * 1000))

describe("an authoritative server", () => {
  it.effect("answers with authority, refuses other names, and refers to whom it delegates", () =>
    Effect.gen(function* () {
      const { dns, shop } = world()
      const keys = dns.zone({
        name: "_domainkey.shop.example",
        servers: [{ name: "ns._domainkey.shop.example", address: "192.0.2.53" }]
      })
      yield* shop.put("www.shop.example", "A", "192.0.2.1")
      yield* keys.put(record, "CNAME", target)
      const ask = asker(dns)
      expect(ask(first, "www.shop.example", "A", 0)).toMatchObject({
        code: 0,
        flag_aa: true,
        flag_ra: false,
        ttls: [300]
      })
      expect(ask(first, "shop.test", "A", 0)).toMatchObject({ code: 5, flag_aa: false })
      expect(ask(first, "shop.example", "NS", 0)?.records).toEqual([
        "shop.example NS ns1.host.example",
        "shop.example NS ns2.host.example"
      ])
      expect(ask(first, record, "CNAME", 0)).toMatchObject({
        code: 0,
        flag_aa: false,
        records: [],
        authorities: ["_domainkey.shop.example NS ns._domainkey.shop.example"],
        additionals: ["ns._domainkey.shop.example A 192.0.2.53"]
      })
      expect(ask("192.0.2.53", record, "CNAME", 0)).toMatchObject({
        flag_aa: true,
        records: [`${record} CNAME ${target}`]
      })
      expect(ask(resolver, record, "CNAME", 0)?.records).toEqual([`${record} CNAME ${target}`])
      expect(ask("198.51.100.99", record, "CNAME", 0)).toBeUndefined()
      dns.zone({
        name: "old.shop.example",
        servers: [{ name: "ns.old.test", address: "192.0.2.99" }],
        delegated: false
      })
      expect(ask(first, "www.old.shop.example", "A", 0)).toMatchObject({ code: 3, flag_aa: true })
      expect(ask("192.0.2.99", "old.shop.example", "SOA", 0)).toMatchObject({ code: 0, flag_aa: true })
    })
  )

  it.effect("shows a change, and its serial number, when it has got there", () =>
    Effect.gen(function* () {
      const { dns, shop } = world()
      const ask = asker(dns)
      const serial = (server: string, seconds: number) => {
        const bytes = dns.exchange(server, "udp", query("shop.example", "SOA"), seconds * 1000)
        const [soa] = decode(bytes ?? Buffer.alloc(0)).answers ?? []
        return soa?.type === "SOA" ? soa.data.serial : undefined
      }
      yield* TestClock.adjust("10 seconds")
      yield* shop.put(record, "CNAME", target)
      expect([9, 10].map((at) => ask(first, record, "CNAME", at)?.code)).toEqual([3, 0])
      expect([69, 70].map((at) => ask(second, record, "CNAME", at)?.code)).toEqual([3, 0])
      expect([serial(first, 9), serial(first, 10), serial(second, 69), serial(second, 70)]).toEqual([1, 2, 1, 2])
    })
  )
})

describe("a resolver", () => {
  it.effect("keeps a no for the lesser of the SOA's TTL and MINIMUM, and records for their TTL", () =>
    Effect.gen(function* () {
      const { dns, shop } = world()
      const ask = asker(dns)
      expect(ask(resolver, record, "CNAME", 0)).toMatchObject({ code: 3, flag_aa: false, flag_ra: true, ttls: [300] })
      yield* shop.put(record, "CNAME", target, { ttl: 50 })
      expect(ask(resolver, record, "CNAME", 299)).toMatchObject({ code: 3, ttls: [1] })
      expect(ask(resolver, record, "CNAME", 300)).toMatchObject({ code: 0, ttls: [50] })
      yield* shop.put(record, "CNAME", "other.example")
      expect(ask(resolver, record, "CNAME", 349)).toMatchObject({ records: [`${record} CNAME ${target}`], ttls: [1] })
      expect(ask(resolver, record, "CNAME", 350)?.records).toEqual([`${record} CNAME other.example`])
      // A question of another type finds the alias in the cache, and follows it to where nothing is.
      expect(ask(resolver, record, "TXT", 351)).toMatchObject({ code: 3, records: [`${record} CNAME other.example`] })
      yield* shop.put(record, "CNAME", target)
      dns.flush(resolver)
      expect(ask(resolver, record, "CNAME", 352)?.records).toEqual([`${record} CNAME ${target}`])
      expect(dns.asked(first).map(({ at, by }) => [at / 1000, by])).toEqual([
        [0, resolver],
        [300, resolver],
        [350, resolver],
        [352, resolver]
      ])
    })
  )

  it("asks the next server when one is dead, refers elsewhere or fails, and knows only what is delegated", () => {
    const { dns, shop } = world()
    shop.always(record, "CNAME", [target])
    const ask = asker(dns)
    dns.fail(first, { name: "*", kind: "timeout" })
    expect(ask(resolver, record, "CNAME", 0)?.records).toEqual([`${record} CNAME ${target}`])
    dns.flush(resolver)
    dns.fail(first, { name: "*", kind: "refer", zone: "test", nameServers: ["a.nic.test"] })
    expect(ask(resolver, record, "CNAME", 0)?.records).toEqual([`${record} CNAME ${target}`])
    dns.flush(resolver)
    dns.fail(second, { name: "*", kind: "refer", zone: "test", nameServers: ["a.nic.test"] })
    expect(ask(resolver, record, "CNAME", 0)?.code).toBe(2)
    dns.fail(second, { name: "*", kind: "forge", answer: "NXDOMAIN" })
    expect(ask(second, record, "CNAME", 0)).toMatchObject({ code: 3, flag_aa: true })
    // A no without an SOA is not believed.
    expect(ask(resolver, record, "CNAME", 0)?.code).toBe(2)
    dns.fail(second, { name: "*", kind: "servfail", share: 0.5, seed: 1 })
    const codes = Array.from({ length: 40 }, () => ask(second, record, "CNAME", 0)?.code)
    expect(new Set(codes)).toEqual(new Set([0, 2]))
    expect(asker(world({ delegated: false }).dns)(resolver, "shop.example", "NS", 0)).toMatchObject({
      code: 3,
      authorities: ["example SOA"]
    })
  })

  it("answers what is bogus only when it is asked not to check", () => {
    const { dns, shop } = world({ bogus: true })
    shop.always(record, "CNAME", [target])
    const ask = asker(dns)
    expect(ask(resolver, record, "CNAME", 0)?.code).toBe(2)
    expect(ask(resolver, record, "CNAME", 0, "udp", 0x110)?.records).toEqual([`${record} CNAME ${target}`])
    // Nor may it come out of the cache.
    expect(ask(resolver, record, "CNAME", 0)?.code).toBe(2)
    shop.bogus = false
    expect(ask(resolver, record, "CNAME", 0)?.code).toBe(0)
  })

  it("hands on a label with dots as one label", () => {
    const { dns, shop } = world()
    shop.always(record, "CNAME", ["k1\\.dkim\\.example"])
    for (const server of [first, resolver])
      expect(dns.exchange(server, "tcp", query(record, "CNAME"), 0)?.includes("\x0fk1.dkim.example\0")).toBe(true)
  })

  it("knows the addresses of name servers, in and out of the simulation", () => {
    const { dns } = world()
    const host = dns.zone({ name: "host.example", servers: [{ name: "ns.host.example", address: "192.0.2.54" }] })
    expect(host.at("ns2.host.example").map(({ value }) => value)).toEqual([second])
    const own = dns.zone({ name: "own.example", servers: [{ name: "ns.own.example", address: "192.0.2.55" }] })
    expect(own.at("ns.own.example").map(({ value }) => value)).toEqual(["192.0.2.55"])
    const ask = asker(dns)
    expect(ask(resolver, "ns1.host.example", "A", 0)?.records).toEqual([`ns1.host.example A ${first}`])
    expect(ask(resolver, "ns.own.example", "A", 0)?.records).toEqual(["ns.own.example A 192.0.2.55"])
    expect(asker(world().dns)(resolver, "ns1.host.example", "A", 0)?.records).toEqual([`ns1.host.example A ${first}`])
  })
})

describe("over sockets", () => {
  const udp = (route: string, bytes: Uint8Array) =>
    Effect.callback<Buffer>((resume) => {
      const socket = createSocket("udp4")
      socket.once("message", (answer) => resume(Effect.succeed(answer)))
      socket.send(bytes, Number(route.split(":")[1]), "127.0.0.1")
      return Effect.sync(() => socket.close())
    })

  it.live("the same bytes come as in process", () =>
    Effect.gen(function* () {
      const { dns, shop } = world()
      shop.always(record, "CNAME", [target])
      shop.always(
        "many.shop.example",
        "A",
        Array.from({ length: 200 }, (_, n) => `192.0.2.${n}`)
      )
      const { route } = yield* dns.mount
      expect(route("198.51.100.99")).toBeUndefined()
      for (const server of [first, second, resolver]) {
        for (const name of [record, "many.shop.example", "none.shop.example", "none.test"]) {
          const bytes = query(name, "A")
          const socket = yield* udp(route(server) ?? "", bytes)
          expect(socket.toString("hex")).toBe(dns.exchange(server, "udp", bytes, Date.now())?.toString("hex"))
        }
      }
    })
  )
})
