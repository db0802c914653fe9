/**
 * Two processes on one SQLite file, killed at random. `npm run test:stress` runs it long, `npm test` briefly.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { long, seed } from "./Size.ts"
import { runStress, summary } from "./Stress.ts"

it("two processes on one SQLite file lose nothing and double nothing", { timeout: 900_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-stress-"))
  try {
    const report = await Effect.runPromise(
      Effect.scoped(
        runStress({
          store: { kind: "sqlite", file: join(folder, "countersign.db") },
          seed,
          commands: long ? 4_000 : 300,
          // The file has no clock of its own: processes on one machine share that of the machine.
          clocks: [0, 0],
          ends: long ? 20 : 3
        })
      )
    )
    console.info(summary("SQLite, 2 processes", report))
    expect(report.findings.flatMap(({ faults }) => faults)).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
