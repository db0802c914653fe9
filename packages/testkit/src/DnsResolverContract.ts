/**
 * The contract of a DNS resolver: what every adapter of the port promises, clause by clause.
 *
 * The suite asks the resolver and works the world behind it through `DnsWorld`: a zone that can be changed, and names
 * about which nobody can be asked.
 */
import { type DnsRecordType, DnsResolver } from "@countersign/engine"
import { describe, expect, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, type Scope } from "effect"

/** The DNS that the resolver under test asks. Empty when the layer is built. */
export class DnsWorld extends Context.Service<
  DnsWorld,
  {
    /** Replaces the records of the type at the name. */
    readonly put: (name: string, type: DnsRecordType, ...values: ReadonlyArray<string>) => Effect.Effect<void>
    /** Removes everything at the name. */
    readonly remove: (name: string) => Effect.Effect<void>
    /** Nobody can be asked about the name any more. */
    readonly breakDown: (name: string) => Effect.Effect<void>
    /** Ends every break-down. */
    readonly restore: Effect.Effect<void>
  }
>()("countersign/testkit/DnsWorld") {}

/** Registers the suite with vitest. The layer is built anew for each clause. */
export const dnsResolverContract = (name: string, layer: Layer.Layer<DnsResolver | DnsWorld, unknown>): void => {
  const clause = (title: string, body: Effect.Effect<void, unknown, DnsResolver | DnsWorld | Scope.Scope>) =>
    it.live(title, () => Effect.provide(body, Layer.fresh(layer)))

  describe(`the contract of a DNS resolver: ${name}`, () => {
    clause(
      "R.1 records of each type are told in the form of zone files",
      Effect.gen(function* () {
        const { put } = yield* DnsWorld
        yield* put("alias.example", "CNAME", "target.example")
        yield* put("host.example", "A", "192.0.2.1", "192.0.2.2")
        yield* put("host.example", "AAAA", "2001:db8::1")
        yield* put("host.example", "NS", "ns1.example", "ns2.example")
        yield* put("host.example", "TXT", "v=spf1 -all", "Grüße €")
        yield* put("host.example", "MX", "10 mx1.example", "20 mx2.example")
        yield* put("silent.example", "MX", "0 .")
        expect(yield* records("alias.example", "CNAME")).toEqual(["target.example"])
        expect(yield* records("host.example", "A")).toEqual(["192.0.2.1", "192.0.2.2"])
        expect(yield* records("host.example", "AAAA")).toEqual(["2001:db8::1"])
        expect(yield* records("host.example", "NS")).toEqual(["ns1.example", "ns2.example"])
        expect(yield* records("host.example", "TXT")).toEqual([
          "Gr\\195\\188\\195\\159e \\226\\130\\172",
          "v=spf1 -all"
        ])
        expect(yield* records("host.example", "MX")).toEqual(["10 mx1.example", "20 mx2.example"])
        expect(yield* records("silent.example", "MX")).toEqual(["0 ."])
      })
    )

    clause(
      "R.2 a text longer than one string of the wire is told as one",
      Effect.gen(function* () {
        const text = Array.from({ length: 600 }, (_, at) => String.fromCharCode(97 + (at % 26))).join("")
        yield* (yield* DnsWorld).put("long.example", "TXT", text)
        expect(yield* records("long.example", "TXT")).toEqual([text])
      })
    )

    clause(
      "R.3 names match and are told lower-cased and without the trailing dot",
      Effect.gen(function* () {
        yield* (yield* DnsWorld).put("alias.example", "CNAME", "Target.EXAMPLE.")
        expect(yield* records("alias.example", "CNAME")).toEqual(["target.example"])
        expect(yield* records("ALIAS.Example.", "CNAME")).toEqual(["target.example"])
      })
    )

    clause(
      "R.4 a name that is not there is nxdomain",
      Effect.gen(function* () {
        yield* (yield* DnsWorld).put("there.example", "A", "192.0.2.1")
        for (const type of types) expect(yield* outcome("nowhere.example", type), type).toBe("nxdomain")
        expect(yield* outcome("below.there.example", "CNAME")).toBe("nxdomain")
      })
    )

    clause(
      "R.5 a name without records of the type is nodata",
      Effect.gen(function* () {
        const { put } = yield* DnsWorld
        yield* put("address.example", "A", "192.0.2.1")
        yield* put("text.example", "TXT", "text")
        for (const type of types.filter((other) => other !== "A")) {
          expect(yield* outcome("address.example", type), type).toBe("nodata")
        }
        expect(yield* outcome("text.example", "A")).toBe("nodata")
      })
    )

    clause(
      "R.6 a name that only has names below it is there: nodata",
      Effect.gen(function* () {
        yield* (yield* DnsWorld).put("token._domainkey.example", "CNAME", "token.dkim.example")
        expect(yield* outcome("_domainkey.example", "CNAME")).toBe("nodata")
        expect(yield* outcome("_domainkey.example", "TXT")).toBe("nodata")
      })
    )

    clause(
      "R.7 an alias is told one hop at a time, wherever it leads",
      Effect.gen(function* () {
        const { put } = yield* DnsWorld
        yield* put("one.example", "CNAME", "two.example")
        yield* put("two.example", "CNAME", "three.example")
        yield* put("three.example", "A", "192.0.2.1")
        yield* put("dangling.example", "CNAME", "nowhere.example")
        yield* put("self.example", "CNAME", "self.example")
        expect(yield* records("one.example", "CNAME")).toEqual(["two.example"])
        expect(yield* records("two.example", "CNAME")).toEqual(["three.example"])
        expect(yield* outcome("three.example", "CNAME")).toBe("nodata")
        expect(yield* records("dangling.example", "CNAME")).toEqual(["nowhere.example"])
        expect(yield* records("self.example", "CNAME")).toEqual(["self.example"])
      })
    )

    clause(
      "R.8 an alias is the answer for any type, wherever it leads: nobody looks behind it",
      Effect.gen(function* () {
        const { put } = yield* DnsWorld
        yield* put("dangling.example", "CNAME", "nowhere.example")
        yield* put("alias.example", "CNAME", "host.example")
        yield* put("host.example", "A", "192.0.2.1")
        for (const type of ["A", "TXT"] as const) {
          expect(yield* records("dangling.example", type), type).toEqual(["nowhere.example"])
          expect(yield* records("alias.example", type), type).toEqual(["host.example"])
        }
      })
    )

    clause(
      "R.9 underscores and the longest names are asked for as they are",
      Effect.gen(function* () {
        const longest = `${`${"x".repeat(63)}.`.repeat(3)}${"y".repeat(61)}`
        expect(longest.length).toBe(253)
        for (const name of ["_x_.__.example", longest]) {
          yield* (yield* DnsWorld).put(name, "CNAME", "target.example")
          expect(yield* records(name, "CNAME")).toEqual(["target.example"])
        }
      })
    )

    clause(
      "R.10 no other name is ever asked for: text that is no name has no records",
      Effect.gen(function* () {
        const { put } = yield* DnsWorld
        for (const name of ["a", "a.example", "b.example", "example"]) yield* put(name, "CNAME", "target.example")
        const hostile = [
          "",
          ".",
          "a..example",
          "a\0.example",
          "a\0",
          "a example",
          "x/../a.example",
          "a.example\r\nb.example"
        ]
        for (const name of [...hostile, `${"x".repeat(64)}.example`, `${"x.".repeat(200)}example`]) {
          expect(yield* outcome(name, "CNAME"), JSON.stringify(name)).not.toBe("records")
        }
      })
    )

    clause(
      "R.11 what could not be asked is unavailable with a reason, never an answer about the name",
      Effect.gen(function* () {
        const { breakDown, put, restore } = yield* DnsWorld
        yield* put("there.example", "CNAME", "target.example")
        yield* breakDown("there.example")
        yield* breakDown("nowhere.example")
        for (const name of ["there.example", "nowhere.example"]) {
          const { sources } = yield* ask(name, "CNAME")
          for (const { outcome, reason = "" } of sources) {
            expect(outcome).toBe("unavailable")
            expect(reason).not.toBe("")
          }
        }
        yield* restore
        expect(yield* records("there.example", "CNAME")).toEqual(["target.example"])
        expect(yield* outcome("nowhere.example", "CNAME")).toBe("nxdomain")
      })
    )

    clause(
      "R.12 a change is seen by the next question",
      Effect.gen(function* () {
        const { put, remove } = yield* DnsWorld
        expect(yield* outcome("new.example", "CNAME")).toBe("nxdomain")
        yield* put("new.example", "CNAME", "one.example")
        expect(yield* records("new.example", "CNAME")).toEqual(["one.example"])
        yield* put("new.example", "CNAME", "two.example")
        expect(yield* records("new.example", "CNAME")).toEqual(["two.example"])
        yield* remove("new.example")
        expect(yield* outcome("new.example", "CNAME")).toBe("nxdomain")
      })
    )

    clause(
      "R.13 an observation repeats its question and has sources, each with the server that was asked",
      Effect.gen(function* () {
        const { breakDown, put } = yield* DnsWorld
        yield* put("there.example", "CNAME", "target.example")
        yield* breakDown("broken.example")
        for (const name of ["there.example", "nowhere.example", "broken.example", "no name"]) {
          const before = yield* Clock.currentTimeMillis
          const observation = yield* ask(name, "CNAME")
          expect(observation).toMatchObject({ name, type: "CNAME" })
          expect(observation.at).toBeGreaterThanOrEqual(before)
          expect(observation.sources.length, name).toBeGreaterThan(0)
          const servers = observation.sources.map(({ server }) => server)
          expect(new Set(servers).size, name).toBe(servers.length)
          for (const server of servers) expect(server).toMatch(/.:\d+$/)
        }
      })
    )

    clause(
      "R.14 many questions at once get each their own answer",
      Effect.gen(function* () {
        const { put } = yield* DnsWorld
        const numbers = Array.from({ length: 50 }, (_, at) => at)
        for (const number of numbers) yield* put(`n${number}.example`, "CNAME", `t${number}.example`)
        const found = yield* Effect.forEach(numbers, (number) => records(`n${number}.example`, "CNAME"), {
          concurrency: "unbounded"
        })
        expect(found).toEqual(numbers.map((number) => [`t${number}.example`]))
      })
    )

    clause(
      "R.15 a resolver whose mode is `resolver` says so in its observations, and how long the first probe waits then",
      Effect.gen(function* () {
        const { firstProbeAfter, mode } = yield* DnsResolver
        yield* (yield* DnsWorld).put("there.example", "CNAME", "target.example")
        const observation = yield* ask("there.example", "CNAME")
        expect(observation.mode).toBe(yield* mode)
        expect(firstProbeAfter).toBeGreaterThanOrEqual(0)
      })
    )
  })
}

const types = ["CNAME", "A", "AAAA", "TXT", "NS", "MX"] as const satisfies ReadonlyArray<DnsRecordType>

const ask = (name: string, type: DnsRecordType) => DnsResolver.use((resolver) => resolver.ask(name, type))

/** What the sources say, which in these worlds is one thing. */
const outcome = Effect.fnUntraced(function* (name: string, type: DnsRecordType) {
  const { sources } = yield* ask(name, type)
  return [...new Set(sources.map((source) => source.outcome))].join(" and ")
})

/** The values that each source has, in an order of their own: servers rotate them. */
const records = Effect.fnUntraced(function* (name: string, type: DnsRecordType) {
  const { sources } = yield* ask(name, type)
  const values = sources.map((source) => source.records.map(({ value }) => value).sort())
  for (const other of values) expect(other).toEqual(values[0])
  return values[0]
})
