import { Resolver } from "node:dns/promises"
import { describe, expect, it } from "@effect/vitest"
import { decode } from "dns-packet"
import { Effect, Fiber } from "effect"
import { type DnsFault, DnsServer } from "../src/index.ts"
import { ask, askTcp, query, read, tcp, udp } from "./DnsClient.ts"

/** A server with two names, and what a real resolver makes of the first one. */
const given = Effect.gen(function* () {
  const server = yield* DnsServer.make()
  yield* server.zone.put("a.example", "TXT", "right")
  yield* server.zone.put("evil.example", "TXT", "wrong")
  /** `patience` in milliseconds; c-ares waits a few times longer before it gives up. */
  const resolve = (patience: number) => {
    const resolver = new Resolver({ timeout: patience, tries: 1 })
    resolver.setServers([server.address])
    return Effect.promise(() =>
      resolver.resolveTxt("a.example").then(
        (texts) => texts.flat().join(),
        (error: unknown) => (error instanceof Error && "code" in error ? error.code : error)
      )
    )
  }
  return { server, resolve }
})

describe("what a real resolver makes of a fault", () => {
  const cases: ReadonlyArray<readonly [string, DnsFault, string]> = [
    ["servfail", { name: "a.example", kind: "servfail" }, "ESERVFAIL"],
    ["refused", { name: "a.example", kind: "refused" }, "EREFUSED"],
    ["formerr", { name: "a.example", kind: "formerr" }, "EFORMERR"],
    ["notimp", { name: "a.example", kind: "notimp" }, "ENOTIMP"],
    ["timeout", { name: "a.example", kind: "timeout" }, "ETIMEOUT"],
    ["truncate, TCP answers", { name: "a.example", kind: "truncate" }, "right"],
    ["wrongId", { name: "a.example", kind: "wrongId" }, "ETIMEOUT"],
    ["wrongQuestion", { name: "a.example", kind: "wrongQuestion", instead: "evil.example" }, "ETIMEOUT"],
    ["another name's fault", { name: "b.example", kind: "servfail" }, "right"],
    ["another type's fault", { name: "A.Example.", kind: "servfail", type: "CNAME" }, "right"]
  ]
  for (const [what, fault, outcome] of cases) {
    it.live(`${what}: ${outcome}`, () =>
      Effect.gen(function* () {
        const { resolve, server } = yield* given
        yield* server.setFaults(fault)
        expect(yield* resolve(outcome === "ETIMEOUT" ? 50 : 3000)).toBe(outcome)
        yield* server.setFaults(undefined)
        expect(yield* resolve(3000)).toBe("right")
      })
    )
  }

  it.live("truncate with TCP reset: no answer", () =>
    Effect.gen(function* () {
      const { resolve, server } = yield* given
      yield* server.setFaults({ name: "*", kind: "truncate", tcp: "reset" })
      expect(yield* resolve(50)).not.toBe("right")
      expect((yield* server.queries).last.map(({ transport }) => transport)).toContain("tcp")
    })
  )
})

describe("on the wire", () => {
  it.live("a code comes without records", () =>
    Effect.gen(function* () {
      const { server } = yield* given
      yield* server.setFaults({ name: "*", kind: "servfail" })
      const reply = yield* askTcp(server.port, "a.example", "TXT")
      expect([reply.code, reply.answers, reply.id]).toEqual([2, [], 4711])
    })
  )

  it.live("a truncated answer has TC and nothing else, and TCP has the whole or is reset", () =>
    Effect.gen(function* () {
      const { server } = yield* given
      yield* server.setFaults({ name: "a.example", kind: "truncate" })
      const cut = yield* ask(server.port, "a.example", "TXT")
      expect([cut.flag_tc, cut.answers]).toEqual([true, []])
      expect((yield* askTcp(server.port, "a.example", "TXT")).answers).toHaveLength(1)
      yield* server.setFaults({ name: "a.example", kind: "truncate", tcp: "reset" })
      expect((yield* ask(server.port, "a.example", "TXT")).flag_tc).toBe(true)
      expect((yield* Effect.flip(tcp(server.port, query("a.example", "TXT")))).message).toContain("ECONNRESET")
    })
  )

  it.live("a wrong id is another id on the right answer", () =>
    Effect.gen(function* () {
      const { server } = yield* given
      yield* server.setFaults({ name: "*", kind: "wrongId" })
      const reply = yield* ask(server.port, "a.example", "TXT")
      expect(reply.id).not.toBe(4711)
      expect(reply.answers).toHaveLength(1)
    })
  )

  it.live("a lie is the answer about another name, under its question or under the one that was asked", () =>
    Effect.gen(function* () {
      const { server } = yield* given
      const lie = { name: "a.example", instead: "evil.example" }
      yield* server.setFaults({ ...lie, kind: "wrongQuestion" })
      const about = yield* ask(server.port, "a.example", "TXT")
      expect([about.questions?.[0]?.name, about.answers?.[0]?.name]).toEqual(["evil.example", "evil.example"])
      yield* server.setFaults({ ...lie, kind: "wrongOwner" })
      const under = yield* ask(server.port, "a.example", "TXT")
      expect([under.questions?.[0]?.name, under.answers?.[0]?.name]).toEqual(["a.example", "evil.example"])
    })
  )

  it.live("garbage has the id and cannot be read, or is what the script says", () =>
    Effect.gen(function* () {
      const { server } = yield* given
      yield* server.setFaults({ name: "*", kind: "garbage" })
      const bytes = yield* udp(server.port, query("a.example", "TXT"))
      expect(bytes.readUInt16BE(0)).toBe(4711)
      expect(() => decode(bytes)).toThrow()
      yield* server.setFaults({ name: "*", kind: "garbage", bytes: Buffer.from("hello") })
      expect((yield* tcp(server.port, query("a.example", "TXT"))).toString()).toBe("hello")
    })
  )
})

describe("the script", () => {
  it.live("strikes so many times, for one transport if it says so", () =>
    Effect.gen(function* () {
      const { server } = yield* given
      yield* server.setFaults([
        { name: "a.example", kind: "servfail", times: 2, transport: "udp" },
        { name: "a.example", kind: "refused", times: 1, transport: "udp" }
      ])
      expect((yield* askTcp(server.port, "a.example", "TXT")).code).toBe(0)
      const codes: Array<number> = []
      for (const _ of [1, 2, 3, 4]) codes.push((yield* ask(server.port, "a.example", "TXT")).code)
      expect(codes).toEqual([2, 2, 5, 0])
    })
  )

  it.live("holds an answer until it is released, and gives the zone as it is then", () =>
    Effect.gen(function* () {
      const { server } = yield* given
      yield* server.setFaults({ name: "a.example", kind: "slow", times: 1 })
      const asking = yield* Effect.forkChild(udp(server.port, query("a.example", "TXT")), { startImmediately: true })
      yield* server.awaitHeld(1, "2 seconds")
      yield* server.zone.put("a.example", "TXT", ["one", "two"])
      expect((yield* ask(server.port, "evil.example", "TXT")).answers).toHaveLength(1)
      yield* server.release
      expect(read(yield* Fiber.join(asking)).answers).toHaveLength(2)
    })
  )

  it.live("delays an answer, and then goes on with the faults behind", () =>
    Effect.gen(function* () {
      const { server } = yield* given
      yield* server.setFaults([
        { name: "*", kind: "slow", wait: "30 millis" },
        { name: "*", kind: "refused" }
      ])
      const asking = yield* Effect.forkChild(ask(server.port, "a.example", "TXT"), { startImmediately: true })
      yield* server.awaitHeld(1, "2 seconds")
      expect((yield* Fiber.join(asking)).code).toBe(5)
    })
  )
})
