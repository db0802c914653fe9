import { SystemResolver } from "@countersign/dns"
import { DnsResolver } from "@countersign/engine"
import { type DnsFault, DnsServer } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { ask, deadServer, hasty } from "./Ask.ts"

const serverWith = Effect.fnUntraced(function* (...faults: ReadonlyArray<DnsFault>) {
  const server = yield* DnsServer.make()
  yield* server.zone.put("a.example", "CNAME", "b.example")
  yield* server.setFaults(faults)
  return server
})

describe("what is no answer is Unavailable, and says why", () => {
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
        expect(yield* ask({ ...hasty, servers: [server.address] }, name)).toEqual({
          _tag: "Unavailable",
          reason: `${server.address}: ${words}`,
          servers: [server.address]
        })
      }
    })
  )

  it.live("a closed port", () =>
    Effect.gen(function* () {
      const dead = yield* deadServer
      const answer = yield* ask({ servers: [dead] }, "a.example")
      expect(answer).toEqual({ _tag: "Unavailable", reason: `${dead}: nobody answers there`, servers: [dead] })
    })
  )

  it.live("a closed port at an IPv6 address", () =>
    Effect.gen(function* () {
      const answer = yield* ask({ servers: ["[::1]:1"] }, "a.example")
      expect(answer).toEqual({ _tag: "Unavailable", reason: "[::1]:1: nobody answers there", servers: ["[::1]:1"] })
    })
  )

  it.live("TCP that is needed and refused", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make({ tcp: false })
      yield* server.zone.put("long.example", "TXT", "x".repeat(5000))
      expect((yield* ask({ servers: [server.address] }, "long.example", "TXT"))._tag).toBe("Unavailable")
    })
  )

  it.live("TCP that is needed and silent", () =>
    Effect.gen(function* () {
      const server = yield* serverWith(
        { kind: "timeout", name: "*", transport: "tcp" },
        { kind: "truncate", name: "*" }
      )
      const answer = yield* ask({ ...hasty, servers: [server.address] }, "a.example")
      expect(answer).toMatchObject({ _tag: "Unavailable", reason: `${server.address}: no answer in time` })
    })
  )
})

describe("a truncated answer is asked for again over TCP", () => {
  it.live("and is whole then", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      const text = "y".repeat(20_000)
      yield* server.zone.put("long.example", "TXT", text)
      const answer = yield* ask({ servers: [server.address] }, "long.example", "TXT")
      expect(answer).toEqual({ _tag: "Records", values: [text], servers: [server.address] })
      expect((yield* server.queries).last.map(({ transport }) => transport)).toEqual(["udp", "tcp"])
    })
  )
})

describe("several servers, several tries", () => {
  it.live.each(["servfail", "refused", "timeout"] as const)("%s at the first: the second is asked", (kind) =>
    Effect.gen(function* () {
      const [bad, good] = [yield* serverWith({ kind, name: "*" }), yield* serverWith()]
      expect(yield* ask({ servers: [bad.address, good.address], timeout: "1 second" }, "a.example")).toEqual({
        _tag: "Records",
        values: ["b.example"],
        servers: [bad.address, good.address]
      })
    })
  )

  it.live("the first is dead: the second is asked", () =>
    Effect.gen(function* () {
      const [dead, good] = [yield* deadServer, yield* serverWith()]
      const answer = yield* ask({ servers: [dead, good.address] }, "nowhere.example")
      expect(answer).toEqual({ _tag: "NoName", servers: [dead, good.address] })
    })
  )

  it.live("the first answers: the second is not asked", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* serverWith(), yield* serverWith()]
      const servers = [first.address, second.address]
      expect((yield* ask({ servers }, "a.example"))._tag).toBe("Records")
      expect((yield* ask({ servers }, "nowhere.example"))._tag).toBe("NoName")
      expect((yield* second.queries).count).toBe(0)
    })
  )

  it.live("all fail: each has its reason", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* serverWith({ kind: "servfail", name: "*" }), yield* deadServer]
      const answer = yield* ask({ servers: [one.address, two] }, "a.example")
      expect(answer).toMatchObject({ reason: `${one.address}: SERVFAIL; ${two}: nobody answers there` })
    })
  )

  it.live("a stutter is asked again, as often as told", () =>
    Effect.gen(function* () {
      const server = yield* serverWith({ kind: "servfail", name: "*", times: 2 })
      expect((yield* ask({ servers: [server.address], tries: 2 }, "a.example"))._tag).toBe("Unavailable")
      expect((yield* server.queries).count).toBe(2)
      expect((yield* ask({ servers: [server.address], tries: 2 }, "a.example"))._tag).toBe("Records")
    })
  )
})

describe("a query ends", () => {
  it.live("also when every server is silent, within its bound", () =>
    Effect.gen(function* () {
      const server = yield* serverWith({ kind: "timeout", name: "*" })
      const servers = [server.address, server.address]
      // 2 tries * 2 servers * 300 ms, and the machine may be slow.
      const answer = yield* Effect.timeout(ask({ ...hasty, servers, tries: 2 }, "a.example"), "5 seconds")
      expect(answer._tag).toBe("Unavailable")
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
        const { query } = yield* DnsResolver
        expect((yield* query("a.example", "CNAME"))._tag).toBe("Unavailable")
        expect((yield* query("a.example", "CNAME"))._tag).toBe("Records")
      }).pipe(Effect.provide(resolver))
    })
  )
})
