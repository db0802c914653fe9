import type { DatabaseSync } from "node:sqlite"
import { EventStore, Maintenance, SenderDirectory, type SenderFilter } from "@countersign/engine"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect } from "effect"
import { openConnection } from "../src/Connection.ts"
import { makePorts } from "../src/SqliteStorage.ts"
import { account, addCommit } from "./SampleCommit.ts"
import { temporaryFile } from "./TemporaryStore.ts"

/** Walks that are short whatever the store holds. */
const harmless: ReadonlyArray<RegExp> = [
  // The end of a table, or so many rows from its beginning.
  /ORDER BY (position DESC|number) LIMIT \d+/,
  // One row.
  /FROM installation|FROM task_numbers|UPDATE task_numbers/,
  // An operator asks for all there are.
  /FROM accounts ORDER BY number/
]

/** Everything that is prepared on the connection from now on. */
const recordStatements = (db: DatabaseSync): Set<string> => {
  const statements = new Set<string>()
  const prepare = db.prepare.bind(db)
  db.prepare = (sql, ...rest) => {
    statements.add(sql)
    return prepare(sql, ...rest)
  }
  return statements
}

const planOf = (db: DatabaseSync, sql: string): ReadonlyArray<string> =>
  db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map(({ detail }) => String(detail))

const filters: ReadonlyArray<Omit<SenderFilter, "account">> = [
  {},
  { owner: { _tag: "Organization", organization: "org-1" } },
  { kind: "email" },
  { statuses: ["pending", "active"] },
  { owner: { _tag: "Organization", organization: "org-1" }, kind: "email", statuses: ["pending"] },
  { canonical: "ana@a.example.com" },
  { canonical: "ana@a.example.com", owner: { _tag: "Organization", organization: "org-1" } },
  { createdBetween: { from: 0, to: 9 } },
  { updatedBetween: { from: 0 } },
  { metadata: { plan: "pro" } },
  { metadata: { plan: "pro", size: "1" }, statuses: ["pending"], updatedBetween: { to: 9 } }
]
const orders = ["oldest-first", "newest-first", "by-domain"] as const

describe("query plans", () => {
  it.effect("no statement scans a table that grows", () =>
    Effect.gen(function* () {
      const connection = yield* openConnection({ file: yield* temporaryFile, cacheMegabytes: 4 })
      const written = recordStatements(connection.writer)
      const read = recordStatements(connection.reader)
      const ports = yield* makePorts(connection)
      const directory = Context.get(ports, SenderDirectory)
      // Someone must be there, or the directory answers without asking.
      yield* Context.get(ports, EventStore).commit([addCommit("a")])
      const fixed = read.size
      for (const filter of filters) {
        yield* directory.count({ account, ...filter })
        for (const order of orders) yield* directory.page({ account, ...filter, order, offset: 1, limit: 10 })
      }
      const maintenance = Context.get(ports, Maintenance)
      yield* maintenance.audit(undefined, { repair: true })
      expect(read.size).toBeGreaterThan(fixed + 30)
      expect(written.size).toBeGreaterThan(30)

      const scans: Array<string> = []
      for (const [db, statements] of [
        [connection.writer, [...written]],
        [connection.reader, [...read]]
      ] as const) {
        for (const sql of statements.filter((text) => !/^(PRAGMA|EXPLAIN|BEGIN|COMMIT|ROLLBACK)/.test(text))) {
          const scanned = planOf(db, sql).filter((detail) => /^SCAN (?!CONSTANT|\()/.test(detail))
          if (scanned.length > 0 && !harmless.some((text) => text.test(sql))) scans.push(`${sql}: ${scanned}`)
        }
      }
      expect(scans).toEqual([])
    })
  )

  it.effect(
    "a page in the order of the log is walked, not sorted, and without the rows where an index has all columns",
    () =>
      Effect.gen(function* () {
        const connection = yield* openConnection({ file: yield* temporaryFile, cacheMegabytes: 4 })
        const ports = yield* makePorts(connection)
        yield* Context.get(ports, EventStore).commit([addCommit("a")])
        const read = recordStatements(connection.reader)
        const page = (filter: Omit<SenderFilter, "account">) =>
          Effect.gen(function* () {
            read.clear()
            const query = { account, ...filter, order: "newest-first", offset: 7, limit: 10 } as const
            yield* SenderDirectory.use((directory) => directory.page(query))
            return [...read].flatMap((sql) => planOf(connection.reader, sql))
          }).pipe(Effect.provideContext(ports))
        const inIndex = [
          [{ statuses: ["pending"], kind: "email", updatedBetween: { from: 0 } }, "senders_of_account (account=?)"],
          [
            { owner: { _tag: "Organization", organization: "org-1" }, statuses: ["active"] },
            "senders_of_owner (owner=?)"
          ]
        ] as const
        for (const [filter, index] of inIndex) {
          const plan = yield* page(filter)
          expect(plan).toContain(`SEARCH s USING COVERING INDEX ${index}`)
          // The page itself, of ten rows, is put in order once more.
          expect(plan.filter((detail) => detail.includes("TEMP B-TREE")).length).toBe(1)
        }
        const plan = yield* page({ metadata: { plan: "pro" } })
        expect(plan.join()).toContain("SEARCH m USING PRIMARY KEY (account=? AND key=? AND value=?)")
        expect(plan.filter((detail) => detail.includes("TEMP B-TREE")).length).toBe(1)
      })
  )
})
