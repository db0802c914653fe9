/**
 * The contract of a DNS resolver: what every adapter of the port promises, clause by clause.
 *
 * The suite asks the resolver and works the world behind it through `DnsWorld`: a zone that can be changed, and names
 * about which nobody can be asked.
 */
import { type DnsRecordType, DnsResolver } from "@countersign/engine"
import { describe, expect, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, type Scope } from "effect"

/**
 * The DNS that the resolver under test asks: the zone `shop.example` with its servers `ns1` and `ns2`. Nothing else is
 * in it when the layer is built, and nobody remembers an answer.
 */
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
        yield* put("alias.shop.example", "CNAME", "target.shop.example")
        yield* put("host.shop.example", "A", "192.0.2.1", "192.0.2.2")
        yield* put("host.shop.example", "AAAA", "2001:db8::1")
        yield* put("shop.example", "NS", "ns1.shop.example", "ns2.shop.example")
        yield* put("host.shop.example", "TXT", "v=spf1 -all", "Grüße €")
        yield* put("host.shop.example", "MX", "10 mx1.shop.example", "20 mx2.shop.example")
        yield* put("silent.shop.example", "MX", "0 .")
        expect(yield* records("alias.shop.example", "CNAME")).toEqual(["target.shop.example"])
        expect(yield* records("host.shop.example", "A")).toEqual(["192.0.2.1", "192.0.2.2"])
        expect(yield* records("host.shop.example", "AAAA")).toEqual(["2001:db8::1"])
        expect(yield* records("shop.example", "NS")).toEqual(["ns1.shop.example", "ns2.shop.example"])
        expect(yield* records("host.shop.example", "TXT")).toEqual([
          "Gr\\195\\188\\195\\159e \\226\\130\\172",
          "v=spf1 -all"
        ])
        expect(yield* records("host.shop.example", "MX")).toEqual(["10 mx1.shop.example", "20 mx2.shop.example"])
        expect(yield* records("silent.shop.example", "MX")).toEqual(["0 ."])
      })
    )

    clause(
      "R.2 a text longer than one string of the wire is told as one",
      Effect.gen(function* () {
        const text = Array.from({ length: 600 }, (_, at) => String.fromCharCode(97 + (at % 26))).join("")
        yield* (yield* DnsWorld).put("long.shop.example", "TXT", text)
        expect(yield* records("long.shop.example", "TXT")).toEqual([text])
      })
    )

    clause(
      "R.3 names match and are told lower-cased and without the trailing dot",
      Effect.gen(function* () {
        yield* (yield* DnsWorld).put("alias.shop.example", "CNAME", "Target.Shop.EXAMPLE.")
        expect(yield* records("alias.shop.example", "CNAME")).toEqual(["target.shop.example"])
        expect(yield* records("ALIAS.Shop.Example.", "CNAME")).toEqual(["target.shop.example"])
      })
    )

    clause(
      "R.4 a name that is not there is nxdomain",
      Effect.gen(function* () {
        yield* (yield* DnsWorld).put("there.shop.example", "A", "192.0.2.1")
        for (const type of types) expect(yield* outcome("nowhere.shop.example", type), type).toBe("nxdomain")
        expect(yield* outcome("below.there.shop.example", "CNAME")).toBe("nxdomain")
      })
    )

    clause(
      "R.5 a name without records of the type is nodata",
      Effect.gen(function* () {
        const { put } = yield* DnsWorld
        yield* put("address.shop.example", "A", "192.0.2.1")
        yield* put("text.shop.example", "TXT", "text")
        for (const type of types.filter((other) => other !== "A")) {
          expect(yield* outcome("address.shop.example", type), type).toBe("nodata")
        }
        expect(yield* outcome("text.shop.example", "A")).toBe("nodata")
      })
    )

    clause(
      "R.6 a name that only has names below it is there: nodata",
      Effect.gen(function* () {
        yield* (yield* DnsWorld).put("token._domainkey.shop.example", "CNAME", "token.dkim.shop.example")
        expect(yield* outcome("_domainkey.shop.example", "CNAME")).toBe("nodata")
        expect(yield* outcome("_domainkey.shop.example", "TXT")).toBe("nodata")
      })
    )

    clause(
      "R.7 an alias is told one hop at a time, wherever it leads",
      Effect.gen(function* () {
        const { put } = yield* DnsWorld
        yield* put("one.shop.example", "CNAME", "two.shop.example")
        yield* put("two.shop.example", "CNAME", "three.shop.example")
        yield* put("three.shop.example", "A", "192.0.2.1")
        yield* put("dangling.shop.example", "CNAME", "nowhere.shop.example")
        yield* put("self.shop.example", "CNAME", "self.shop.example")
        expect(yield* records("one.shop.example", "CNAME")).toEqual(["two.shop.example"])
        expect(yield* records("two.shop.example", "CNAME")).toEqual(["three.shop.example"])
        expect(yield* outcome("three.shop.example", "CNAME")).toBe("nodata")
        expect(yield* records("dangling.shop.example", "CNAME")).toEqual(["nowhere.shop.example"])
        expect(yield* records("self.shop.example", "CNAME")).toEqual(["self.shop.example"])
      })
    )

    clause(
      "R.8 an alias is the answer for any type, wherever it leads: nobody looks behind it",
      Effect.gen(function* () {
        const { put } = yield* DnsWorld
        yield* put("dangling.shop.example", "CNAME", "nowhere.shop.example")
        yield* put("alias.shop.example", "CNAME", "host.shop.example")
        yield* put("host.shop.example", "A", "192.0.2.1")
        for (const type of ["A", "TXT"] as const) {
          expect(yield* records("dangling.shop.example", type), type).toEqual(["nowhere.shop.example"])
          expect(yield* records("alias.shop.example", type), type).toEqual(["host.shop.example"])
        }
      })
    )

    clause(
      "R.9 underscores and the longest names are asked for as they are",
      Effect.gen(function* () {
        const longest = `${`${"x".repeat(63)}.`.repeat(3)}${"y".repeat(48)}.shop.example`
        expect(longest.length).toBe(253)
        for (const name of ["_x_.__.shop.example", longest]) {
          yield* (yield* DnsWorld).put(name, "CNAME", "target.shop.example")
          expect(yield* records(name, "CNAME")).toEqual(["target.shop.example"])
        }
      })
    )

    clause(
      "R.10 no other name is ever asked for: text that is no name has no records",
      Effect.gen(function* () {
        const { put } = yield* DnsWorld
        for (const name of ["a.shop.example", "b.shop.example"]) yield* put(name, "CNAME", "target.shop.example")
        const hostile = [
          "",
          ".",
          "a..shop.example",
          "a\0.shop.example",
          "a\0",
          "a example",
          "x/../a.shop.example",
          "a.shop.example\r\nb.shop.example"
        ]
        for (const name of [...hostile, `${"x".repeat(64)}.shop.example`, `${"x.".repeat(200)}shop.example`]) {
          expect(yield* outcome(name, "CNAME"), JSON.stringify(name)).not.toBe("records")
        }
      })
    )

    clause(
      "R.11 what could not be asked is unavailable with a reason, never an answer about the name",
      Effect.gen(function* () {
        const { breakDown, put, restore } = yield* DnsWorld
        yield* put("there.shop.example", "CNAME", "target.shop.example")
        yield* breakDown("there.shop.example")
        yield* breakDown("nowhere.shop.example")
        for (const name of ["there.shop.example", "nowhere.shop.example"]) {
          const { sources } = yield* ask(name, "CNAME")
          for (const { outcome, reason = "" } of sources) {
            expect(outcome).toBe("unavailable")
            expect(reason).not.toBe("")
          }
        }
        yield* restore
        expect(yield* records("there.shop.example", "CNAME")).toEqual(["target.shop.example"])
        expect(yield* outcome("nowhere.shop.example", "CNAME")).toBe("nxdomain")
      })
    )

    clause(
      "R.12 a change is seen by the next question",
      Effect.gen(function* () {
        const { put, remove } = yield* DnsWorld
        expect(yield* outcome("new.shop.example", "CNAME")).toBe("nxdomain")
        yield* put("new.shop.example", "CNAME", "one.shop.example")
        expect(yield* records("new.shop.example", "CNAME")).toEqual(["one.shop.example"])
        yield* put("new.shop.example", "CNAME", "two.shop.example")
        expect(yield* records("new.shop.example", "CNAME")).toEqual(["two.shop.example"])
        yield* remove("new.shop.example")
        expect(yield* outcome("new.shop.example", "CNAME")).toBe("nxdomain")
      })
    )

    clause(
      "R.13 an observation repeats its question and has sources, each with the server that was asked",
      Effect.gen(function* () {
        const { breakDown, put } = yield* DnsWorld
        yield* put("there.shop.example", "CNAME", "target.shop.example")
        yield* breakDown("broken.shop.example")
        for (const name of ["there.shop.example", "nowhere.shop.example", "broken.shop.example", "no name"]) {
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
        for (const number of numbers) yield* put(`n${number}.shop.example`, "CNAME", `t${number}.shop.example`)
        const found = yield* Effect.forEach(numbers, (number) => records(`n${number}.shop.example`, "CNAME"), {
          concurrency: "unbounded"
        })
        expect(found).toEqual(numbers.map((number) => [`t${number}.shop.example`]))
      })
    )

    clause(
      "R.15 a resolver whose mode is `resolver` says so in its observations, and how long the first probe waits then",
      Effect.gen(function* () {
        const { firstProbeAfter, mode } = yield* DnsResolver
        yield* (yield* DnsWorld).put("there.shop.example", "CNAME", "target.shop.example")
        const observation = yield* ask("there.shop.example", "CNAME")
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
