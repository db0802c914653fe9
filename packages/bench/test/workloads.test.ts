/**
 * Every workload runs to its end and says something, so that `npm run bench` cannot rot. Nothing is said about how fast.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { toMarkdown } from "../src/Table.ts"
import type { Scale, Workload } from "../src/Workload.ts"
import { commit } from "../src/workloads/Commit.ts"
import { fold } from "../src/workloads/Fold.ts"
import { http } from "../src/workloads/Http.ts"
import { lists } from "../src/workloads/Lists.ts"
import { memory } from "../src/workloads/Memory.ts"
import { start } from "../src/workloads/Start.ts"

const tiny: Scale = {
  rounds: 1,
  commits: { oneAtATime: 5, together: 150, warmUp: 10 },
  senders: 400,
  foldMillis: 1,
  http: { rounds: 1, seconds: 1 },
  starts: 1,
  lists: { senders: 1_000, accounts: 5, largest: 500, warm: { before: 1, times: 2 }, cold: { times: 1 } }
}

const folder = mkdtempSync(join(tmpdir(), "countersign-bench-test-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const figuresOf: ReadonlyArray<[Workload, number]> = [
  [commit, 6],
  [fold, 3],
  [http, 2],
  [lists, 72],
  [memory, 4],
  [start, 1]
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
})
