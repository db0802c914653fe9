import { SystemResolver } from "@countersign/dns"
import { DnsResolver } from "@countersign/engine"
import { type DnsFault, DnsServer } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { ask, deadServer, hasty, said } from "./Ask.ts"

const serverWith = Effect.fnUntraced(function* (...faults: ReadonlyArray<DnsFault>) {
  const server = yield* DnsServer.make()
  yield* server.zone.put("a.example", "CNAME", "b.example")
  yield* server.setFaults(faults)
  return server
})

describe("what is no answer is unavailable, and says why", () => {
  const faults: ReadonlyArray<readonly [string, DnsFault, string]> = [
    ["SERVFAIL", { kind: "servfail", name: "*" }, "SERVFAIL"],
    ["REFUSED", { kind: "refused", name: "*" }, "REFUSED"],
    ["NOTIMP", { kind: "notimp", name: "*" }, "NOTIMP"],
    ["FORMERR", { kind: "formerr", name: "*" }, "FORMERR"],
    ["silence", { kind: "timeout", name: "*" }, "no answer in time"],
    ["an answer with a wrong id", { kind: "wrongId", name: "*" }, "no answer in time"],
    [
      "an answer to another question",
      { kind: "wrongQuestion", name: "*", instead: "other.example" },
      "no answer in time"
    ],
    ["garbage", { kind: "garbage", name: "*" }, "the answer makes no sense"],
    ["a truncated answer, and TCP reset", { kind: "truncate", name: "*", tcp: "reset" }, "nobody answers there"]
  ]
  it.live.each(faults)("%s", ([, fault, words]) =>
    Effect.gen(function* () {
      const server = yield* serverWith(fault)
      yield* server.zone.put("other.example", "CNAME", "liar.example")
      for (const name of ["a.example", "nowhere.example"]) {
        const answer = yield* said({ ...hasty, servers: [server.address] }, name)
        expect(answer).toEqual([[server.address, "unavailable", words]])
      }
    })
  )

  it.live("a closed port", () =>
    Effect.gen(function* () {
      const dead = yield* deadServer
      expect(yield* said({ servers: [dead] }, "a.example")).toEqual([[dead, "unavailable", "nobody answers there"]])
    })
  )

  it.live("a closed port at an IPv6 address", () =>
    Effect.gen(function* () {
      const answer = yield* said({ servers: ["[::1]:1"] }, "a.example")
      expect(answer).toEqual([["[::1]:1", "unavailable", "nobody answers there"]])
    })
  )

  it.live("TCP that is needed and refused", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make({ tcp: false })
      yield* server.zone.put("long.example", "TXT", "x".repeat(5000))
      const answer = yield* said({ servers: [server.address] }, "long.example", "TXT")
      expect(answer).toMatchObject([[server.address, "unavailable", expect.any(String)]])
    })
  )

  it.live("TCP that is needed and silent", () =>
    Effect.gen(function* () {
      const server = yield* serverWith(
        { kind: "timeout", name: "*", transport: "tcp" },
        { kind: "truncate", name: "*" }
      )
      const answer = yield* said({ ...hasty, servers: [server.address] }, "a.example")
      expect(answer).toEqual([[server.address, "unavailable", "no answer in time"]])
    })
  )
})

describe("a truncated answer is asked for again over TCP", () => {
  it.live("and is whole then", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      const text = "y".repeat(20_000)
      yield* server.zone.put("long.example", "TXT", text)
      const answer = yield* said({ servers: [server.address] }, "long.example", "TXT")
      expect(answer).toEqual([[server.address, "records", [text]]])
      expect((yield* server.queries).last.map(({ transport }) => transport)).toEqual(["udp", "udp", "tcp"])
    })
  )
})

describe("several servers, several tries", () => {
  it.live.each(["servfail", "refused", "timeout"] as const)("%s at the first: the second is asked", (kind) =>
    Effect.gen(function* () {
      const [bad, good] = [yield* serverWith({ kind, name: "*" }), yield* serverWith()]
      expect(yield* said({ servers: [bad.address, good.address], timeout: "1 second" }, "a.example")).toEqual([
        [bad.address, "unavailable", expect.any(String)],
        [good.address, "records", ["b.example"]]
      ])
    })
  )

  it.live("the first is dead: the second is asked", () =>
    Effect.gen(function* () {
      const [dead, good] = [yield* deadServer, yield* serverWith()]
      expect(yield* said({ servers: [dead, good.address] }, "nowhere.example")).toEqual([
        [dead, "unavailable", "nobody answers there"],
        [good.address, "nxdomain", []]
      ])
    })
  )

  it.live("the first answers: the second is not asked", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* serverWith(), yield* serverWith()]
      const servers = [first.address, second.address]
      expect(yield* said({ servers }, "a.example")).toEqual([[first.address, "records", ["b.example"]]])
      expect(yield* said({ servers }, "nowhere.example")).toEqual([[first.address, "nxdomain", []]])
      expect((yield* second.queries).count).toBe(0)
    })
  )

  it.live("all fail: each has its reason", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* serverWith({ kind: "servfail", name: "*" }), yield* deadServer]
      expect(yield* said({ servers: [one.address, two] }, "a.example")).toEqual([
        [one.address, "unavailable", "SERVFAIL"],
        [two, "unavailable", "nobody answers there"]
      ])
    })
  )

  it.live("a stutter is asked again, as often as told", () =>
    Effect.gen(function* () {
      const server = yield* serverWith({ kind: "servfail", name: "*", times: 2 })
      const twice = { servers: [server.address], tries: 2 }
      expect(yield* said(twice, "a.example")).toEqual([[server.address, "unavailable", "SERVFAIL"]])
      expect((yield* server.queries).count).toBe(2)
      expect(yield* said(twice, "a.example")).toEqual([[server.address, "records", ["b.example"]]])
    })
  )
})

describe("a query ends", () => {
  it.live("also when every server is silent, within its bound", () =>
    Effect.gen(function* () {
      const server = yield* serverWith({ kind: "timeout", name: "*" })
      const servers = [server.address, server.address]
      // 2 tries * 2 servers * 300 ms, and the machine may be slow.
      const answer = yield* Effect.timeout(said({ ...hasty, servers, tries: 2 }, "a.example"), "5 seconds")
      expect(answer).toEqual([[server.address, "unavailable", "no answer in time"]])
      expect((yield* server.queries).count).toBe(4)
    })
  )

  it.live("at once when it is interrupted", () =>
    Effect.gen(function* () {
      const server = yield* serverWith({ kind: "slow", name: "*" })
      const asking = yield* Effect.forkChild(ask({ servers: [server.address], timeout: "1 hour" }, "a.example"))
      yield* server.awaitHeld(1, "5 seconds")
      yield* Effect.timeout(Fiber.interrupt(asking), "5 seconds")
    })
  )

  it.live("and leaves nothing behind that spoils the next one", () =>
    Effect.gen(function* () {
      const server = yield* serverWith({ kind: "timeout", name: "*", times: 1 })
      const resolver = SystemResolver.layer({ servers: [server.address], timeout: "1 second", tries: 1 })
      yield* Effect.gen(function* () {
        const resolver = yield* DnsResolver
        const outcomes = Effect.map(resolver.ask("a.example", "CNAME"), ({ sources }) =>
          sources.map((one) => one.outcome)
        )
        expect(yield* outcomes).toEqual(["unavailable"])
        expect(yield* outcomes).toEqual(["records"])
      }).pipe(Effect.provide(resolver))
    })
  )
})
