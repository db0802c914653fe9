/**
 * Two processes on one SQLite file, killed at random. `npm run test:stress` runs it long, `npm test` briefly.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, describe, expect, it, vi } from "vitest"
import { duelTests } from "./DuelTests.ts"
import type { Store } from "./Installation.ts"
import { commandsOr, long, seed } from "./Size.ts"
import { runStress, summary } from "./Stress.ts"

vi.setConfig({ testTimeout: 900_000 })

const folder = mkdtempSync(join(tmpdir(), "countersign-stress-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const newStore = (name: string): Store => ({ kind: "sqlite", file: join(folder, `${name}.db`) })

// They wait for each other's leases more than they work.
describe.concurrent("two processes on one SQLite file", () => {
  it("lose nothing and double nothing when they are killed", async () => {
    // The file has no clock of its own: processes on one machine share that of the machine.
    const size = {
      clocks: [0, 0],
      ...(long ? { commands: commandsOr(4_000), ends: 20 } : { commands: commandsOr(300), ends: 3 })
    }
    const report = await Effect.runPromise(Effect.scoped(runStress({ store: newStore("stress"), seed, ...size })))
    console.info(summary("SQLite, 2 processes", report))
    expect(report.findings.flatMap(({ faults }) => faults)).toEqual([])
  })

  // One that is frozen in the middle of a write holds the file's lock until it goes on.
  duelTests("SQLite", newStore, ["killed"])
})
