/**
 * Clauses D: what lists and look-ups answer, question by question.
 */
import { EventStore, SenderDirectory, type SenderQuery } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import { beginning, makeClause, type StorageLayer } from "./Clause.ts"
import { account, appendOf, commitEach, commitOf, entryOf, organizationOf } from "./Fixtures.ts"

export const senderDirectoryContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)

  clause(
    "D.1 a sender is found by its id, and only by its own account",
    Effect.gen(function* () {
      const directory = yield* SenderDirectory
      yield* put(entryOf("mine"), entryOf("theirs", { account: "acc-2" }))
      expect(Option.getOrUndefined(yield* directory.find(account, "mine"))?.id).toBe("mine")
      expect(Option.isNone(yield* directory.find(account, "theirs"))).toBe(true)
      expect(Option.isNone(yield* directory.find("acc-2", "mine"))).toBe(true)
      expect(Option.isNone(yield* directory.find(account, "no such sender"))).toBe(true)
    })
  )

  clause(
    "D.2 no question of one account sees another's senders",
    Effect.gen(function* () {
      const directory = yield* SenderDirectory
      const theirs = { account: "acc-2", owner: organizationOf("org-1"), metadata: { tag: "x" } }
      yield* put(entryOf("theirs", theirs), entryOf("theirs-2", { account: "acc-2" }))
      const filter = { account, metadata: { tag: "x" } }
      expect(yield* directory.page({ ...filter, ...firstTen })).toEqual([])
      expect(yield* directory.page({ account, ...firstTen })).toEqual([])
      expect(yield* directory.count(filter)).toBe(0)
      expect(yield* directory.count({ account })).toBe(0)
      expect(Option.isNone(yield* directory.current(account, { _tag: "Account" }))).toBe(true)
      expect(Option.isNone(yield* directory.current(account, organizationOf("org-1")))).toBe(true)
      expect(yield* directory.onDomain(account, "example.com", 0, 10)).toEqual([])
      expect(yield* directory.count({ account: "acc-2" })).toBe(2)
    })
  )

  clause(
    "D.3 the current sender is the newest of kind email of exactly this owner",
    Effect.gen(function* () {
      const directory = yield* SenderDirectory
      const current = (owner: SenderQuery["owner"]) =>
        Effect.map(directory.current(account, owner ?? { _tag: "Account" }), Option.getOrUndefined)
      yield* put(
        entryOf("old"),
        entryOf("new"),
        entryOf("domain", { kind: "domain" }),
        entryOf("org", { owner: organizationOf("org-1") }),
        entryOf("account-by-name", { owner: organizationOf("account") })
      )
      expect((yield* current({ _tag: "Account" }))?.id).toBe("new")
      expect((yield* current(organizationOf("org-1")))?.id).toBe("org")
      expect((yield* current(organizationOf("account")))?.id).toBe("account-by-name")
      expect(yield* current(organizationOf("org-2"))).toBeUndefined()
      // A new incarnation makes the old one the newest.
      yield* commitEach(commitOf(appendOf("old", 1, { entry: entryOf("old", { incarnation: 2 }) })))
      expect((yield* current({ _tag: "Account" }))?.id).toBe("old")
      yield* commitEach(commitOf(appendOf("old", 2)))
      expect((yield* current({ _tag: "Account" }))?.id).toBe("new")
    })
  )

  clause(
    "D.4 lists follow the log in both directions, and pages neither lose nor double a sender",
    Effect.gen(function* () {
      const directory = yield* SenderDirectory
      const names = Array.from({ length: 23 }, (_, index) => `s-${(index * 7) % 23}`)
      yield* put(...names.map((name) => entryOf(name)))
      const pageOf = (order: SenderQuery["order"], offset: number) =>
        Effect.map(directory.page({ account, order, offset, limit: 5 }), (senders) => senders.map(({ id }) => id))
      const whole = Effect.fnUntraced(function* (order: SenderQuery["order"]) {
        const pages = yield* Effect.forEach([0, 5, 10, 15, 20, 25], (offset) => pageOf(order, offset))
        return pages.flat()
      })
      expect(yield* whole("oldest-first")).toEqual(names)
      expect(yield* whole("newest-first")).toEqual([...names].reverse())
    })
  )

  clause(
    "D.5 by-domain goes by domain, then by canonical address, then by the log",
    Effect.gen(function* () {
      const directory = yield* SenderDirectory
      const at = (sender: string, local: string, domain: string) =>
        entryOf(sender, { domain, canonical: `${local}@${domain}` })
      yield* put(
        at("5", "b", "b.example.com"),
        at("4", "a", "b.example.com"),
        at("2", "x", "a.example.com"),
        at("1", "a+b", "a.example.com"),
        { ...at("6", "b", "b.example.com"), owner: organizationOf("org-1") },
        at("3", "x.y", "a.example.com")
      )
      const page = yield* directory.page({ account, order: "by-domain", offset: 0, limit: 10 })
      expect(page.map(({ canonical, id: sender }) => `${canonical} ${sender}`)).toEqual([
        "a+b@a.example.com 1",
        "x.y@a.example.com 3",
        "x@a.example.com 2",
        "a@b.example.com 4",
        "b@b.example.com 5",
        "b@b.example.com 6"
      ])
    })
  )

  clause(
    "8.3 text is ordered by code point: not by a language, not by UTF-16 unit, not by case folded",
    Effect.gen(function* () {
      const directory = yield* SenderDirectory
      const sorted = ["-a", "A", "Z", "a", "a b", "a-b", "aB", "ab", "z", "é", "\uFF5E", "\u{1F600}", "\u{1F601}"]
      const shuffled = [...sorted].sort((a, b) => (`${a.length}${b}` < `${b.length}${a}` ? -1 : 1))
      yield* put(...shuffled.map((canonical, index) => entryOf(`s-${index}`, { canonical })))
      const page = yield* directory.page({ account, order: "by-domain", offset: 0, limit: 100 })
      expect(page.map(({ canonical }) => canonical)).toEqual(sorted)
    })
  )

  clause(
    "D.6 both bounds of a time filter are inclusive, and each may be left out",
    Effect.gen(function* () {
      const directory = yield* SenderDirectory
      yield* put(
        ...[1, 2, 3].map((ms) => entryOf(`s-${ms}`, { addedAt: beginning + ms, updatedAt: beginning + 10 * ms }))
      )
      const count = directory.count
      expect(yield* count({ account, addedBetween: { from: beginning + 1, to: beginning + 2 } })).toBe(2)
      expect(yield* count({ account, addedBetween: { from: beginning + 3 } })).toBe(1)
      expect(yield* count({ account, addedBetween: { to: beginning + 1 } })).toBe(1)
      expect(yield* count({ account, addedBetween: { from: beginning + 3, to: beginning + 1 } })).toBe(0)
      expect(yield* count({ account, addedBetween: {} })).toBe(3)
      expect(yield* count({ account, updatedBetween: { from: beginning + 20, to: beginning + 20 } })).toBe(1)
      expect(
        yield* count({ account, addedBetween: { to: beginning + 2 }, updatedBetween: { from: beginning + 20 } })
      ).toBe(1)
    })
  )

  clause(
    "D.7 metadata is compared by exact text: a string by itself, anything else by its JSON, at the top level only",
    Effect.gen(function* () {
      const directory = yield* SenderDirectory
      const metadata = {
        text: "Exact",
        one: 1,
        half: 0.5,
        big: 1e21,
        yes: true,
        none: null,
        list: [1, "a"],
        nested: { inner: "x" },
        "dotted.key": "dotted",
        "quo\"te'$": "quoted",
        empty: ""
      }
      yield* put(entryOf("s", { metadata }), entryOf("bare"))
      const found = (filter: { readonly [key: string]: string }) =>
        Effect.map(directory.page({ account, metadata: filter, ...firstTen }), (senders) => senders.map(({ id }) => id))
      const hits: ReadonlyArray<{ readonly [key: string]: string }> = [
        { text: "Exact" },
        { one: "1" },
        { half: "0.5" },
        { big: "1e+21" },
        { yes: "true" },
        { none: "null" },
        { list: '[1,"a"]' },
        { nested: '{"inner":"x"}' },
        { "dotted.key": "dotted" },
        { "quo\"te'$": "quoted" },
        { empty: "" },
        { text: "Exact", one: "1", yes: "true" }
      ]
      for (const filter of hits) expect([filter, yield* found(filter)]).toEqual([filter, ["s"]])
      const misses: ReadonlyArray<{ readonly [key: string]: string }> = [
        { text: "exact" },
        { text: "Exac" },
        { text: '"Exact"' },
        { text: "%" },
        { Text: "Exact" },
        { one: "1.0" },
        { inner: "x" },
        { "nested.inner": "x" },
        { absent: "" },
        { absent: "null" },
        // Keys that every object answers although nobody put them there.
        { constructor: "function Object() { [native code] }" },
        Object.fromEntries([["__proto__", "{}"]]),
        { text: "Exact", one: "2" }
      ]
      for (const filter of misses) expect([filter, yield* found(filter)]).toEqual([filter, []])
      expect(yield* directory.count({ account, metadata: {} })).toBe(2)
    })
  )

  clause(
    "D.8 statuses are any of the given ones; none given matches nothing",
    Effect.gen(function* () {
      const directory = yield* SenderDirectory
      yield* put(
        entryOf("a", { status: "pending" }),
        entryOf("b", { status: "active" }),
        entryOf("c", { status: "email-verified" })
      )
      expect(yield* directory.count({ account, statuses: ["pending", "active"] })).toBe(2)
      expect(yield* directory.count({ account, statuses: ["domain-verified"] })).toBe(0)
      expect(yield* directory.count({ account, statuses: [] })).toBe(0)
    })
  )

  clause(
    "D.9 senders on a domain come in the order of the log, of any owner and kind, after the given position",
    Effect.gen(function* () {
      const directory = yield* SenderDirectory
      yield* put(
        entryOf("a"),
        entryOf("elsewhere", { domain: "sub.example.com" }),
        entryOf("b", { owner: organizationOf("org-1") }),
        entryOf("c", { kind: "domain", canonical: "example.com" }),
        entryOf("theirs", { account: "acc-2" })
      )
      const on = (after: number, limit: number) =>
        Effect.map(directory.onDomain(account, "example.com", after, limit), (senders) =>
          senders.map(({ id: sender, position }) => [sender, position])
        )
      expect(yield* on(0, 10)).toEqual([
        ["a", 1],
        ["b", 3],
        ["c", 4]
      ])
      expect(yield* on(1, 1)).toEqual([["b", 3]])
      expect(yield* on(4, 10)).toEqual([])
    })
  )
}

const firstTen = { order: "oldest-first", offset: 0, limit: 10 } as const

/** Adds senders, one commit and one position each. */
const put = (...entries: ReadonlyArray<ReturnType<typeof entryOf>>) =>
  EventStore.use((store) =>
    store.commit(entries.map((entry) => commitOf(appendOf(entry.id, 0, { entry }), { account: entry.account })))
  )
