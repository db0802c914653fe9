import type { DatabaseSync } from "node:sqlite"
import { EventStore, Maintenance, SenderDirectory, type SenderFilter } from "@countersign/engine"
import { account, addCommit, organization } from "@countersign/testkit/sample-commit"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect } from "effect"
import { openDatabase } from "../src/connection/Database.ts"
import {
  narrowestWalk,
  type Scope,
  searchCount,
  searchLength,
  searchPage,
  type Walk
} from "../src/directory/SenderSearch.ts"
import { makePorts } from "../src/SqliteStorage.ts"
import { temporaryFile } from "./TemporaryStore.ts"

/** Walks that are short whatever the store holds. */
const harmless: ReadonlyArray<RegExp> = [
  // The end of a table, or so many rows from its beginning.
  /ORDER BY (position DESC|number) LIMIT \d+|FROM receipts ORDER BY number LIMIT \?/,
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
    // A walk may begin after a place in the log.
    .map(({ detail }) => String(detail).replace(" AND position>?", ""))

const filters: ReadonlyArray<Omit<SenderFilter, "account">> = [
  {},
  { owner: organization },
  { kind: "email" },
  { statuses: ["pending", "active"] },
  { ownerType: "Organization" },
  { ownerType: "Organization", kind: "domain", statuses: ["active"], addedBetween: { to: 9 } },
  { owner: organization, kind: "email", statuses: ["pending"] },
  { canonical: "ana@a.example.com" },
  { canonical: "ana@a.example.com", owner: organization },
  { addedBetween: { from: 0, to: 9 } },
  { updatedBetween: { from: 0 } },
  { domain: "a.example.com" },
  { domain: "a.example.com", after: 7, owner: organization },
  { after: 7 },
  { after: 7, metadata: { plan: "pro" } },
  { metadata: { plan: "pro" } },
  { metadata: { plan: "pro" }, ownerType: "Organization" },
  { metadata: { plan: "pro" }, owner: organization },
  { metadata: { plan: "pro", size: "1" }, statuses: ["pending"], updatedBetween: { to: 9 } }
]
const orders = ["oldest-first", "newest-first", "by-domain"] as const

describe("query plans", () => {
  it.effect("no statement scans a table that grows", () =>
    Effect.gen(function* () {
      const database = yield* openDatabase({ file: yield* temporaryFile, cacheMegabytes: 4 })
      const written = recordStatements(database.writer)
      const read = recordStatements(database.reader)
      const ports = yield* makePorts(database)
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
        [database.writer, [...written]],
        [database.reader, [...read]]
      ] as const) {
        for (const sql of statements.filter((text) => !/^(PRAGMA|EXPLAIN|BEGIN|COMMIT|ROLLBACK)/.test(text))) {
          const scanned = planOf(db, sql).filter((detail) => /^SCAN (?!CONSTANT|\()/.test(detail))
          if (scanned.length > 0 && !harmless.some((text) => text.test(sql))) scans.push(`${sql}: ${scanned}`)
        }
      }
      expect(scans).toEqual([])
    })
  )

  it.effect("every list is one range of one index, in its order, and reads rows for nothing but the page", () =>
    Effect.gen(function* () {
      const database = yield* openDatabase({ file: yield* temporaryFile, cacheMegabytes: 4 })
      const plan = (sql: string) => planOf(database.reader, sql)
      const seen = new Set<string>()
      for (const filter of filters) {
        const asked = { account, ...filter }
        const scope: Scope = {
          account: 1,
          owner: filter.owner === undefined ? undefined : 2,
          except: filter.ownerType === undefined ? undefined : 3
        }
        const narrowest = narrowestWalk(asked, scope)
        expect(plan(searchLength(asked, scope, narrowest, 9).sql).filter(reads)).toEqual([ranges[narrowest]])
        const count = plan(searchCount(asked, scope, narrowest).sql)
        expect([filter, count.filter((detail) => !isWalk(narrowest, detail))]).toEqual([filter, []])
        for (const order of orders) {
          const byDomain: ReadonlyArray<Walk> =
            narrowest === "account" ? ["domains"] : narrowest === "domain" ? ["domain"] : ["domains", narrowest]
          for (const walk of order === "by-domain" ? byDomain : [narrowest]) {
            seen.add(`${order} ${walk}`)
            const page = plan(searchPage({ ...asked, order, offset: 1, limit: 10 }, scope, walk).sql)
            const inner = page.slice(
              0,
              page.findIndex((detail) => detail.startsWith("SCAN ("))
            )
            // A short walk is sorted from its rows; a long one is in order, but for the senders on one domain.
            const isOnDomains = walk === "domains" || walk === "domain"
            const isSorted = order === "by-domain" && !isOnDomains
            const unexpected = inner.filter(
              (detail) =>
                !isWalk(walk, detail) &&
                !(isSorted && (rowOf.test(detail) || detail === "USE TEMP B-TREE FOR ORDER BY")) &&
                !(isOnDomains && detail === "USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY")
            )
            expect([filter, order, walk, unexpected]).toEqual([filter, order, walk, []])
            // The page itself, found by then, is put in order once more.
            expect(page.filter((detail) => detail === "USE TEMP B-TREE FOR ORDER BY").length).toBe(isSorted ? 2 : 1)
          }
        }
      }
      expect(seen.size).toBe(2 * 5 + 5)
    })
  )
})

/** What a walk is in the words of SQLite's plans. */
const ranges: { readonly [W in Walk]: string } = {
  address: "SEARCH s USING COVERING INDEX senders_by_address (account=? AND canonical=?)",
  metadata: "SEARCH m USING PRIMARY KEY (account=? AND key=? AND value=?)",
  domain: "SEARCH s USING COVERING INDEX senders_on_domain (account=? AND domain=?)",
  owner: "SEARCH s USING COVERING INDEX senders_of_owner (owner=?)",
  account: "SEARCH s USING COVERING INDEX senders_of_account (account=?)",
  domains: "SEARCH s USING COVERING INDEX senders_on_domain (account=?)"
}

const reads = (detail: string): boolean => /^(SEARCH|SCAN) [a-z]/.test(detail)

/** One row of a walk that is short. */
const rowOf = /^SEARCH s USING (INTEGER PRIMARY KEY \(rowid=\?\)|INDEX senders_(of_owner|by_address) )/

/** The walk, and what it asks of other indexes at each of its steps, by whole keys. */
const isWalk = (walk: Walk, detail: string): boolean =>
  detail === ranges[walk] ||
  /^(CO-ROUTINE|CORRELATED SCALAR SUBQUERY|MATERIALIZE)/.test(detail) ||
  detail.replace(" EXISTS", "") ===
    "SEARCH n USING PRIMARY KEY (account=? AND key=? AND value=? AND position=? AND stream=?)" ||
  (walk === "metadata" && detail === "SEARCH s USING COVERING INDEX senders_of_account (account=? AND position=?)") ||
  // An address has few senders, and its index knows nothing but their positions.
  (walk === "address" && detail === ranges.address.replace("COVERING INDEX", "INDEX"))
