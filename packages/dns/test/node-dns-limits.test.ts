import { DnsServer } from "@countersign/sandbox"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask } from "./Ask.ts"
import { runInChildProcess } from "./ChildProcess.ts"

describe("names are asked for as they are", () => {
  it.live("no search domain is appended, whatever the machine's settings are", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("single.search.example", "CNAME", "found.example")
      yield* server.zone.put("a.b.search.example", "CNAME", "found.example")
      const tags = yield* Effect.promise(() => queryInChildProcess(server.address, ["single", "a.b"]))
      expect(tags).toEqual(["NoName", "NoName"])
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
        expect((yield* ask({ servers: [server.address] }, name))._tag, name).toBe("Unavailable")
      }
      expect((yield* server.queries).count).toBe(0)
    })
  )

  it.live("not even the hosts file and names that stay on the machine are answered without asking", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("localhost", "A", "192.0.2.1")
      const answer = yield* ask({ servers: [server.address] }, "localhost", "A")
      expect(answer).toMatchObject({ _tag: "Records", values: ["192.0.2.1"] })
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
      const answer = yield* ask({ servers: [server.address] }, "two.example")
      expect(answer).toMatchObject({ _tag: "Records", values: ["one.example"] })
    })
  )

  it.live("records of another owner count when id and question are right", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("liar.example", "CNAME", "lie.example")
      yield* server.setFaults({ kind: "wrongOwner", name: "*", instead: "liar.example" })
      const answer = yield* ask({ servers: [server.address] }, "asked.example")
      expect(answer).toMatchObject({ _tag: "Records", values: ["lie.example"] })
    })
  )

  it.live("the address behind an alias is told for the alias", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("alias.example", "CNAME", "host.example")
      yield* server.zone.put("host.example", "A", "192.0.2.1")
      const answer = yield* ask({ servers: [server.address] }, "alias.example", "A")
      expect(answer).toMatchObject({ _tag: "Records", values: ["192.0.2.1"] })
    })
  )
})

describe("aliases that lead nowhere, asked for an address", () => {
  it.live("are there, without one: dangling, in a loop, or at a name of another type", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("dangling.example", "CNAME", "nowhere.example")
      yield* server.zone.put("self.example", "CNAME", "self.example")
      yield* server.zone.put("one.example", "CNAME", "two.example")
      yield* server.zone.put("two.example", "CNAME", "one.example")
      yield* server.zone.put("texts.example", "CNAME", "text.example")
      yield* server.zone.put("text.example", "TXT", "text")
      for (const name of ["dangling.example", "self.example", "one.example", "texts.example"]) {
        expect(yield* ask({ servers: [server.address] }, name, "A"), name).toMatchObject({ _tag: "NoData" })
      }
    })
  )

  it.live("are not called missing when the alias itself cannot be asked for", () =>
    Effect.gen(function* () {
      const server = yield* DnsServer.make()
      yield* server.zone.put("dangling.example", "CNAME", "nowhere.example")
      yield* server.setFaults({ kind: "servfail", name: "*", type: "CNAME" })
      const answer = yield* ask({ servers: [server.address] }, "dangling.example", "A")
      expect(answer._tag).toBe("Unavailable")
    })
  )
})

/** Asks in a process whose resolver settings (resolv.conf, by environment) have a search list. */
const queryInChildProcess = async (server: string, names: ReadonlyArray<string>): Promise<unknown> => {
  const script = `
    import { SystemResolver } from "@countersign/dns"
    import { DnsResolver } from "@countersign/engine"
    import { Effect } from "effect"
    const { query } = await Effect.runPromise(
      Effect.provide(DnsResolver, SystemResolver.layer({ servers: [${JSON.stringify(server)}] })))
    const tags = []
    for (const name of ${JSON.stringify(names)}) tags.push((await Effect.runPromise(query(name, "CNAME")))._tag)
    console.log(JSON.stringify(tags))`
  return JSON.parse(await runInChildProcess(script, { LOCALDOMAIN: "search.example", RES_OPTIONS: "ndots:5" }))
}
