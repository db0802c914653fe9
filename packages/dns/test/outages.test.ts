/** What the wire resolver does and says while something is out, and that it asks no more than it may. */
import { DnsResolver } from "@countersign/engine"
import { describe, expect, it } from "@effect/vitest"
import type { Answer } from "dns-packet"
import { Effect, Logger, Metric } from "effect"
import { ask, first, Internet, otherResolver, passing, reply, resolver, rr, second, smallInternet } from "./Internet.ts"

const name = "k1._domainkey.shop.com"

/** The lines that are logged, without their times. */
const logged = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel} ${[message].flat().join(" ")}`)
  })
  return { lines, layer: Logger.layer([logger]) }
}

const domains = (count: number) => {
  const net = new Internet()
  net.dns.resolver(resolver)
  const names = Array.from({ length: count }, (_, at) => `shop${at}.com`)
  for (const domain of names) {
    net.dns.zone({
      name: domain,
      servers: [first, second].map((address, at) => ({ name: `ns${at}.hosting.net`, address }))
    })
  }
  return { net, names: names.map((domain) => `k1._domainkey.${domain}`) }
}

describe("when authoritative servers cannot be asked from here", () => {
  const block = (net: Internet, reaction: "silence" | "refused" = "silence") => {
    for (const address of [first, second]) net.scripts.set(address, () => reaction)
  }

  it.effect("the mode says so after the first zone, and one line; both end with the first direct answer", () =>
    Effect.gen(function* () {
      const { net, names } = domains(6)
      const { layer, lines } = logged()
      yield* net.with(
        {},
        Effect.gen(function* () {
          const { mode } = yield* DnsResolver
          expect(yield* mode).toBe("authoritative")
          block(net)
          for (const one of names) expect((yield* ask(one)).mode).toBe("resolver")
          expect(yield* mode).toBe("resolver")
          expect(lines).toEqual([expect.stringMatching(/^Warn No authoritative DNS server can be asked from here/)])
          net.scripts.clear()
          yield* passing(Effect.sleep("30 seconds"))
          expect((yield* ask(names[0] ?? "")).mode).toBe("authoritative")
          expect(yield* mode).toBe("authoritative")
          expect(lines.slice(1)).toEqual([
            expect.stringMatching(/^Info Authoritative DNS servers can be asked again, after \d+ s/)
          ])
        }).pipe(Effect.provide(layer))
      )
    })
  )

  it.effect("they are tried now and then only, so that questions stay quick", () =>
    Effect.gen(function* () {
      const { net, names } = domains(30)
      block(net)
      yield* net.with(
        {},
        Effect.gen(function* () {
          for (const one of names) yield* ask(one)
        })
      )
      // Three zones in a row show it, and one question tries it again.
      expect(new Set(net.askedOf(first, second)).size).toBe(4)
    })
  )

  it.effect("one zone that is down changes nothing once others answered", () =>
    Effect.gen(function* () {
      const { net, names } = domains(2)
      const { layer, lines } = logged()
      yield* net.with(
        {},
        Effect.gen(function* () {
          const { mode } = yield* DnsResolver
          yield* ask(names[0] ?? "")
          block(net)
          for (let at = 0; at < 5; at++) expect((yield* ask(names[1] ?? "")).mode).toBe("resolver")
          expect(yield* mode).toBe("authoritative")
          expect(lines).toEqual([])
        }).pipe(Effect.provide(layer))
      )
    })
  )

  it.effect("a resolver that answers in their place is taken for what it is", () =>
    Effect.gen(function* () {
      const { net, shop } = smallInternet()
      yield* shop.put(name, "CNAME", "k1.dkim.net")
      for (const address of [first, second]) net.scripts.set(address, (asked) => net.honest({ ...asked, at: resolver }))
      yield* net.with(
        {},
        Effect.gen(function* () {
          const { mode } = yield* DnsResolver
          const observation = yield* ask(name)
          expect(observation.mode).toBe("resolver")
          for (const { role } of observation.sources) expect(role).toBe("recursive")
          expect(yield* mode).toBe("resolver")
        })
      )
    })
  )

  it.effect("with the mode `resolver` nobody else is asked, and it says so from the start", () =>
    Effect.gen(function* () {
      const { net, shop } = smallInternet()
      yield* shop.put(name, "CNAME", "k1.dkim.net")
      yield* net.with(
        { mode: "resolver", firstProbeAfter: "7 seconds" },
        Effect.gen(function* () {
          const { firstProbeAfter, mode } = yield* DnsResolver
          expect([yield* mode, firstProbeAfter]).toEqual(["resolver", 7_000])
          expect((yield* ask(name)).mode).toBe("resolver")
        })
      )
      expect(net.arrived.map(({ at }) => at)).toEqual([resolver])
    })
  )
})

describe("when a configured resolver gives no answers", () => {
  it.effect("one line says when that begins, one when it ends, and the other one is asked first", () =>
    Effect.gen(function* () {
      const { net } = domains(0)
      net.dns.resolver(otherResolver)
      net.scripts.set(resolver, () => "refused")
      const { layer, lines } = logged()
      yield* net.with(
        { servers: [resolver, otherResolver] },
        Effect.gen(function* () {
          for (let at = 0; at < 10; at++) yield* ask(`k.shop${at}.com`)
          expect(lines).toEqual([`Warn The DNS resolver ${resolver}:53 gives no answers: nobody answers there.`])
          const before = net.askedOf(resolver).length
          yield* ask("k.shop20.com")
          expect(net.arrived.at(-1)?.at).toBe(resolver)
          expect(net.askedOf(resolver)).toHaveLength(before + 1)
          net.scripts.clear()
          yield* passing(Effect.sleep("31 seconds"))
          yield* ask("k.shop30.com")
          expect(lines.slice(1)).toEqual([
            expect.stringMatching(new RegExp(`^Info The DNS resolver ${resolver}:53 answers again, after \\d+ s`))
          ])
        }).pipe(Effect.provide(layer))
      )
    })
  )

  it.effect("one that is silent costs the first question its time at most, and the zone's servers are asked", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      net.dns.resolver(otherResolver)
      net.scripts.set(resolver, () => "silence")
      const { at, mode } = yield* net.with({ servers: [resolver, otherResolver] }, ask(name))
      expect(mode).toBe("authoritative")
      expect(at).toBeLessThanOrEqual(2_500)
    })
  )

  it.effect("one that is silent about a single domain is not out: it waits for the domain's servers, which are", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      for (const address of [first, second]) net.scripts.set(address, () => "silence")
      net.scripts.set(resolver, (asked) => (asked.name.endsWith(name) ? "silence" : net.honest(asked)))
      const { layer, lines } = logged()
      yield* net.with(
        { mode: "resolver" },
        Effect.gen(function* () {
          for (let at = 0; at < 10; at++) yield* ask(name)
          expect(lines).toEqual([])
          yield* ask("shop.com", "NS")
          expect(lines).toEqual([])
        }).pipe(Effect.provide(layer))
      )
    })
  )

  it.effect("SERVFAIL about a name is none: the resolver works", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      net.dns.fail(resolver, { kind: "servfail", name: "*" })
      const { layer, lines } = logged()
      yield* net.with(
        {},
        Effect.gen(function* () {
          for (let at = 0; at < 10; at++) yield* ask(`k${at}.shop.com`)
        }).pipe(Effect.provide(layer))
      )
      expect(lines.filter((line) => line.includes("gives no answers"))).toEqual([])
    })
  )
})

describe("limits", () => {
  const within = (times: ReadonlyArray<number>, limit: number) =>
    times.every((time, at) => (times[at + limit] ?? Number.POSITIVE_INFINITY) - time >= 1_000)

  it.effect("no server and no second gets more questions than it may", () =>
    Effect.gen(function* () {
      const { net, names } = domains(60)
      const rates = { authoritative: 20, recursive: 70, all: 90 }
      yield* net.with(
        { rates, timeout: "60 seconds" },
        Effect.gen(function* () {
          const { ask: question } = yield* DnsResolver
          yield* passing(Effect.forEach(names, (one) => question(one, "CNAME"), { concurrency: "unbounded" }))
        })
      )
      const times = (...at: ReadonlyArray<string>) =>
        net.dns.log.filter((one) => one.by === undefined && at.includes(one.server)).map((one) => one.at)
      expect(times(first, second, resolver).length).toBeGreaterThan(150)
      for (const address of [first, second]) expect(within(times(address), 20)).toBe(true)
      expect(within(times(resolver), 70)).toBe(true)
      expect(within(times(first, second, resolver), 90)).toBe(true)
    })
  )

  it.effect("who cannot be asked soon is told so, and no outage is made of it", () =>
    Effect.gen(function* () {
      const { net, names } = domains(40)
      const { layer, lines } = logged()
      const seen = yield* net.with(
        { rates: { authoritative: 2 } },
        Effect.gen(function* () {
          const { ask: question, mode } = yield* DnsResolver
          const all = yield* passing(
            Effect.forEach(names, (one) => question(one, "CNAME"), { concurrency: "unbounded" })
          )
          expect(yield* mode).toBe("authoritative")
          return all
        }).pipe(Effect.provide(layer))
      )
      expect(seen.flatMap(({ sources }) => sources.map(({ reason }) => reason))).toContain("too many questions at once")
      expect(lines).toEqual([])
    })
  )

  it.effect("a second try counts too: over TCP, or without EDNS", () =>
    Effect.gen(function* () {
      const { net, shop } = smallInternet()
      yield* shop.put(name, "TXT", "x".repeat(5_000))
      net.scripts.set(second, (asked) => (asked.edns ? [reply(asked, { rcode: 1 })] : "silence"))
      yield* net.with({ rates: { authoritative: 1 }, timeout: "60 seconds" }, ask(name, "TXT"))
      for (const address of [first, second]) {
        const times = net.arrived.filter(({ at }) => at === address).map((asked) => asked.time)
        expect(times.slice(0, 2)).toEqual([0, 1_000])
      }
    })
  )

  it.effect("at most 32 exchanges are open at once", () =>
    Effect.gen(function* () {
      const { net, names } = domains(100)
      for (const address of [first, second, resolver]) net.scripts.set(address, () => "silence")
      yield* net.with(
        {},
        Effect.gen(function* () {
          const { ask: question } = yield* DnsResolver
          yield* passing(Effect.forEach(names, (one) => question(one, "CNAME"), { concurrency: "unbounded" }))
        })
      )
      expect(net.mostOpen).toBe(32)
      expect(net.open).toBe(0)
    })
  )
})

describe("a server that cannot read our question, or answers in more than a packet", () => {
  it.effect.each([1, 4, 16])("code %i to EDNS: it is asked without", (code) =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      net.scripts.set(first, (asked) =>
        asked.edns ? [reply(asked, { rcode: code & 0xf, ...badVersion(code) })] : net.honest(asked)
      )
      const { sources } = yield* net.with({}, ask(name))
      expect(sources).toMatchObject([{ outcome: "nxdomain" }, { outcome: "nxdomain" }])
      expect(net.arrived.filter(({ at }) => at === first).map(({ edns }) => edns)).toEqual([true, false])
    })
  )

  it.effect("FORMERR without EDNS too: it is unavailable", () =>
    Effect.gen(function* () {
      const { net } = smallInternet()
      net.dns.fail(first, { kind: "formerr", name: "*" })
      const { sources } = yield* net.with({}, ask(name))
      expect(sources).toContainEqual(expect.objectContaining({ server: `${first}:53`, reason: "FORMERR" }))
    })
  )

  it.effect("TC: it is asked again over TCP", () =>
    Effect.gen(function* () {
      const { net, shop } = smallInternet()
      yield* shop.put(name, "TXT", "x".repeat(5_000))
      const { sources } = yield* net.with({}, ask(name, "TXT"))
      for (const { records } of sources) expect(records).toMatchObject([{ value: "x".repeat(5_000) }])
      expect(net.arrived.filter(({ at }) => at === first).map(({ via }) => via)).toEqual(["udp", "tcp"])
    })
  )
})

it.effect("questions are counted by role and outcome", () =>
  Effect.gen(function* () {
    const { net } = smallInternet()
    yield* net.with({}, ask(name))
    const snapshot = yield* Metric.snapshot
    const counted = snapshot
      .filter(({ id }) => id === "countersign_dns_questions_total")
      .map(({ attributes }) => attributes)
    expect(counted).toContainEqual({ role: "authoritative", outcome: "nxdomain" })
    expect(counted).toContainEqual({ role: "recursive", outcome: "records" })
  })
)

/** BADVERS is 16, whose upper bits are in the OPT record. */
const badVersion = (code: number) =>
  code < 16
    ? {}
    : {
        additionals: [
          {
            type: "OPT",
            name: ".",
            udpPayloadSize: 1232,
            extendedRcode: 1,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: []
          } satisfies Answer
        ]
      }

it.effect("an address that stands beside an alias, a second alias and a flood of records are told within bounds", () =>
  Effect.gen(function* () {
    const { net } = smallInternet()
    const many = Array.from({ length: 50 }, (_, at) => rr(name, "A", `192.0.2.${at}`))
    for (const address of [first, second]) {
      net.scripts.set(address, (asked) => [
        reply(asked, { answers: [...many, rr(name, "CNAME", "one.com"), rr(name, "CNAME", "two.com")], flags: ["aa"] })
      ])
    }
    const { sources } = yield* net.with({}, ask(name))
    const { records = [] } = sources[0] ?? {}
    expect(records).toHaveLength(16)
    expect(records.slice(0, 3).map(({ value }) => value)).toEqual(["one.com", "two.com", "192.0.2.0"])
  })
)
