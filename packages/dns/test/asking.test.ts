/** Whom the wire resolver asks what, and what it makes of the answers. In process, under virtual time. */
import { DnsResolver } from "@countersign/engine"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import {
  ask,
  first,
  Internet,
  otherResolver,
  passing,
  reply,
  resolver,
  rr,
  type Script,
  second,
  smallInternet,
  soa,
  third
} from "./Internet.ts"

const name = "k1._domainkey.shop.com"
const missing = "k2._domainkey.shop.com"
const target = "k1.dkim.net"
const said = { type: "CNAME", value: target, ttl: 300 }

const published = Effect.gen(function* () {
  const world = smallInternet()
  yield* world.shop.put(name, "CNAME", target)
  return world
})

const byServer = (sources: ReadonlyArray<{ readonly server: string }>) =>
  [...sources].sort((one, other) => one.server.localeCompare(other.server))

describe("a question about a name", () => {
  it.effect("is put to two of its zone's servers, and to a resolver when they have seen it", () =>
    Effect.gen(function* () {
      const { net } = yield* published
      const observation = yield* net.with({}, ask(name))
      expect({ ...observation, sources: byServer(observation.sources) }).toEqual({
        name,
        type: "CNAME",
        mode: "authoritative",
        zone: "shop.com",
        at: 0,
        sources: [
          { server: `${resolver}:53`, role: "recursive", outcome: "records", records: [said] },
          { server: `${first}:53`, role: "authoritative", outcome: "records", records: [said] },
          { server: `${second}:53`, role: "authoritative", outcome: "records", records: [said] }
        ]
      })
      for (const { at, packet } of net.arrived) expect(packet.flag_rd).toBe(at === resolver)
    })
  )

  it.effect("is never put to a resolver while it may be missing", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      const { sources } = yield* net.with({}, ask(missing))
      const no = { role: "authoritative", outcome: "nxdomain", records: [], negativeTtl: 600 }
      expect(byServer(sources)).toEqual([first, second].map((address) => ({ server: `${address}:53`, ...no })))
      expect(net.askedOf(resolver).toSorted()).toEqual(["ns1.hosting.net A", "ns2.hosting.net A", "shop.com NS"])
    })
  )

  it.effect(
    "is not put to a resolver either while one of the zone's servers denies it: the records are on their way",
    () =>
      Effect.gen(function* () {
        const { net } = yield* published
        net.scripts.set(second, (asked) => [reply(asked, { rcode: 3, flags: ["aa"], authorities: [soa("shop.com")] })])
        const { sources } = yield* net.with({}, ask(name))
        expect(sources.map(({ outcome }) => outcome).toSorted()).toEqual(["nxdomain", "records"])
        expect(net.askedOf(resolver)).not.toContain(`${name} CNAME`)
      })
  )

  it.effect("is put to it all the same when the asker says that it was there before", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      const { sources } = yield* net.with({}, ask(missing, "CNAME", { mayBeMissing: true }))
      expect(sources.map(({ role }) => role).toSorted()).toEqual(["authoritative", "authoritative", "recursive"])
      expect(net.askedOf(resolver)).toContain(`${missing} CNAME`)
    })
  )

  it.effect("is put to two configured resolvers, and to a third when one of them fails", () =>
    Effect.gen(function* () {
      const { net } = yield* published
      net.dns.resolver(otherResolver)
      net.dns.resolver("192.0.2.55")
      net.dns.fail(resolver, { kind: "servfail", name })
      const { sources } = yield* net.with({ servers: [resolver, otherResolver, "192.0.2.55"] }, ask(name))
      expect(sources).toHaveLength(4)
      const failed = { server: `${resolver}:53`, outcome: "unavailable", reason: "SERVFAIL" }
      expect(sources.find(({ outcome }) => outcome === "unavailable") ?? failed).toMatchObject(failed)
      expect(sources.filter(({ role, outcome }) => role === "recursive" && outcome === "records")).toHaveLength(2)
    })
  )

  it.effect("shares what was found out about the zone with others, for a short time", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      const three = ["k1", "k2", "k3"].map((key) => `${key}._domainkey.shop.com`)
      yield* net.with(
        {},
        Effect.gen(function* () {
          const { ask: question } = yield* DnsResolver
          yield* passing(Effect.forEach(three, (one) => question(one, "CNAME"), { concurrency: "unbounded" }))
          expect(net.askedOf(resolver)).toHaveLength(3)
          expect(net.askedOf(first, second)).toHaveLength(6)
          yield* passing(Effect.sleep("50 seconds"))
          yield* ask(name)
          expect(net.askedOf(resolver)).toHaveLength(3)
          yield* passing(Effect.sleep("11 seconds"))
          yield* ask(name)
          expect(net.askedOf(resolver)).toHaveLength(6)
        })
      )
    })
  )

  it.effect("of a domain that is not registered is answered without asking for the name", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      const { mode, sources } = yield* net.with({}, ask("k1._domainkey.nobody.com"))
      expect({ mode, sources }).toMatchObject({
        mode: "resolver",
        sources: [{ server: `${resolver}:53`, role: "recursive", outcome: "nxdomain" }]
      })
      expect(net.askedOf(resolver)).toEqual(["nobody.com NS"])
    })
  )

  it.effect("does not believe one resolver that there is no such domain when another knows its servers", () =>
    Effect.gen(function* () {
      const { net } = yield* published
      net.dns.resolver(otherResolver)
      net.scripts.set(resolver, (asked) => [reply(asked, { rcode: 3, authorities: [soa("com")], flags: ["ra"] })])
      const { mode, sources } = yield* net.with({ servers: [resolver, otherResolver] }, ask(name))
      expect(mode).toBe("authoritative")
      expect(sources.filter(({ role }) => role === "authoritative")).toHaveLength(2)
    })
  )
})

describe("a delegated zone", () => {
  const delegated = Effect.gen(function* () {
    const world = yield* published
    const keys = world.net.dns.zone({
      name: "_domainkey.shop.com",
      servers: [{ name: "ns._domainkey.shop.com", address: third }]
    })
    yield* keys.put(name, "CNAME", target)
    return world
  })

  it.effect("is found by the referral and its glue, and remembered", () =>
    Effect.gen(function* () {
      const { net } = yield* delegated
      yield* net.with(
        {},
        Effect.gen(function* () {
          const seen = yield* ask(name)
          expect(seen.zone).toBe("_domainkey.shop.com")
          expect(seen.sources[0]).toMatchObject({ server: `${third}:53`, role: "authoritative", records: [said] })
          const before = net.askedOf(first, second).length
          const none = yield* ask(missing)
          expect(none.sources).toMatchObject([{ server: `${third}:53`, outcome: "nxdomain" }])
          expect(net.askedOf(first, second)).toHaveLength(before)
        })
      )
      expect(net.askedOf(resolver)).not.toContain(`${missing} CNAME`)
    })
  )

  it.effect("whose servers do not answer leaves nothing but that", () =>
    Effect.gen(function* () {
      const { net } = yield* delegated
      net.dns.fail(third, { kind: "servfail", name: "*" })
      net.dns.fail(resolver, { kind: "servfail", name })
      const { sources } = yield* net.with({}, ask(name))
      expect(sources.map(({ outcome }) => outcome)).toEqual(["unavailable", "unavailable"])
      expect(sources.map(({ server }) => server)).toContain(`${third}:53`)
    })
  )

  const refer =
    (zone: string): Script =>
    (asked) => [reply(asked, { authorities: [rr(zone, "NS", "ns1.hosting.net")] })]

  it.effect.each(["shop.com", "com", "", "_domainkey.other.com", "k1._domainkey.shop.com.evil.com"])(
    "is not where a referral to %j leads: up, aside or in a circle",
    (zone) =>
      Effect.gen(function* () {
        const { net } = smallInternet()
        net.scripts.set(first, refer(zone))
        net.scripts.set(second, refer(zone))
        net.dns.fail(resolver, { kind: "servfail", name })
        const { mode, sources } = yield* net.with({}, ask(name))
        expect(mode).toBe("authoritative")
        expect(sources.filter(({ role }) => role === "authoritative")).toMatchObject(
          [1, 2].map(() => ({ outcome: "unavailable", reason: "a referral that leads nowhere" }))
        )
      })
  )

  it.effect("is not reached by glue for a server that lies elsewhere: a resolver is asked for its address", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      net.dns.zone({ name: "elsewhere.com", servers: [{ name: "ns.elsewhere.com", address: third }] })
      const script: Script = (asked) => [
        reply(asked, {
          authorities: [rr("_domainkey.shop.com", "NS", "ns.elsewhere.com")],
          additionals: [rr("ns.elsewhere.com", "A", "198.51.100.66")]
        })
      ]
      net.scripts.set(first, script)
      net.scripts.set(second, script)
      yield* net.with({}, ask(name))
      expect(net.askedOf("198.51.100.66")).toEqual([])
      expect(net.askedOf(third)).toContain(`${name} CNAME`)
    })
  )

  it.effect("may be above the domain that somebody registered: the resolver names it", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      const above = net.dns.zone({ name: "company", servers: [{ name: "ns.company", address: third }] })
      yield* above.put("k1._domainkey.shop.company", "CNAME", target)
      const { sources, zone } = yield* net.with({}, ask("k1._domainkey.shop.company"))
      expect(zone).toBe("company")
      expect(sources[0]).toMatchObject({ server: `${third}:53`, role: "authoritative", records: [said] })
    })
  )

  it.effect("may name servers without end: few are looked up, fewer are asked", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      const hosts = Array.from({ length: 60 }, (_, at) => `ns${at}.victim.com`)
      const many: Script = (asked) => [
        reply(asked, { authorities: hosts.map((host) => rr("_domainkey.shop.com", "NS", host)) })
      ]
      net.scripts.set(first, many)
      net.scripts.set(second, many)
      yield* net.with({}, ask(name))
      expect(net.askedOf(resolver).filter((asked) => asked.includes("victim"))).toHaveLength(6)
    })
  )

  it.effect("may lie deeper than anybody goes: the walk ends", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      const deep = `${"a.".repeat(40)}shop.com`
      // Each referral leads one label further down, to the same servers.
      const deeper = new Map<string, number>()
      const script: Script = (asked) => {
        const step = (deeper.get(asked.at) ?? 1) + 1
        deeper.set(asked.at, step)
        const zone = deep
          .split(".")
          .slice(-2 - step)
          .join(".")
        const glue = [rr("ns1.shop.com", "A", first), rr("ns2.shop.com", "A", second)]
        return [reply(asked, { authorities: glue.map((one) => rr(zone, "NS", one.name)), additionals: glue })]
      }
      net.scripts.set(first, script)
      net.scripts.set(second, script)
      yield* net.with({}, ask(deep))
      expect(net.askedOf(first, second).length).toBeLessThanOrEqual(34)
    })
  )
})

describe("a server that gives no answer about the name", () => {
  const threeServers = Effect.gen(function* () {
    const net = new Internet()
    const shop = net.dns.zone({
      name: "shop.com",
      servers: [first, second, third].map((address, at) => ({ name: `ns${at}.hosting.net`, address }))
    })
    net.dns.resolver(resolver)
    yield* shop.put(name, "CNAME", target)
    return net
  })

  it.effect.each(["servfail", "refused", "notimp", "lame", "timeout"] as const)(
    "%s: another is asked in its place",
    (kind) =>
      Effect.gen(function* () {
        const net = yield* threeServers
        net.dns.fail(first, { kind, name: "*" })
        const { sources } = yield* net.with({}, ask(name))
        const right = sources.filter(({ role, outcome }) => role === "authoritative" && outcome === "records")
        expect(right.map(({ server }) => server).toSorted()).toEqual([`${second}:53`, `${third}:53`])
      })
  )

  it.effect("all of them: the configured resolvers are asked, and the observation says so", () =>
    Effect.gen(function* () {
      const net = yield* threeServers
      // The simulated resolver still gets their answers.
      for (const address of [first, second, third]) net.scripts.set(address, () => "silence")
      const { mode, sources, zone } = yield* net.with({}, ask(name))
      expect({ mode, zone }).toEqual({ mode: "resolver", zone: "shop.com" })
      expect(sources[0]).toMatchObject({ server: `${resolver}:53`, role: "recursive", records: [said] })
      expect(sources.slice(1).map(({ reason }) => reason)).toEqual(Array(3).fill("no answer in time"))
    })
  )

  it.effect("is silent: it gets a second chance, and a question ends in five seconds", () =>
    Effect.gen(function* () {
      const { net } = yield* published
      const lost = new Set<string>()
      const losing: Script = (asked) => {
        if (lost.has(asked.at)) return net.honest(asked)
        lost.add(asked.at)
        return "silence"
      }
      net.scripts.set(first, losing)
      net.scripts.set(second, losing)
      const { at, sources } = yield* net.with({}, ask(name))
      expect(at).toBeLessThanOrEqual(3_500)
      expect(sources.filter(({ outcome }) => outcome === "records")).toHaveLength(3)
      for (const address of [first, second, resolver]) net.scripts.set(address, () => "silence")
      const dead = yield* net.with({}, ask(name))
      expect(dead.at - at).toBeLessThanOrEqual(5_000)
      expect(dead.sources.length).toBeGreaterThan(0)
      for (const source of dead.sources) expect(source).toMatchObject({ outcome: "unavailable" })
    })
  )

  it.effect("there is no way to its network: its family is left out for a while", () =>
    Effect.gen(function* () {
      const { net } = yield* published
      const six = ["2001:4860::1", "2001:4860::2"]
      net.scripts.set(resolver, (asked) => {
        if (asked.type === "A") return [reply(asked, { authorities: [soa("hosting.net")], flags: ["ra"] })]
        if (asked.type !== "AAAA") return net.honest(asked)
        const address = asked.name.startsWith("ns1") ? "2001:4860::1" : "2001:4860::2"
        return [reply(asked, { answers: [rr(asked.name, "AAAA", address)], flags: ["ra"] })]
      })
      for (const address of six) net.scripts.set(address, () => "unreachable")
      yield* net.with(
        {},
        Effect.gen(function* () {
          const { sources } = yield* ask(name)
          expect(sources.map(({ reason }) => reason)).toContain("there is no way to its network")
          const before = net.askedOf(...six).length
          yield* ask(name)
          expect(net.askedOf(...six)).toHaveLength(before)
        })
      )
    })
  )
})

describe("name servers in private networks", () => {
  const hidden = [
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd00::1",
    "::ffff:10.0.0.1"
  ]

  const privateZone = (address: string) => {
    const { net } = smallInternet()
    const type = address.includes(":") ? "AAAA" : "A"
    net.scripts.set(resolver, (asked) => {
      if (!asked.name.endsWith("hosting.net")) return net.honest(asked)
      const answers = asked.type === type ? [rr(asked.name, type, address)] : []
      return [reply(asked, { answers, authorities: answers.length === 0 ? [soa("hosting.net")] : [], flags: ["ra"] })]
    })
    return net
  }

  it.effect.each(hidden)("%s is never asked, and nobody else is in its place", (address) =>
    Effect.gen(function* () {
      const net = privateZone(address)
      const { sources } = yield* net.with({}, ask(name))
      expect(sources).toMatchObject([
        { role: "authoritative", outcome: "unavailable", reason: "the name servers have private addresses" }
      ])
      expect([...new Set(net.arrived.map(({ at }) => at))]).toEqual([resolver])
      expect(net.askedOf(resolver)).not.toContain(`${name} CNAME`)
    })
  )

  it.effect("are not asked by way of glue either", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      const script: Script = (asked) => [
        reply(asked, {
          authorities: [rr("_domainkey.shop.com", "NS", "ns.shop.com")],
          additionals: [rr("ns.shop.com", "A", "10.0.0.1"), rr("ns.shop.com", "AAAA", "64:ff9b::a00:1")]
        })
      ]
      net.scripts.set(first, script)
      net.scripts.set(second, script)
      const { sources } = yield* net.with({}, ask(name))
      expect(sources).toMatchObject([{ reason: "the name servers have private addresses" }])
      expect(net.askedOf("10.0.0.1", "64:ff9b::a00:1")).toEqual([])
    })
  )

  it.effect("are asked where that is configured", () =>
    Effect.gen(function* () {
      const net = privateZone("10.0.0.1")
      yield* net.with({ allowPrivate: true }, ask(name))
      expect(net.askedOf("10.0.0.1")).toContain(`${name} CNAME`)
    })
  )
})

describe("an alias that leads away", () => {
  const foreign = "host.elsewhere.com"
  const world = Effect.gen(function* () {
    const { net } = smallInternet()
    const elsewhere = net.dns.zone({ name: "elsewhere.com", servers: [{ name: "ns.elsewhere.com", address: third }] })
    yield* elsewhere.put(foreign, "A", ["192.0.2.1", "10.1.2.3", "192.168.0.1"])
    const dkim = net.dns.zone({ name: "dkim.net", servers: [{ name: "ns.dkim.net", address: "198.51.100.9" }] })
    yield* dkim.put(target, "TXT", "p=")
    return net
  })
  const domain = "mail.shop.com"

  it.effect("to a name of nobody we know is followed with the help of resolvers only, without private addresses", () =>
    Effect.gen(function* () {
      const net = yield* world
      const { mode, sources } = yield* net.with({}, ask(foreign, "A", { domain }))
      expect(mode).toBe("resolver")
      expect(sources).toMatchObject([{ role: "recursive", outcome: "records", records: [{ value: "192.0.2.1" }] }])
      expect(net.askedOf(third)).toEqual([])
      expect(net.askedOf(resolver)).toEqual([`${foreign} A`])
    })
  )

  it.effect("to our own zone, or within the domain: the servers there are asked", () =>
    Effect.gen(function* () {
      const net = yield* world
      const options = { ours: "dkim.net" }
      expect((yield* net.with(options, ask(target, "TXT", { domain }))).mode).toBe("authoritative")
      expect((yield* net.with(options, ask("other.shop.com", "A", { domain }))).mode).toBe("authoritative")
      expect((yield* net.with({}, ask(target, "TXT", { domain }))).mode).toBe("resolver")
    })
  )
})

describe("what DNSSEC forbids", () => {
  it.effect("is told: a resolver fails, and answers when it is asked not to check", () =>
    Effect.gen(function* () {
      const { net, shop } = smallInternet({ bogus: true })
      yield* shop.put(name, "CNAME", target)
      const { sources } = yield* net.with({}, ask(name))
      expect(sources.filter(({ role }) => role === "authoritative")).toMatchObject([
        { outcome: "records" },
        { outcome: "records" }
      ])
      expect(sources.filter(({ role }) => role === "recursive")).toEqual([
        {
          server: `${resolver}:53`,
          role: "recursive",
          outcome: "unavailable",
          records: [],
          reason: "SERVFAIL",
          bogus: true
        }
      ])
    })
  )

  it.effect("is not claimed of a resolver that fails either way", () =>
    Effect.gen(function* () {
      const { net } = yield* published
      net.dns.fail(resolver, { kind: "servfail", name })
      const { sources } = yield* net.with({}, ask(name))
      expect(sources.find(({ role }) => role === "recursive")).not.toHaveProperty("bogus")
    })
  )
})

describe("which servers", () => {
  it.effect("are asked changes from question to question: a third one is not overlooked", () =>
    Effect.gen(function* () {
      const net = new Internet()
      net.dns.zone({
        name: "shop.com",
        servers: [first, second, third].map((address, at) => ({ name: `ns${at}.hosting.net`, address }))
      })
      net.dns.resolver(resolver)
      yield* net
        .with(
          {},
          Effect.gen(function* () {
            for (let at = 0; at < 20; at++) yield* ask(`k${at}._domainkey.shop.com`)
          })
        )
        .pipe(Random.withSeed("servers"))
      for (const address of [first, second, third]) expect(net.askedOf(address).length).toBeGreaterThan(3)
    })
  )

  it.effect("different ones come before different addresses of one", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      net.scripts.set(third, (asked) => net.honest({ ...asked, at: first }))
      net.scripts.set(resolver, (asked) =>
        asked.name === "ns1.hosting.net" && asked.type === "A"
          ? [reply(asked, { answers: [rr(asked.name, "A", first), rr(asked.name, "A", third)], flags: ["ra"] })]
          : net.honest(asked)
      )
      const { sources } = yield* net.with({}, ask(missing))
      expect(sources.map(({ server }) => server)).toContain(`${second}:53`)
      net.dns.fail(second, { kind: "refused", name: "*" })
      const again = yield* net.with({}, ask(missing))
      const answered = again.sources.filter(({ outcome }) => outcome === "nxdomain").map(({ server }) => server)
      expect(answered.toSorted()).toEqual([`${first}:53`, `${third}:53`])
    })
  )
})
