/**
 * What a claim costs per task, whatever waits beside it: a million due, a million not due, several kinds, and after
 * 200,000 were done, on SQLite and on PostgreSQL. It must not follow the length of the queue.
 */
import { rmSync } from "node:fs"
import { join } from "node:path"
import type { TaskKind } from "@countersign/core"
import { PostgresCluster } from "@countersign/testkit/postgres"
import { type ClaimStore, openPostgresTasks, openSqliteTasks, type TaskFill } from "../claims/ClaimStores.ts"
import { atMost, type Figure } from "../Figure.ts"
import { type Series, summarize } from "../Measure.ts"
import type { ClaimScale, Workload } from "../Workload.ts"

/** Tasks that one claim asks for, and how long it holds them: longer than any of this takes. */
const portion = 50
const lease = 600_000

const oneKind: ReadonlyArray<TaskKind> = ["verification-mail"]
const kinds: ReadonlyArray<TaskKind> = ["verification-mail", "probe", "link-expiry"]

export const claims: Workload = {
  name: "claims",
  onRequest: true,
  run: async ({ folder, progress, scale }) => {
    const figures: Array<Figure> = []
    let stores = 0
    const file = () => join(folder, `tasks-${stores++}.db`)
    progress("claims: SQLite")
    figures.push(
      ...(await measure("SQLite", scale.claims, async (fills) => {
        const place = file()
        const store = await openSqliteTasks(place, fills)
        return {
          ...store,
          close: async () => {
            await store.close()
            rmSync(place)
          }
        }
      }))
    )
    await using cluster = await PostgresCluster.make({ settings: { shared_buffers: "256MB" } })
    progress("claims: PostgreSQL")
    figures.push(
      ...(await measure(`PostgreSQL ${cluster.version}`, scale.claims, async (fills) => {
        const database = `tasks_${stores++}`
        const store = await openPostgresTasks(await cluster.createDatabase(database), fills)
        return {
          ...store,
          close: async () => {
            await store.close()
            await cluster.dropDatabase(database)
          }
        }
      }))
    )
    return figures
  }
}

type OpenFilled = (fills: ReadonlyArray<TaskFill>) => Promise<ClaimStore>

const measure = async (
  name: string,
  { completed, few, many, times }: ClaimScale,
  open: OpenFilled
): Promise<ReadonlyArray<Figure>> => {
  const amount = (count: number) => count.toLocaleString("en")
  const due = (count: number, of: ReadonlyArray<TaskKind>): TaskFill => ({ count, kinds: of, due: true })

  /** Both queues take turns, so that whatever else the machine does meanwhile hurts both. */
  const beside = async (
    of: ReadonlyArray<TaskKind>,
    fills: ReadonlyArray<TaskFill>,
    look: (compare: (workload: string) => Promise<Figure>, long: ClaimStore) => Promise<ReadonlyArray<Figure>>
  ): Promise<ReadonlyArray<Figure>> => {
    const stores = { long: await open(fills), short: await open([due(2 * few, of)]) }
    const compare = async (workload: string): Promise<Figure> => {
      const { long, short } = await takeTurns(stores, of, times)
      const quotient = long.p50 / short.p50
      return {
        workload: `${name}: a claimed task, ${workload}; "raw" is ${amount(2 * few)} due`,
        ours: perTask(long),
        raw: perTask(short),
        ratio: quotient,
        aims: [atMost(quotient, 1.5, "<= 1.5 x as long")]
      }
    }
    try {
      return await look(compare, stores.long)
    } finally {
      await stores.long.close()
      await stores.short.close()
    }
  }

  const done = `${amount(many)} due, after ${amount(completed)} were done`
  return [
    ...(await beside(oneKind, [due(many, oneKind)], async (compare) => [await compare(`${amount(many)} due`)])),
    ...(await beside(oneKind, [due(few, oneKind), { count: many, kinds: oneKind, due: false }], async (compare) => [
      await compare(`${amount(few)} due and ${amount(many)} not yet`)
    ])),
    ...(await beside(kinds, [due(many, kinds)], async (compare) => [
      await compare(`${amount(many)} due, of ${kinds.length} kinds`)
    ])),
    ...(await beside(oneKind, [due(many, oneKind)], async (compare, long) => {
      await complete(long, completed)
      const after = await compare(done)
      if (long.vacuum === undefined) return [after]
      await long.vacuum()
      return [after, await compare(`${done} and vacuumed`)]
    }))
  ]
}

/** Claims of `portion` tasks; the latency of one, in milliseconds. */
const takeTurns = async (
  stores: { readonly long: ClaimStore; readonly short: ClaimStore },
  of: ReadonlyArray<TaskKind>,
  times: number
): Promise<{ readonly long: Series; readonly short: Series }> => {
  const latencies = { long: new Float64Array(times), short: new Float64Array(times) }
  const claim = async (which: "long" | "short", index: number) => {
    const since = performance.now()
    const tasks = await stores[which].claim(of, portion, lease)
    // The first ones warm up.
    if (index >= 0) latencies[which][index] = performance.now() - since
    if (tasks !== portion) throw new Error(`${tasks} tasks were claimed of ${portion}`)
  }
  for (let index = -5; index < times; index++) {
    await claim(index % 2 === 0 ? "long" : "short", index)
    await claim(index % 2 === 0 ? "short" : "long", index)
  }
  return { long: toSeries(latencies.long), short: toSeries(latencies.short) }
}

const toSeries = (latencies: Float64Array): Series =>
  summarize([
    { operations: latencies.length, seconds: latencies.reduce((sum, millis) => sum + millis, 0) / 1_000, latencies }
  ])

/**
 * Claimed as workers do, then ended all at once: each in a transaction of its own would take minutes and leave the same
 * behind.
 */
const complete = async (store: ClaimStore, count: number): Promise<void> => {
  const most = 500
  for (let done = 0; done < count; done += most) {
    await store.claim(oneKind, Math.min(most, count - done), lease)
    await store.completeAll()
  }
}

const perTask = ({ p50, p99 }: Series) => ({
  value: (1_000 * p50) / portion,
  unit: "µs",
  p50: p50 / portion,
  p99: p99 / portion
})
