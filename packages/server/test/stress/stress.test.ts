/**
 * Many processes on one database: killed, frozen, with clocks that are wrong, while the network and the server fail
 * too.
 *
 * `npm run test:stress` runs all of it, long, one after the other; `npm test` runs it briefly and on the newest
 * PostgreSQL, all at once, since most of that time is waiting for leases to end.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { commandsOr, long, seed } from "@countersign/testkit"
import {
  FaultProxy,
  findPostgres,
  PostgresCluster,
  type PostgresMajor,
  postgresMajors
} from "@countersign/testkit/postgres"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { duelTests } from "./DuelTests.ts"
import { runStress, type StressOptions, summary } from "./Stress.ts"

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 120_000 })

const minute = 60_000

const run = async (title: string, options: Omit<StressOptions, "seed">): Promise<void> => {
  const report = await Effect.runPromise(Effect.scoped(runStress({ ...options, seed })))
  console.info(summary(title, report))
  expect(report.findings.flatMap(({ faults }) => faults)).toEqual([])
}

/** On a server of its own, which fails, behind a network that does. */
const stressPostgres = async (major: PostgresMajor, version: string): Promise<void> => {
  await using cluster = await PostgresCluster.make({ major })
  await using proxy = await FaultProxy.make(cluster.port)
  const url = proxy.url(await cluster.createDatabase("stress"))
  const again = async (end: Promise<void>) => {
    await end
    await cluster.start()
  }
  const cut = { at: 0.2, strike: async () => void proxy.cut() }
  const terminate = { at: 0.4, strike: async () => void (await cluster.terminateBackends("stress")) }
  const crash = { at: 0.6, strike: () => again(cluster.crash()) }
  const restart = { at: 0.8, strike: () => again(cluster.stop()) }
  await run(`PostgreSQL ${version}, 4 processes`, {
    store: { kind: "postgres", url },
    clocks: [0, minute, -minute, 20_000],
    ...(long
      ? { commands: commandsOr(10_000), ends: 40, freezes: 10, blows: [cut, terminate, crash, restart] }
      : { commands: commandsOr(400), ends: 4, freezes: 1, blows: [cut, crash] })
  })
}

describe("many processes", { concurrent: !long }, () => {
  for (const major of postgresMajors) {
    const found = findPostgres(major)
    if ("reason" in found) it.todo(`NOT TESTED: ${found.reason}`)
    else if (long || major === 18) {
      const { version } = found
      describe(`on PostgreSQL ${version}`, () => {
        it("lose nothing and double nothing when they, the network and the server fail", () =>
          stressPostgres(major, version))

        let cluster: PostgresCluster
        beforeAll(async () => {
          cluster = await PostgresCluster.make({ major })
        })
        afterAll(() => cluster.close())
        const newStore = async (name: string) =>
          ({ kind: "postgres", url: await cluster.createDatabase(name) }) as const
        duelTests(`PostgreSQL ${version}`, newStore, ["killed", "frozen"])
      })
    }
  }

  describe("on one SQLite file", () => {
    const folder = mkdtempSync(join(tmpdir(), "countersign-stress-"))
    afterAll(() => rmSync(folder, { recursive: true, force: true }))
    const newStore = (name: string) => ({ kind: "sqlite", file: join(folder, `${name}.db`) }) as const

    it("lose nothing and double nothing when they are killed", () =>
      run("SQLite, 2 processes", {
        store: newStore("stress"),
        // The file has no clock of its own: processes on one machine share that of the machine.
        clocks: [0, 0],
        ...(long ? { commands: commandsOr(4_000), ends: 20 } : { commands: commandsOr(200), ends: 2 })
      }))

    // One that is frozen in the middle of a write holds the file's lock until it goes on.
    if (long) duelTests("SQLite", newStore, ["killed"])
  })
})
