/**
 * Ours among other event stores, at what they all do: trials W1 to W8, on one machine, with one durability and events
 * of one size.
 *
 * The others are installed when this is asked for, and only then. One that can not be had, or has no such thing, or
 * breaks, keeps its row, and the row says so.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { PostgresCluster } from "@countersign/testkit/postgres"
import { type Entrant, endAll, hold, type Processes, type Results } from "../contest/Contest.ts"
import { names, postgresEntrants, sqliteEntrants } from "../contest/Entrants.ts"
import type { Install } from "../contest/Install.ts"
import type { Trial } from "../contest/Trials.ts"
import { type Aim, atLeast, type Figure } from "../Figure.ts"
import { ratio } from "../Measure.ts"
import type { ContestScale, Surroundings, Workload } from "../Workload.ts"

export const makeCompetitors = (install: Install): Workload => ({
  name: "competitors",
  onRequest: true,
  run: async (surroundings) => {
    const missing = await install(surroundings.progress)
    return [
      ...(await onSqlite(surroundings, sqliteEntrants(missing))),
      ...(await onPostgres(surroundings, postgresEntrants(missing)))
    ]
  }
})

interface Named {
  readonly workload: string
  readonly trial: Trial
}

const trials = (
  { contended, followed, log, millis }: ContestScale,
  widths: ReadonlyArray<number>
): ReadonlyArray<Named> => [
  { workload: "W1 create a stream, one at a time", trial: { kind: "create", width: 1, millis } },
  { workload: "W2 streams of 10, exact version, one at a time", trial: { kind: "grow", millis } },
  ...widths.map((width): Named => ({ workload: `W3 create, ${width}-way`, trial: { kind: "create", width, millis } })),
  { workload: "W4 one stream, 10-way, decided again", trial: { kind: "contend", width: 10, commands: contended } },
  ...[10, 50, 1_000].map(
    (length): Named => ({
      workload: `W5 load and fold ${length.toLocaleString("en")} events`,
      trial: { kind: "load", length, millis }
    })
  ),
  { workload: `W6 read a log of ${log.toLocaleString("en")} events, events`, trial: { kind: "catch-up", events: log } },
  { workload: "W7 append to handler", trial: { kind: "follow", events: followed } },
  { workload: "W8 whole command, one at a time", trial: { kind: "command", millis } }
]

/** A database system, and how it gives each who takes part an empty store. */
interface Ground {
  readonly name: string
  readonly widths: ReadonlyArray<number>
  readonly place: () => Promise<string>
  /** After a trial: what was stored is not needed any more. */
  readonly sweep: () => Promise<void>
  /** What is aimed at in a trial, beside what was measured one at a time. */
  readonly aims: (trial: Trial, results: Results, oneAtATime: Results) => ReadonlyArray<Aim>
}

const holdAll = async (
  { progress, scale: { contest } }: Surroundings,
  entrants: ReadonlyArray<Entrant>,
  { aims, name, place, sweep, widths }: Ground
): Promise<ReadonlyArray<Figure>> => {
  const processes: Processes = new Map()
  const figures: Array<Figure> = []
  let oneAtATime: Results = new Map()
  try {
    for (const { trial, workload } of trials(contest, widths)) {
      progress(`competitors: ${name}, ${workload}`)
      const { figure, results } = await hold({
        workload: `${name}: ${workload}`,
        trial,
        rounds: contest.rounds,
        entrants,
        processes,
        place,
        aims: (measured) => aims(trial, measured, oneAtATime)
      })
      if (trial.kind === "create" && trial.width === 1) oneAtATime = results
      figures.push(figure)
      await sweep()
    }
    return figures
  } finally {
    await endAll(processes)
  }
}

const onSqlite = (surroundings: Surroundings, entrants: ReadonlyArray<Entrant>): Promise<ReadonlyArray<Figure>> => {
  const newFolder = () => mkdtempSync(join(surroundings.folder, "contest-"))
  let [stores, stored] = [newFolder(), 0]
  return holdAll(surroundings, entrants, {
    name: "SQLite",
    widths: [10, 50, 100],
    place: async () => join(stores, `${stored++}.db`),
    sweep: async () => {
      rmSync(stores, { recursive: true, force: true })
      stores = newFolder()
    },
    aims: (trial, results, oneAtATime) => {
      const { emmettSqlite } = names
      if (trial.kind === "create" && trial.width === 1) return times(results, results, 6, emmettSqlite)
      if (trial.kind === "create" && trial.width === 100) {
        return times(results, oneAtATime, 60, emmettSqlite, " one at a time")
      }
      return trial.kind === "load" && trial.length === 10 ? times(results, results, 10, emmettSqlite) : []
    }
  })
}

const onPostgres = async (
  surroundings: Surroundings,
  entrants: ReadonlyArray<Entrant>
): Promise<ReadonlyArray<Figure>> => {
  await using cluster = await PostgresCluster.make({ settings: { shared_buffers: "256MB" } })
  let databases: ReadonlyArray<string> = []
  return await holdAll(surroundings, entrants, {
    name: `PostgreSQL ${cluster.version}`,
    widths: [10, 50],
    place: () => {
      const database = `contest_${databases.length}`
      databases = [...databases, database]
      return cluster.createDatabase(database)
    },
    sweep: async () => {
      for (const database of databases) await cluster.dropDatabase(database)
    },
    aims: (trial, results) => {
      const { castorePostgres, emmettPostgres } = names
      if (trial.kind === "create" && trial.width === 50) {
        return [...times(results, results, 4, emmettPostgres), ...times(results, results, 2.5, castorePostgres)]
      }
      return trial.kind === "load" && trial.length === 10 ? times(results, results, 5, emmettPostgres) : []
    }
  })
}

/** Where the other gave no figure there is nothing to compare with, and its row says why. */
const times = (results: Results, others: Results, bound: number, whom: string, how = ""): ReadonlyArray<Aim> => {
  const [mine, other] = [results.get(names.ours), others.get(whom)]
  if (mine === undefined || other === undefined) return []
  const quotient = ratio(mine, other)
  return [atLeast(quotient, bound, `>= ${bound} x ${whom}${how} (${quotient.toFixed(1)})`)]
}
