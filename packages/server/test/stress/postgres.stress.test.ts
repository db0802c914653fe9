/**
 * Many processes on one PostgreSQL: killed, frozen, with clocks that are wrong, while network and server fail too. `npm run
 * test:stress` runs it long and on every version, `npm test` briefly and on the newest.
 */
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
import { commandsOr, long, seed } from "./Size.ts"
import { runStress, type StressOptions, summary } from "./Stress.ts"

vi.setConfig({ testTimeout: 900_000, hookTimeout: 120_000 })

const minute = 60_000

/** On a server of its own, which fails, behind a network that does. */
const stressTest = (major: PostgresMajor, title: string) => {
  it("lose nothing and double nothing when they, the network and the server fail", async () => {
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
    const size: Omit<StressOptions, "store" | "seed"> = long
      ? {
          commands: commandsOr(10_000),
          clocks: [0, minute, -minute, 20_000],
          ends: 40,
          freezes: 10,
          blows: [cut, terminate, crash, restart]
        }
      : { commands: commandsOr(500), clocks: [0, minute, -minute, 20_000], ends: 4, freezes: 1, blows: [cut, crash] }
    const report = await Effect.runPromise(
      Effect.scoped(runStress({ store: { kind: "postgres", url }, seed, ...size }))
    )
    console.info(summary(title, report))
    expect(report.findings.flatMap(({ faults }) => faults)).toEqual([])
  })
}

// They wait for each other's leases more than they work.
describe.concurrent("many processes", () => {
  for (const major of postgresMajors) {
    const found = findPostgres(major)
    if ("reason" in found) it.todo(`NOT TESTED: ${found.reason}`)
    else if (long || major === 18) {
      describe(`on PostgreSQL ${found.version}`, () => {
        stressTest(major, `PostgreSQL ${found.version}, 4 processes`)

        let cluster: PostgresCluster
        beforeAll(async () => {
          cluster = await PostgresCluster.make({ major })
        })
        afterAll(() => cluster.close())
        const newStore = async (name: string) =>
          ({ kind: "postgres", url: await cluster.createDatabase(name) }) as const
        duelTests(`PostgreSQL ${found.version}`, newStore, ["killed", "frozen"])
      })
    }
  }
})
