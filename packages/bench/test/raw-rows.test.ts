/**
 * The raw contenders of whole commits are honest: each leaves exactly the rows behind that the storage adapter leaves.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { PostgresCluster } from "@countersign/testkit/postgres"
import { afterAll, expect, it } from "vitest"
import { makeAddCommits } from "../src/commit/AddCommits.ts"
import { openOurPostgres, openOurStore } from "../src/commit/OurStore.ts"
import { openRawPostgres } from "../src/commit/RawPostgres.ts"
import { openRawStore } from "../src/commit/RawStore.ts"
import { makeTemplate } from "../src/commit/Templates.ts"
import { openRawConnection } from "../src/raw/RawConnection.ts"

const folder = mkdtempSync(join(tmpdir(), "countersign-bench-rows-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Every row of every table; the times of the commits are the only difference there may be. */
const contents = (file: string) => {
  const db = new DatabaseSync(file, { readOnly: true })
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
  const tables = names.map(({ name }) => {
    const rows = db.prepare(`SELECT * FROM "${name}" ORDER BY 1, 2`).all()
    return [name, rows.map(({ at: _at, recorded_at: _recordedAt, ...rest }) => rest)]
  })
  const schema = db.prepare("SELECT sql FROM sqlite_schema ORDER BY name").all()
  db.close()
  return { tables: Object.fromEntries(tables), schema }
}

it.each([0, 30])("into a store with %i senders", async (present) => {
  const template = await makeTemplate(folder, present)
  const files = { ours: template.copy(`ours-${present}.db`), raw: template.copy(`raw-${present}.db`) }
  const [single, grouped] = [makeAddCommits(present, 5), makeAddCommits(present + 5, 40)]

  const ours = openOurStore(files.ours)
  await ours.oneAtATime(single)
  await ours.oneAtATime(grouped)
  await ours.close()
  const raw = openRawStore(files.raw)
  raw.inGroups(single, 1)
  raw.inGroups(grouped, 20)
  await raw.close()

  const [stored, written] = [contents(files.ours), contents(files.raw)]
  expect(written).toEqual(stored)
  expect(stored.tables.senders).toHaveLength(present + 45)
  expect(stored.tables.events).toHaveLength(2 * (present + 45))
  expect(stored.tables.tasks).toHaveLength(3 * (present + 45))
})

it("on PostgreSQL", async () => {
  await using cluster = await PostgresCluster.make()
  const urls = { ours: await cluster.createDatabase("ours"), raw: await cluster.createDatabase("raw") }
  const [single, grouped] = [makeAddCommits(0, 5), makeAddCommits(5, 40)]

  const ours = openOurPostgres(urls.ours)
  await ours.oneAtATime(single)
  await ours.oneAtATime(grouped)
  await ours.close()
  const maker = openOurPostgres(urls.raw)
  await maker.fill([])
  await maker.close()
  const raw = await openRawPostgres(urls.raw)
  await raw.inGroups(single, 1)
  await raw.inGroups(grouped, 20)
  await raw.close()

  const [stored, written] = [await contentsOf(urls.ours), await contentsOf(urls.raw)]
  expect(written).toEqual(stored)
  expect(stored.senders).toHaveLength(45)
  expect(stored.events).toHaveLength(90)
  expect(stored.tasks).toHaveLength(135)
}, 60_000)

/** A count is a sum, and into how many rows it falls depends on the batches. */
const counts = `(SELECT account, owner, kind, status, sum(senders) AS senders FROM countersign.sender_counts
  GROUP BY account, owner, kind, status)`

/**
 * Every row of the tables that a commit writes, but for the times of the commits and the order in which one numbers its
 * tasks.
 */
const contentsOf = async (url: string) => {
  const connection = await openRawConnection(url)
  const contents: Record<string, ReadonlyArray<unknown>> = {}
  for (const table of ["streams", "events", "senders", "sender_metadata", "sender_counts", "tasks", "receipts"]) {
    const without = table === "tasks" ? "number" : "recorded_at"
    const [row] = await connection.query(`
      SELECT coalesce(json_agg(r ORDER BY r::text), '[]')::text AS rows
      FROM (SELECT to_jsonb(t) - 'at' - '${without}' AS r FROM ${table === "sender_counts" ? counts : `countersign.${table}`} t) AS all_rows`)
    contents[table] = JSON.parse(String(row?.rows))
  }
  await connection.close()
  return contents
}
