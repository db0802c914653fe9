import { DnsServer } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { said } from "./Ask.ts"
import { runInChildProcess } from "./ChildProcess.ts"

describe("names are asked for as they are", () => {
  it.live("no search domain is appended, whatever the machine's settings are", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("single.search.example", "CNAME", "found.example")
      yield* server.zone.put("a.b.search.example", "CNAME", "found.example")
      const outcomes = yield* Effect.promise(() => queryInChildProcess(server.address, ["single", "a.b"]))
      expect(outcomes).toEqual(["nxdomain", "nxdomain"])
      expect((yield* server.queries).last.map(({ name }) => name)).toEqual(["single", "a.b"])
    })
  )

  it.live("no other spelling reaches the wire: neither a cut nor a mapped one", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      for (const name of [
        "a\0b.example",
        "bücher.example",
        "a/b.example",
        "a%41.example",
        "a b.example",
        "*.example"
      ]) {
        const answer = yield* said({ servers: [server.address] }, name)
        expect(answer, name).toMatchObject([[server.address, "unavailable", expect.stringContaining("it is no name")]])
      }
      expect((yield* server.queries).count).toBe(0)
    })
  )

  it.live("not even the hosts file and names that stay on the machine are answered without asking", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("localhost", "A", "192.0.2.1")
      const answer = yield* said({ servers: [server.address] }, "localhost", "A")
      expect(answer).toEqual([[server.address, "records", ["192.0.2.1"]]])
    })
  )
})

// What c-ares does not tell. These tests hold the limits that the header of SystemResolver.ts names; one that fails
// after an upgrade of Node is good news.
describe("limits of node:dns", () => {
  it.live("of several CNAME records at one name, one is told", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("two.example", "CNAME", ["one.example", "other.example"], { allowConflict: true })
      const answer = yield* said({ servers: [server.address] }, "two.example")
      expect(answer).toEqual([[server.address, "records", ["one.example"]]])
    })
  )

  it.live("records of another owner count when id and question are right", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("liar.example", "CNAME", "lie.example")
      yield* server.setFaults({ kind: "wrongOwner", name: "*", instead: "liar.example" })
      const answer = yield* said({ servers: [server.address] }, "asked.example")
      expect(answer).toEqual([[server.address, "records", ["lie.example"]]])
    })
  )
})

describe("an alias, asked for another type", () => {
  it.live("is told itself, whatever stands at its end", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("dangling.example", "CNAME", "nowhere.example")
      yield* server.zone.put("self.example", "CNAME", "self.example")
      yield* server.zone.put("alias.example", "CNAME", "host.example")
      yield* server.zone.put("host.example", "A", "192.0.2.1")
      for (const [name, target] of [
        ["dangling.example", "nowhere.example"],
        ["self.example", "self.example"],
        ["alias.example", "host.example"]
      ] as const) {
        const answer = yield* said({ servers: [server.address] }, name, "A")
        expect(answer, name).toEqual([[server.address, "records", [target]]])
      }
    })
  )

  it.live("is not called missing when it cannot be asked for itself", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("dangling.example", "CNAME", "nowhere.example")
      yield* server.setFaults({ kind: "servfail", name: "*", type: "CNAME" })
      const answer = yield* said({ servers: [server.address] }, "dangling.example", "A")
      expect(answer).toEqual([[server.address, "unavailable", "SERVFAIL"]])
    })
  )
})

/** Asks in a process whose resolver settings (resolv.conf, by environment) have a search list. */
const queryInChildProcess = async (server: string, names: ReadonlyArray<string>): Promise<unknown> => {
  const script = `
    import { SystemResolver } from "@countersign/dns"
    import { DnsResolver } from "@countersign/engine"
    import { Effect } from "effect"
    const { ask } = await Effect.runPromise(
      Effect.provide(DnsResolver, SystemResolver.layer({ servers: [${JSON.stringify(server)}] })))
    const outcomes = []
    for (const name of ${JSON.stringify(names)}) {
      const { sources } = await Effect.runPromise(ask(name, "CNAME"))
      outcomes.push(sources.map(({ outcome }) => outcome).join())
    }
    console.log(JSON.stringify(outcomes))`
  return JSON.parse(await runInChildProcess(script, { LOCALDOMAIN: "search.example", RES_OPTIONS: "ndots:5" }))
}
