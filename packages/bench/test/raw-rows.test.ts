/**
 * The raw contender of the commit workload is honest: it leaves exactly the rows behind that the storage adapter leaves.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, expect, it } from "vitest"
import { makeAddCommits } from "../src/commit/AddCommits.ts"
import { openOurStore } from "../src/commit/OurStore.ts"
import { openRawStore } from "../src/commit/RawStore.ts"
import { makeTemplate } from "../src/commit/Templates.ts"

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
