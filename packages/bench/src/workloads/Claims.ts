/**
 * What a claim costs per task, whatever waits beside it: a million due, a million not due, several kinds, and after 200,000 were done, on SQLite and
 * on PostgreSQL. It must not follow the length of the queue.
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
  const using = async <A>(fills: ReadonlyArray<TaskFill>, work: (store: ClaimStore) => Promise<A>): Promise<A> => {
    const store = await open(fills)
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }
  const short = await using([due(few, oneKind)], (store) => claimed(store, oneKind, times))
  const several = await using([due(many, kinds)], (store) => claimed(store, kinds, times))
  const shortSeveral = await using([due(few, kinds)], (store) => claimed(store, kinds, times))
  const future = await using([due(few, oneKind), { count: many, kinds: oneKind, due: false }], (store) =>
    claimed(store, oneKind, times)
  )
  const [long, after] = await using([due(many, oneKind)], async (store) => {
    const first = await claimed(store, oneKind, times)
    await complete(store, completed)
    return [first, await claimed(store, oneKind, times)] as const
  })
  const flat = (workload: string, series: Series, base: Series): Figure => {
    const quotient = series.p50 / base.p50
    return {
      workload: `${name}: a claimed task, ${workload}`,
      ours: perTask(series),
      raw: perTask(base),
      ratio: quotient,
      aims: [atMost(quotient, 1.5, "<= 1.5 x as long")]
    }
  }
  return [
    flat(`${amount(many)} due; "raw" is ${amount(few)} due`, long, short),
    flat(`${amount(few)} due and ${amount(many)} not yet; "raw" is without those`, future, short),
    flat(`${amount(many)} due of ${kinds.length} kinds; "raw" is ${amount(few)} of as many`, several, shortSeveral),
    flat(`${amount(many)} due, after ${amount(completed)} were done; "raw" is ${amount(few)} due`, after, short)
  ]
}

/** Claims of `portion` tasks; the latency of one, in milliseconds. */
const claimed = async (store: ClaimStore, of: ReadonlyArray<TaskKind>, times: number): Promise<Series> => {
  const latencies = new Float64Array(times)
  const began = performance.now()
  // Two to warm up.
  for (let index = -2; index < times; index++) {
    const since = performance.now()
    const tasks = await store.claim(of, portion, lease)
    if (index >= 0) latencies[index] = performance.now() - since
    if (tasks !== portion) throw new Error(`${tasks} tasks were claimed of ${portion}`)
  }
  return summarize([{ operations: times, seconds: (performance.now() - began) / 1_000, latencies }])
}

/** Claimed as workers do, then ended all at once: each in a transaction of its own would take minutes and leave the same behind. */
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
