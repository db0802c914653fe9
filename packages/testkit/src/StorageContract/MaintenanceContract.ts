/**
 * Clauses R: the directory's rows as an operator's work sees them, and puts them right.
 */
import { type SenderEntry, viewVersion } from "@countersign/core"
import { type EntryCorrection, EventStore, Maintenance, SenderDirectory } from "@countersign/engine"
import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import { makeClause, type StorageLayer } from "./Clause.ts"
import { account, appendOf, commitEach, commitOf, entryOf, eventsOf, organizationOf } from "./Fixtures.ts"

export const maintenanceContract = (layer: StorageLayer): void => {
  const clause = makeClause(layer)

  clause(
    "R.1 streams come in the order of their names, page by page, each with its version and its row",
    Effect.gen(function* () {
      yield* commitEach(
        commitOf(appendOf("b", 0, { events: eventsOf("b", 2), entry: entryOf("b", { metadata: { n: 1 } }) })),
        commitOf(appendOf("a", 0)),
        commitOf(appendOf("ä", 0, { entry: entryOf("ä", { account: "acc-2", owner: organization }) })),
        commitOf(appendOf("B", 0))
      )
      const { streams } = yield* Maintenance
      const all = yield* streams("", 10)
      expect(all).toEqual([
        { stream: "B", version: 1, entry: undefined, view: 0 },
        { stream: "a", version: 1, entry: undefined, view: 0 },
        { stream: "b", version: 2, entry: { ...entryOf("b", { metadata: { n: 1 } }), position: 1 }, view: viewVersion },
        {
          stream: "ä",
          version: 1,
          entry: { ...entryOf("ä", { account: "acc-2", owner: organization }), position: 4 },
          view: viewVersion
        }
      ])
      const paged = [...(yield* streams("", 1)), ...(yield* streams("B", 2)), ...(yield* streams("b", 2))]
      expect(paged).toEqual(all)
      expect(yield* streams("ä", 2)).toEqual([])
    })
  )

  clause(
    "R.2 a row is written as it is given, its position too, and every question is answered by it",
    Effect.gen(function* () {
      const { correct, streams } = yield* Maintenance
      yield* commitEach(
        commitOf(appendOf("a", 0, { events: eventsOf("a", 3), entry: entryOf("a", { metadata: { old: "1" } }) })),
        commitOf(appendOf("b", 0)),
        commitOf(appendOf("c", 0, { entry: entryOf("c") }))
      )
      const wanted = entryOf("a", { status: "active", metadata: { new: "2" }, domain: "b.example.com" })
      const outcomes = yield* correct([
        correction("a", 3, { ...wanted, position: 2 }),
        correction("b", 1, { ...entryOf("b"), position: 4 }),
        correction("c", 1, undefined)
      ])
      expect(outcomes).toEqual(["Written", "Written", "Written"])
      expect((yield* streams("", 10)).map(({ entry }) => entry)).toEqual([
        { ...wanted, position: 2 },
        { ...entryOf("b"), position: 4 },
        undefined
      ])
      expect(yield* found({})).toEqual(["a", "b"])
      expect(yield* found({ metadata: { old: "1" } })).toEqual([])
      expect(yield* found({ metadata: { new: "2" } })).toEqual(["a"])
      expect(yield* found({ statuses: ["active"] })).toEqual(["a"])
      expect(yield* found({ statuses: ["pending"] })).toEqual(["b"])
      expect(yield* found({ owner: { _tag: "Account" } })).toEqual(["a", "b"])
      expect(yield* nothingToRepair).toEqual([])
    })
  )

  clause(
    "R.3 a row made from another version of the stream is not written, and the rest of its batch is",
    Effect.gen(function* () {
      const { correct, streams } = yield* Maintenance
      yield* commitEach(
        commitOf(appendOf("a", 0, { events: eventsOf("a", 2), entry: entryOf("a") })),
        commitOf(appendOf("b", 0, { entry: entryOf("b") }))
      )
      const before = yield* streams("", 10)
      const active = { ...entryOf("a", { status: "active" }), position: 1 }
      expect(
        yield* correct([correction("a", 1, active), correction("a", 3, active), correction("none", 1, active)])
      ).toEqual(["Moved", "Moved", "Moved"])
      expect(yield* streams("", 10)).toEqual(before)
      expect(yield* correct([correction("a", 1, undefined), correction("b", 1, undefined)])).toEqual([
        "Moved",
        "Written"
      ])
      expect(yield* found({})).toEqual(["a"])
      expect(yield* correct([])).toEqual([])
    })
  )

  clause(
    "R.4 a row of a newer view is left alone by an older one; a commit writes it, and says by which view",
    Effect.gen(function* () {
      const { correct, streams } = yield* Maintenance
      yield* commitEach(commitOf(appendOf("a", 0, { entry: entryOf("a") })))
      const newer = { ...correction("a", 1, { ...entryOf("a"), position: 1 }), view: viewVersion + 1 }
      expect(yield* correct([newer])).toEqual(["Written"])
      const older = { ...correction("a", 1, { ...entryOf("a", { status: "active" }), position: 1 }), view: viewVersion }
      expect(yield* correct([older, { ...older, entry: undefined }])).toEqual(["Newer", "Newer"])
      expect(yield* streams("", 1)).toEqual([{ stream: "a", version: 1, entry: newer.entry, view: viewVersion + 1 }])
      expect(yield* correct([newer])).toEqual(["Written"])
      for (const status of ["pending", "active"] as const) {
        const version = (yield* streams("", 1))[0]?.version ?? 0
        yield* commitEach(commitOf(appendOf("a", version, { entry: entryOf("a", { status }) })))
        expect(yield* streams("", 1)).toMatchObject([{ version: version + 1, entry: { status }, view: viewVersion }])
        yield* correct([{ ...newer, version: version + 1 }])
      }
    })
  )

  clause(
    "R.5 of what commits wrote nothing is to be repaired, and a repair changes nothing",
    Effect.gen(function* () {
      const { streams } = yield* Maintenance
      const lives: ReadonlyArray<ReadonlyArray<SenderEntry | undefined>> = [
        [entryOf("0", { metadata: { n: 1, s: "x" } }), entryOf("0", { status: "active", metadata: { n: 2 } })],
        [entryOf("1", { owner: organization }), undefined],
        [entryOf("2", { kind: "domain", metadata: { n: 1 } }), undefined, entryOf("2", { incarnation: 2 })],
        [undefined, entryOf("3", { account: "acc-2", status: "email-verified" })]
      ]
      for (const [stream, entries] of lives.entries()) {
        for (const [version, entry] of entries.entries()) {
          yield* commitEach(commitOf(appendOf(`${stream}`, version, { entry })))
        }
      }
      const before = yield* streams("", 10)
      expect(before.map(({ entry }) => entry?.status)).toEqual(["active", undefined, "pending", "email-verified"])
      expect(yield* nothingToRepair).toEqual([])
      expect(yield* streams("", 10)).toEqual(before)
    })
  )

  clause(
    "R.6 of commits and corrections at the same time none is lost, and the row is always of its version",
    Effect.gen(function* () {
      const store = yield* EventStore
      const { correct, streams } = yield* Maintenance
      const last = 40
      const createdAt = (version: number) => entryOf("a", { addedAt: version, metadata: { version } })
      const commits = Effect.forEach(Array.from({ length: last }).keys(), (version) =>
        store.commit([commitOf(appendOf("a", version, { entry: createdAt(version + 1) }))])
      )
      const corrections = Effect.forEach(Array.from({ length: 4 * last }), () =>
        Effect.gen(function* () {
          const [row] = yield* streams("", 1)
          if (row === undefined) return
          expect(row.entry?.addedAt).toBe(row.version)
          yield* correct([correction("a", row.version, { ...createdAt(row.version), position: 1 })])
        })
      )
      yield* Effect.all([commits, corrections], { concurrency: "unbounded" })
      expect(yield* streams("", 1)).toEqual([
        { stream: "a", version: last, entry: { ...createdAt(last), position: 1 }, view: viewVersion }
      ])
      expect(yield* found({ metadata: { version: String(last) } })).toEqual(["a"])
      expect(yield* nothingToRepair).toEqual([])
    })
  )
}

const organization = organizationOf("org-1")

const correction = (stream: string, version: number, entry: EntryCorrection["entry"]): EntryCorrection => ({
  stream,
  version,
  entry,
  view: viewVersion
})

/** Senders that a filter finds, and counts. */
const found = (filter: Omit<Parameters<SenderDirectory["Service"]["count"]>[0], "account">) =>
  Effect.gen(function* () {
    const directory = yield* SenderDirectory
    const query = { account, ...filter, order: "oldest-first", offset: 0, limit: 10 } as const
    const senders = (yield* directory.page(query)).map(({ id }) => id)
    expect(yield* directory.count({ account, ...filter })).toBe(senders.length)
    for (const sender of senders) expect(Option.isSome(yield* directory.find(account, sender))).toBe(true)
    return senders.sort()
  })

/** What an audit finds, and a repair. */
const nothingToRepair = Effect.gen(function* () {
  const { audit } = yield* Maintenance
  const faults: Array<string> = []
  for (const repair of [false, true]) {
    let slice: string | undefined
    do {
      const found = yield* audit(slice, { repair })
      faults.push(...found.faults)
      slice = found.next
    } while (slice !== undefined)
  }
  return faults
})
