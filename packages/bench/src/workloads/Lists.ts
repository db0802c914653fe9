/**
 * The directory at size: pages, filters, totals and look-ups over 1,000,000 senders in 1,000 accounts, one of which has
 * 200,000. How long the caller waits, and for how long at most nobody else of the process was served.
 *
 * Warm: asked again and again. Cold: asked once by a newly opened store, of whose file the system has cached nothing;
 * its thread for long lists has yet to start.
 */
import { rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { setTimeout as pause } from "node:timers/promises"
import { SenderDirectory } from "@countersign/engine"
import { SqliteStorage } from "@countersign/storage-sqlite"
import { Effect, ManagedRuntime } from "effect"
import { below, type Figure } from "../Figure.ts"
import { fillStore } from "../lists/ManySenders.ts"
import { dropPageCache } from "../lists/PageCache.ts"
import { makeQuestions, type Question } from "../lists/Questions.ts"
import { percentile } from "../Measure.ts"
import type { Scale, Workload } from "../Workload.ts"

/** No question may keep the event loop for longer, in milliseconds. */
const mayBlock = 50
/** For the monitor of the event loop to take its last look, in milliseconds. */
const settling = 3

interface Asked {
  /** In milliseconds, sorted. */
  readonly times: Float64Array
  readonly blocked: number
}

export const lists: Workload = {
  name: "lists",
  run: async ({ folder, progress, scale }) => {
    const file = join(folder, "lists.db")
    const { senders, accounts, largest } = scale.lists
    const size = `${senders.toLocaleString("en")} senders in ${accounts.toLocaleString("en")} accounts`
    progress(`lists: a store with ${size} is filled`)
    try {
      const known = await fillStore(file, scale.lists, (done) => progress(`lists: ${done.toLocaleString("en")}`))
      const questions = makeQuestions({ senders, accounts, largest }, known)
      progress(`lists: asked while the store is in use (${(statSync(file).size / 1e9).toFixed(1)} GB)`)
      const warm = await withStore(file, (ask) => inTurn(questions, (question) => askWarm(ask, question, scale)))
      const isDropped = dropPageCache(file)
      progress(`lists: asked of a newly opened store, ${isDropped ? "nothing cached" : "but the file is cached"}`)
      const cold = await inTurn(questions, (question) => askCold(file, question, scale))
      const coldMeans = isDropped ? "cold" : "new connection, but the file stays in the page cache"
      return questions.flatMap((question, at) => [
        ...toFigures(`lists, warm: ${question.name}`, warm[at], question.aim),
        ...toFigures(`lists, ${coldMeans}: ${question.name}`, cold[at], undefined)
      ])
    } finally {
      rmSync(file, { force: true })
    }
  }
}

/** One after the other. */
const inTurn = async <A, B>(all: ReadonlyArray<A>, run: (one: A) => Promise<B>): Promise<ReadonlyArray<B>> => {
  const done: Array<B> = []
  for (const one of all) done.push(await run(one))
  return done
}

/** Asks once and answers how long that took, in milliseconds. */
type Ask = (question: Question, turn: number) => Promise<number>

const withStore = async <A>(file: string, use: (ask: Ask) => Promise<A>): Promise<A> => {
  const runtime = ManagedRuntime.make(SqliteStorage.layer({ file }))
  try {
    const directory = await runtime.runPromise(Effect.service(SenderDirectory))
    return await use(async (question, turn) => {
      const began = performance.now()
      await runtime.runPromise(question.ask(directory, turn))
      return performance.now() - began
    })
  } finally {
    await runtime.dispose()
  }
}

const askWarm = async (ask: Ask, question: Question, { lists: { warm } }: Scale): Promise<Asked> => {
  for (let turn = 0; turn < warm.before; turn++) await ask(question, turn)
  const watched: Array<Watched> = []
  for (let turn = 0; turn < warm.times; turn++) watched.push(await watch(() => ask(question, turn)))
  return summarize(watched)
}

const askCold = async (file: string, question: Question, { lists: { cold } }: Scale): Promise<Asked> => {
  const watched: Array<Watched> = []
  for (let turn = 0; turn < cold.times; turn++) {
    dropPageCache(file)
    watched.push(await withStore(file, (ask) => watch(() => ask(question, turn))))
  }
  return summarize(watched)
}

interface Watched {
  readonly time: number
  readonly blocked: number
}

/**
 * The monitor sees a pause of the loop at the next of its ticks, and must have seen one before: it looks on from there.
 */
const watch = async (run: () => Promise<number>): Promise<Watched> => {
  const monitor = monitorEventLoopDelay({ resolution: 1 })
  monitor.enable()
  await pause(settling)
  monitor.reset()
  const time = await run()
  await pause(settling)
  monitor.disable()
  return { time, blocked: monitor.max / 1e6 }
}

const summarize = (watched: ReadonlyArray<Watched>): Asked => ({
  times: Float64Array.from(watched.map(({ time }) => time)).sort(),
  blocked: Math.max(...watched.map(({ blocked }) => blocked))
})

const toFigures = (workload: string, asked: Asked | undefined, aim: number | undefined): ReadonlyArray<Figure> => {
  if (asked === undefined) return []
  const { blocked, times } = asked
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)]
  return [
    {
      workload: `${workload} (event loop blocked for ${blocked.toFixed(1)} ms at most)`,
      ours: { value: p50, unit: "ms", p50, p99 },
      aims: [
        ...(aim === undefined ? [] : [below(p99, aim, `p99 < ${aim} ms`)]),
        below(blocked, mayBlock, `blocked < ${mayBlock} ms`)
      ]
    }
  ]
}
