/**
 * Every workload runs to its end and says something, so that `npm run bench` cannot rot. Nothing is said about how
 * fast.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { long } from "@countersign/testkit"
import { afterAll, describe, expect, it } from "vitest"
import { toMarkdown } from "../../src/Table.ts"
import type { Scale, Workload } from "../../src/Workload.ts"
import { claims } from "../../src/workloads/Claims.ts"
import { commit } from "../../src/workloads/Commit.ts"
import { makeCompetitors } from "../../src/workloads/Competitors.ts"
import { fold } from "../../src/workloads/Fold.ts"
import { http } from "../../src/workloads/Http.ts"
import { lists } from "../../src/workloads/Lists.ts"
import { memory } from "../../src/workloads/Memory.ts"
import { postgres } from "../../src/workloads/Postgres.ts"
import { start } from "../../src/workloads/Start.ts"
import { verification } from "../../src/workloads/Verification.ts"

const tiny: Scale = {
  rounds: 1,
  commits: { oneAtATime: 5, together: 150, warmUp: 10 },
  senders: 400,
  foldMillis: 1,
  http: { rounds: 1, seconds: 0.2 },
  starts: 1,
  contest: { rounds: 1, millis: 20, contended: 20, log: 200, followed: 2 },
  processes: { rounds: 1, millis: 20 },
  held: { seconds: 0.02 },
  claims: { few: 700, many: 3_000, completed: 600, times: 2 },
  verification: {
    few: { domains: 4, addresses: 4 },
    many: { domains: 16, addresses: 8 },
    watched: { pending: 20, watched: 2, seconds: 0.1, addresses: 8 }
  },
  lists: { senders: 1_000, accounts: 5, largest: 500, warm: { before: 1, times: 2 }, cold: { times: 1 } }
}

/** Nothing is installed by a test: the competitors keep their rows, and the rows say why there is no figure. */
const competitors = makeCompetitors(() => Promise.resolve("not installed by a test"))

const folder = mkdtempSync(join(tmpdir(), "countersign-bench-test-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const figuresOf: ReadonlyArray<[Workload, number]> = [
  [claims, 9],
  [commit, 6],
  [fold, 3],
  [http, 4],
  [lists, 74],
  [memory, 4],
  [start, 1],
  ...(long ? [[postgres, 4] satisfies [Workload, number], [verification, 3] satisfies [Workload, number]] : [])
]

describe("the workloads", () => {
  it.each(figuresOf.map(([workload, figures]) => ({ name: workload.name, workload, figures })))(
    "$name",
    async ({ figures, workload }) => {
      const measured = await workload.run({ scale: tiny, folder, progress: () => undefined })
      expect(measured).toHaveLength(figures)
      for (const { ours, raw, ratio } of measured) {
        expect(ours.value).toBeGreaterThan(0)
        if (raw !== undefined) expect([raw.value > 0, ratio]).toEqual([true, expect.any(Number)])
      }
      expect(toMarkdown(measured).split("\n")).toHaveLength(2 + figures)
    },
    120_000
  )

  if (!long)
    it.todo("NOT TESTED: the workloads postgres, verification and competitors, which `npm run test:stress` runs")
  const inStress = long ? it : undefined
  inStress?.(
    "competitors",
    async () => {
      const measured = await competitors.run({ scale: tiny, folder, progress: () => undefined })
      expect(measured).toHaveLength(12 + 11)
      for (const { ours, standings = [] } of measured) {
        expect(ours.value).toBeGreaterThan(0)
        expect(standings[0]).toMatchObject({ store: "ours, event-only", failed: 0, measured: ours })
        const others = standings.filter(({ store }) => /emmett|act-|castore/.test(store))
        expect(others.length).toBeGreaterThan(1)
        for (const other of others) expect(other).toMatchObject({ note: "not installed by a test" })
      }
      const raw = measured.flatMap(({ standings = [] }) =>
        standings.filter(({ store }) => store.includes("node:sqlite"))
      )
      expect(raw.filter(({ measured }) => measured === undefined).map(({ note }) => note)).toEqual([
        "it has no subscription to the log"
      ])
      expect(toMarkdown(measured)).toContain("| SQLite: W1 create a stream, one at a time | ours, event-only |")
    },
    120_000
  )
})
