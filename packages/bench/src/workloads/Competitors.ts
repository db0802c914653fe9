/**
 * Ours among other event stores, at what they all do: trials W1 to W8, on one machine, with one durability and events of one size.
 *
 * The others are installed when this is asked for, and only then. One that can not be had, or has no such thing, or breaks, keeps its row,
 * and the row says so.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { type Contest, type Entrant, endAll, hold, type Processes, type Results } from "../contest/Contest.ts"
import type { Install } from "../contest/Install.ts"
import { emmett, ours, sqliteEntrants } from "../contest/SqliteEntrants.ts"
import type { Trial } from "../contest/Trials.ts"
import { type Aim, atLeast, type Figure } from "../Figure.ts"
import { ratio } from "../Measure.ts"
import type { ContestScale, Surroundings, Workload } from "../Workload.ts"

export const makeCompetitors = (install: Install): Workload => ({
  name: "competitors",
  onRequest: true,
  run: async (surroundings) => {
    const missing = await install(surroundings.progress)
    const processes: Processes = new Map()
    try {
      return await runSqlite(surroundings, sqliteEntrants(missing), processes)
    } finally {
      await endAll(processes)
    }
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

const runSqlite = async (
  { folder, progress, scale: { contest } }: Surroundings,
  entrants: ReadonlyArray<Entrant>,
  processes: Processes
): Promise<ReadonlyArray<Figure>> => {
  const figures: Array<Figure> = []
  let oneAtATime: Results = new Map()
  for (const { trial, workload } of trials(contest, [10, 50, 100])) {
    progress(`competitors: SQLite, ${workload}`)
    const stores = mkdtempSync(join(folder, "contest-"))
    let stored = 0
    const { figure, results } = await hold({
      workload: `SQLite: ${workload}`,
      trial,
      rounds: contest.rounds,
      entrants,
      processes,
      place: async () => join(stores, `${stored++}.db`),
      aims: sqliteAims(trial, () => oneAtATime)
    })
    if (trial.kind === "create" && trial.width === 1) oneAtATime = results
    figures.push(figure)
    rmSync(stores, { recursive: true, force: true })
  }
  return figures
}

/** What is aimed at; where the other gave no figure there is nothing to compare with, and its row says why. */
const sqliteAims =
  (trial: Trial, oneAtATime: () => Results): NonNullable<Contest["aims"]> =>
  (results) => {
    if (trial.kind === "create" && trial.width === 1) return times(results, results, 6, `${emmett}`)
    if (trial.kind === "create" && trial.width === 100) {
      return times(results, oneAtATime(), 60, `${emmett} one at a time`)
    }
    return trial.kind === "load" && trial.length === 10 ? times(results, results, 10, emmett) : []
  }

const times = (results: Results, others: Results, bound: number, whom: string): ReadonlyArray<Aim> => {
  const [mine, other] = [results.get(ours), others.get(emmett)]
  if (mine === undefined || other === undefined) return []
  const quotient = ratio(mine, other)
  return [atLeast(quotient, bound, `>= ${bound} x ${whom} (${quotient.toFixed(1)})`)]
}
