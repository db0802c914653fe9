/**
 * Clauses E: what a commit makes of the directory, in the same transaction as its events.
 */
import { type ListedSender, SenderDirectory } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import { beginning, hour, makeClause, type StorageLayer } from "./Clause.ts"
import { account, appendOf, commitEach, commitOf, entryOf, eventsOf, organizationOf } from "./Fixtures.ts"

export const senderEntryContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)
  const find = (sender: string) =>
    SenderDirectory.use((directory) => Effect.map(directory.find(account, sender), Option.getOrUndefined))
  const positionOf = (sender: string) =>
    Effect.map(find(sender), (listed: ListedSender | undefined) => listed?.position)

  clause(
    "E.1 an entry can be read at once, every field as it was written",
    Effect.gen(function* () {
      const entry = entryOf("s", {
        owner: organizationOf("org-1"),
        address: "Ana.Žagar@BÜCHER.example",
        status: "domain-verified",
        mailbox: "undeliverable",
        domainState: "degraded",
        domainSince: beginning - 5,
        metadata: {
          plain: "text",
          number: 1.25,
          nested: { list: [1, "two", null, false] },
          "": "empty key",
          smile: "\u{1F600}"
        },
        incarnation: 7,
        addedAt: beginning - 4,
        updatedAt: beginning - 3
      })
      yield* commitEach(commitOf(appendOf("s", 0, { entry })))
      expect(yield* find("s")).toEqual({ ...entry, position: 1 })
    })
  )

  clause(
    "E.2 a new entry takes the position of its append's first event",
    Effect.gen(function* () {
      yield* commitEach(commitOf(appendOf("before", 0, { events: eventsOf("before", 4) })))
      const outcomes = yield* commitEach(
        commitOf([
          appendOf("a", 0, { events: eventsOf("a", 3), entry: entryOf("a") }),
          appendOf("b", 0, { events: eventsOf("b", 2), entry: entryOf("b") })
        ])
      )
      expect(outcomes).toEqual([
        {
          _tag: "Committed",
          appends: [
            { version: 3, entryPosition: 5 },
            { version: 2, entryPosition: 8 }
          ]
        }
      ])
      expect([yield* positionOf("a"), yield* positionOf("b")]).toEqual([5, 8])
    })
  )

  clause(
    "E.3 the same incarnation keeps its position, with events and without",
    Effect.gen(function* () {
      const outcomes = yield* commitEach(
        commitOf(appendOf("s", 0, { entry: entryOf("s") })),
        commitOf(appendOf("s", 1, { entry: entryOf("s", { status: "email-verified", updatedAt: beginning + hour }) })),
        commitOf(appendOf("s", 2, { events: [], entry: entryOf("s", { status: "active" }) }))
      )
      expect(outcomes).toEqual([
        { _tag: "Committed", appends: [{ version: 1, entryPosition: 1 }] },
        { _tag: "Committed", appends: [{ version: 2, entryPosition: 1 }] },
        { _tag: "Committed", appends: [{ version: 2, entryPosition: 1 }] }
      ])
      expect(yield* find("s")).toEqual({ ...entryOf("s", { status: "active" }), position: 1 })
    })
  )

  clause(
    "E.4 another incarnation moves to its append's first event, whether or not the sender was removed between",
    Effect.gen(function* () {
      yield* commitEach(
        commitOf(appendOf("s", 0, { entry: entryOf("s") })),
        commitOf(appendOf("other", 0, { entry: entryOf("other") })),
        commitOf(appendOf("s", 1, { events: eventsOf("s", 2), entry: entryOf("s", { incarnation: 2 }) }))
      )
      expect(yield* positionOf("s")).toBe(3)
      yield* commitEach(
        commitOf(appendOf("s", 3)),
        commitOf(appendOf("s", 4, { entry: entryOf("s", { incarnation: 3 }) }))
      )
      expect(yield* positionOf("s")).toBe(6)
    })
  )

  clause(
    "E.5 an entry that is not given is removed, and its position is answered as 0",
    Effect.gen(function* () {
      const directory = yield* SenderDirectory
      const outcomes = yield* commitEach(
        commitOf(appendOf("s", 0, { entry: entryOf("s", { metadata: { tag: "x" } }) })),
        commitOf(appendOf("s", 1, { entry: undefined }))
      )
      expect(outcomes[1]).toEqual({ _tag: "Committed", appends: [{ version: 2, entryPosition: 0 }] })
      expect(yield* find("s")).toBeUndefined()
      expect(yield* directory.count({ account })).toBe(0)
      expect(yield* directory.count({ account, metadata: { tag: "x" } })).toBe(0)
      expect(yield* directory.onDomain(account, "example.com", 0, 10)).toEqual([])
    })
  )

  clause(
    "E.6 a commit that is not written changes no entry",
    Effect.gen(function* () {
      const command = { id: "c", fingerprint: "f" }
      yield* commitEach(commitOf(appendOf("s", 0, { entry: entryOf("s") }), { command }))
      const before = yield* find("s")
      yield* commitEach(
        commitOf(appendOf("s", 0, { entry: entryOf("s", { status: "active" }) })),
        commitOf(appendOf("s", 1, { entry: entryOf("s", { status: "active" }) }), { command }),
        commitOf(appendOf("s", 1, { entry: undefined }), { settles: { task: "none", fence: 1 } }),
        commitOf([appendOf("s", 1, { entry: undefined }), appendOf("s-2", 9)])
      )
      expect(yield* find("s")).toEqual(before)
    })
  )

  clause(
    "E.7 values that are gone from an entry are gone from the filters",
    Effect.gen(function* () {
      const directory = yield* SenderDirectory
      const tagged = (tag: string) => entryOf("s", { metadata: { tag } })
      yield* commitEach(
        commitOf(appendOf("s", 0, { entry: tagged("old") })),
        commitOf(appendOf("s", 1, { entry: { ...tagged("new"), status: "active" } }))
      )
      expect(yield* directory.count({ account, metadata: { tag: "old" } })).toBe(0)
      expect(yield* directory.count({ account, metadata: { tag: "new" } })).toBe(1)
      expect(yield* directory.count({ account, statuses: ["pending"] })).toBe(0)
      expect(yield* directory.count({ account, statuses: ["active"] })).toBe(1)
    })
  )
}
