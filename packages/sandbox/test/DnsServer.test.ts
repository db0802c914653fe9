import { Resolver } from "node:dns/promises"
import { describe, expect, it } from "@effect/vitest"
import { encode } from "dns-packet"
import { Effect, Exit, Fiber, Scope } from "effect"
import fc from "fast-check"
import { DnsServer, DnsServerError, SmtpSink } from "../src/index.ts"
import { ask, askTcp, frame, query, read, tcp, tcpBytes, udp } from "./DnsClient.ts"

const resolver = (address: string) => {
  const made = new Resolver({ timeout: 1000, tries: 1 })
  made.setServers([address])
  return made
}
/** The code of a look-up that must fail. */
const failure = (lookUp: () => Promise<unknown>) =>
  Effect.promise(() =>
    lookUp().then(
      () => "no failure",
      (error: unknown) => (error instanceof Error && "code" in error ? error.code : error)
    )
  )
const soaOfRoot = [expect.objectContaining({ type: "SOA", name: ".", ttl: 0 })]

describe("a real resolver", () => {
  it.live("finds records of every type", () =>
    Effect.gen(function* () {
      const { address, zone } = yield* DnsServer.make()
      yield* zone.put("host.example", "A", ["192.0.2.1", "192.0.2.2"])
      yield* zone.put("host.example", "AAAA", "::ffff:192.0.2.1")
      yield* zone.put("k._domainkey.example", "CNAME", "K.Dkim.example.")
      yield* zone.put("example", "MX", ["10 mx1.example", "0 ."])
      yield* zone.put("example", "NS", "ns1.example")
      yield* zone.put("example", "TXT", ["v=spf1 -all", "é".repeat(300)])
      const dns = resolver(address)
      expect(yield* Effect.promise(() => dns.resolve4("HOST.example"))).toEqual(["192.0.2.1", "192.0.2.2"])
      expect(yield* Effect.promise(() => dns.resolve6("host.example"))).toEqual(["::ffff:192.0.2.1"])
      expect(yield* Effect.promise(() => dns.resolveCname("k._domainkey.example"))).toEqual(["K.Dkim.example"])
      const exchanges = yield* Effect.promise(() => dns.resolveMx("example"))
      expect(exchanges.map(({ exchange, priority }) => `${priority} ${exchange}`).sort()).toEqual([
        "0 ",
        "10 mx1.example"
      ])
      expect(yield* Effect.promise(() => dns.resolveNs("example"))).toEqual(["ns1.example"])
      const texts = yield* Effect.promise(() => dns.resolveTxt("example"))
      expect(texts.find((chunks) => chunks.length === 1)).toEqual(["v=spf1 -all"])
      expect(texts.find((chunks) => chunks.length === 3)).toBeDefined()
    })
  )

  it.live("tells a missing name from a missing type, and follows a chain", () =>
    Effect.gen(function* () {
      const { address, zone } = yield* DnsServer.make()
      yield* zone.put("a.example", "CNAME", "b.example")
      yield* zone.put("b.example", "CNAME", "c.example")
      yield* zone.put("c.example", "A", "192.0.2.7")
      const dns = resolver(address)
      expect(yield* Effect.promise(() => dns.resolve4("a.example"))).toEqual(["192.0.2.7"])
      expect(yield* failure(() => dns.resolveTxt("c.example"))).toBe("ENODATA")
      expect(yield* failure(() => dns.resolveTxt("d.example"))).toBe("ENOTFOUND")
      expect(yield* zone.remove("C.example.")).toBe(true)
      expect(yield* zone.remove("c.example")).toBe(false)
      expect(yield* failure(() => dns.resolve4("a.example"))).toBe("ENOTFOUND")
    })
  )

  it.live("gets a large answer over TCP", () =>
    Effect.gen(function* () {
      const { address, queries, zone } = yield* DnsServer.make()
      const long = "x".repeat(5000)
      yield* zone.put("big.example", "TXT", long)
      const texts = yield* Effect.promise(() => resolver(address).resolveTxt("big.example"))
      expect(texts.map((chunks) => chunks.join(""))).toEqual([long])
      expect((yield* queries).last.map((asked) => asked.transport)).toEqual(["udp", "tcp"])
    })
  )
})

describe("a raw packet", () => {
  it.live("is answered with authority, its id, its question and its spelling", () =>
    Effect.gen(function* () {
      const { port, zone } = yield* DnsServer.make()
      yield* zone.put("host.example", "A", "192.0.2.1", { ttl: 60 })
      for (const transport of [ask, askTcp]) {
        const reply = yield* transport(port, "HoSt.example", "A")
        expect([reply.id, reply.code, reply.flag_qr, reply.flag_aa, reply.flag_tc, reply.flag_rd]).toEqual([
          4711,
          0,
          true,
          true,
          false,
          true
        ])
        expect(reply.questions).toEqual([{ name: "HoSt.example", type: "A", class: "IN" }])
        expect(reply.answers).toMatchObject([{ name: "HoSt.example", type: "A", ttl: 60, data: "192.0.2.1" }])
        expect([reply.authorities, reply.additionals]).toEqual([[], []])
      }
    })
  )

  it.live("for what is missing is answered with the zone's SOA", () =>
    Effect.gen(function* () {
      const { port, zone } = yield* DnsServer.make()
      yield* zone.put("k._domainkey.example", "CNAME", "k.dkim.example")
      const missing = yield* ask(port, "nobody.example", "A")
      expect([missing.code, missing.answers, missing.authorities]).toEqual([3, [], soaOfRoot])
      // An empty non-terminal exists.
      const between = yield* ask(port, "_domainkey.example", "A")
      expect([between.code, between.answers, between.authorities]).toEqual([0, [], soaOfRoot])
      const notBelow = yield* ask(port, "domainkey.example", "A")
      expect(notBelow.code).toBe(3)
      // The end of the chain is what is missing (RFC 6604).
      const dangling = yield* ask(port, "k._domainkey.example", "TXT")
      expect([dangling.code, dangling.answers?.length, dangling.authorities]).toEqual([3, 1, soaOfRoot])
      const alias = yield* ask(port, "k._domainkey.example", "CNAME")
      expect([alias.code, alias.answers?.length, alias.authorities]).toEqual([0, 1, []])
    })
  )

  it.live("about the root itself is answered, and a loop of aliases ends", () =>
    Effect.gen(function* () {
      const { port, zone } = yield* DnsServer.make()
      expect((yield* ask(port, ".", "SOA")).answers).toEqual(soaOfRoot)
      expect((yield* ask(port, ".", "NS")).answers).toHaveLength(1)
      expect((yield* ask(port, ".", "A")).authorities).toEqual(soaOfRoot)
      yield* zone.put("a.example", "CNAME", "B.example")
      yield* zone.put("b.example", "CNAME", "A.example")
      const loop = yield* ask(port, "a.example", "A")
      expect([loop.code, loop.answers?.length]).toEqual([0, 2])
      for (let hop = 0; hop < 40; hop++) yield* zone.put(`h${hop}.example`, "CNAME", `h${hop + 1}.example`)
      expect((yield* askTcp(port, "h0.example", "A")).answers).toHaveLength(16)
    })
  )

  it.live("with EDNS gets it back, and more room", () =>
    Effect.gen(function* () {
      const { port, zone } = yield* DnsServer.make()
      yield* zone.put("mid.example", "TXT", "x".repeat(700))
      const edns = (udpPayloadSize: number, ednsVersion: number) => ({
        additionals: [
          {
            type: "OPT" as const,
            name: ".",
            udpPayloadSize,
            ednsVersion,
            extendedRcode: 0,
            flags: 0,
            flag_do: false,
            options: []
          }
        ]
      })
      const plain = yield* ask(port, "mid.example", "TXT")
      expect([plain.flag_tc, plain.answers, plain.additionals]).toEqual([true, [], []])
      const roomy = yield* ask(port, "mid.example", "TXT", edns(1232, 0))
      expect([roomy.flag_tc, roomy.answers?.length]).toEqual([false, 1])
      expect(roomy.additionals).toMatchObject([{ type: "OPT", udpPayloadSize: 1232, ednsVersion: 0 }])
      const newer = yield* ask(port, "mid.example", "TXT", edns(1232, 1))
      expect([newer.code, newer.additionals]).toMatchObject([0, [{ type: "OPT", extendedRcode: 1 }]])
      const two = yield* ask(port, "a.example", "A", {
        additionals: [edns(512, 0), edns(512, 0)].flatMap((e) => e.additionals)
      })
      expect(two.code).toBe(1)
    })
  )

  it.live("that asks for something else is refused", () =>
    Effect.gen(function* () {
      const { port } = yield* DnsServer.make()
      expect((yield* ask(port, "a.example", "AXFR")).code).toBe(5)
      expect(
        (yield* ask(port, "a.example", "A", { questions: [{ name: "a.example", type: "A", class: "CH" }] })).code
      ).toBe(5)
      expect((yield* ask(port, "a.example", "A", { questions: [] })).code).toBe(1)
      const two = [query("a.example", "A"), query("b.example", "A")].flatMap((bytes) => read(bytes).questions ?? [])
      expect((yield* ask(port, "a.example", "A", { questions: two })).code).toBe(1)
      expect((yield* ask(port, "a.example", "A", { flags: 5 << 11 })).code).toBe(4)
      // One label "a.example" is not the name of two labels.
      const oneLabel = Buffer.concat([
        query("a.example", "A").subarray(0, 12),
        Buffer.from("\x09a.example\0\0\x01\0\x01")
      ])
      expect(read(yield* udp(port, oneLabel)).code).toBe(1)
    })
  )

  it.live("that is an answer, or too short, is not answered", () =>
    Effect.gen(function* () {
      const { port, queries } = yield* DnsServer.make()
      const response = encode({ type: "response", id: 1, questions: [{ name: "a.example", type: "A" }] })
      for (const bytes of [response, Buffer.from("short"), Buffer.alloc(0)]) {
        expect((yield* Effect.flip(udp(port, bytes, 50))).message).toBe("timeout")
      }
      expect((yield* queries).count).toBe(0)
    })
  )

  it.live("of any kind does not stop the server", () =>
    Effect.gen(function* () {
      const { port, zone } = yield* DnsServer.make()
      yield* zone.put("alive.example", "A", "192.0.2.1")
      const good = query("alive.example", "A")
      const hostile = fc.oneof(
        fc.uint8Array({ minLength: 12, maxLength: 600 }),
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }).map((edits) => {
          const bytes = Buffer.from(good)
          for (const [at, value] of edits) bytes[at] = value
          return bytes
        })
      )
      for (const bytes of fc.sample(hostile, { numRuns: 400, seed: 7 })) {
        // As a query, so that each one has an answer to wait for.
        bytes[2] = (bytes[2] ?? 0) & 0x7f
        const reply = yield* udp(port, bytes)
        expect([...reply.subarray(0, 2)]).toEqual([...bytes.subarray(0, 2)])
        expect((reply[2] ?? 0) & 0x80).toBe(0x80)
      }
      expect((yield* ask(port, "alive.example", "A")).answers).toHaveLength(1)
    })
  )

  it.live("over TCP may come in pieces, and several at once", () =>
    Effect.gen(function* () {
      const { port, zone } = yield* DnsServer.make()
      yield* zone.put("a.example", "A", "192.0.2.1")
      const both = Buffer.concat([frame(query("a.example", "A")), frame(query("a.example", "A", { id: 2 }))])
      const pieces = [both.subarray(0, 1), both.subarray(1, 5), both.subarray(5, 40), both.subarray(40)]
      const one = frame(yield* tcp(port, query("a.example", "A"))).length
      const answers = yield* tcpBytes(port, pieces, (got) => got.length >= 2 * one)
      expect([read(answers.subarray(2, one)).id, read(answers.subarray(one + 2)).id].sort()).toEqual([2, 4711])
    })
  )
})

describe("the zone of a running server", () => {
  it.live("is stored as a list and restored by another server", () =>
    Effect.gen(function* () {
      const first = yield* DnsServer.make()
      yield* first.zone.put("a.example", "TXT", ["one", "two"])
      yield* first.zone.put("b.example", "CNAME", "c.example")
      const stored = yield* first.zone.list
      const second = yield* DnsServer.make({ records: stored })
      expect(yield* second.zone.list).toEqual(stored)
      const third = yield* DnsServer.make()
      yield* third.zone.put("gone.example", "TXT", "t")
      yield* third.zone.restore(stored)
      expect(yield* third.zone.list).toEqual(stored)
      expect((yield* ask(third.port, "gone.example", "TXT")).code).toBe(3)
    })
  )

  it.live("refuses a bad record and stays as it was", () =>
    Effect.gen(function* () {
      const { zone } = yield* DnsServer.make()
      yield* zone.put("a.example", "A", "192.0.2.1")
      const before = yield* zone.list
      const error = yield* Effect.flip(zone.put("a.example", "A", ["192.0.2.2", "nonsense"]))
      expect([error._tag, error.message]).toEqual(["DnsRecordRefused", "The value of an A record is an IPv4 address."])
      expect((yield* Effect.flip(zone.put("a.example", "CNAME", "b.example"))).reason).toBe("conflict")
      expect(yield* zone.list).toEqual(before)
    })
  )
})

describe("the queries", () => {
  it.live("are counted and noted, and can be waited for", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      const waiting = yield* Effect.forkChild(
        server.awaitQuery(({ name, type }) => name === "b.example" && type === "TXT", "2 seconds"),
        { startImmediately: true }
      )
      yield* ask(server.port, "A.example", "A")
      yield* askTcp(server.port, "b.example", "TXT")
      expect(yield* Fiber.join(waiting)).toEqual({ name: "b.example", type: "TXT", transport: "tcp" })
      expect(yield* server.queries).toEqual({
        count: 2,
        last: [
          { name: "a.example", type: "A", transport: "udp" },
          { name: "b.example", type: "TXT", transport: "tcp" }
        ]
      })
      const late = yield* Effect.flip(server.awaitQuery(() => false, "20 millis"))
      expect(late._tag).toBe("SandboxTimeout")
    })
  )
})

describe("close", () => {
  it.live("frees both sockets, hangs up, and can be done twice", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("a.example", "A", "192.0.2.1")
      yield* server.setFaults({ name: "*", kind: "slow" })
      const open = yield* Effect.forkChild(Effect.flip(tcp(server.port, query("a.example", "A"))), {
        startImmediately: true
      })
      yield* server.awaitHeld(1, "2 seconds")
      yield* server.close
      yield* server.close
      expect((yield* Fiber.join(open)).message).toMatch(/closed|ECONNRESET/)
      expect((yield* Effect.flip(tcp(server.port, query("a.example", "A")))).message).toContain("ECONNREFUSED")
      expect(yield* failure(() => resolver(server.address).resolve4("a.example"))).toBe("ECONNREFUSED")
      const again = yield* DnsServer.make({ port: server.port })
      expect(again.address).toBe(`127.0.0.1:${server.port}`)
    })
  )

  it.live("happens with the scope", () =>
    Effect.gen(function* () {
      const port = yield* Effect.scoped(Effect.map(DnsServer.make(), (server) => server.port))
      expect((yield* Effect.flip(tcp(port, query("a.example", "A")))).message).toContain("ECONNREFUSED")
    })
  )

  it.live("a port that is taken is a typed error with a sentence; without TCP there is none", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      const error = yield* Effect.flip(DnsServer.make({ port: server.port }))
      expect(error).toBeInstanceOf(DnsServerError)
      expect(error.message).toContain(`cannot listen on 127.0.0.1:${server.port} (UDP)`)
      const udpOnly = yield* DnsServer.make({ tcp: false })
      expect((yield* ask(udpOnly.port, "a.example", "A")).code).toBe(3)
      expect((yield* Effect.flip(tcp(udpOnly.port, query("a.example", "A")))).message).toContain("ECONNREFUSED")
    })
  )
})

describe("either server", () => {
  it.live("is a service as a layer", () =>
    Effect.gen(function* () {
      const [dns, smtp] = [yield* DnsServer, yield* SmtpSink]
      yield* dns.zone.put("a.example", "A", "192.0.2.1")
      expect((yield* ask(dns.port, "a.example", "A")).answers).toHaveLength(1)
      expect(yield* smtp.messages).toEqual([])
    }).pipe(Effect.provide([DnsServer.layer(), SmtpSink.layer()]))
  )

  it("is driven by promises too", async () => {
    const scope = Effect.runSync(Scope.make())
    const server = await Effect.runPromise(Scope.provide(DnsServer.make(), scope))
    await Effect.runPromise(server.zone.put("a.example", "A", "192.0.2.1"))
    expect(await resolver(server.address).resolve4("a.example")).toEqual(["192.0.2.1"])
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await expect(resolver(server.address).resolve4("a.example")).rejects.toThrow("ECONNREFUSED")
  })
})
