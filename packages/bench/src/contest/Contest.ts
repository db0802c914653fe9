/**
 * One trial, and all who take part in it: round after round in turn, each on an empty store in a process of its own.
 *
 * A process goes on to the next trial, as long as nothing failed in it.
 */
import { setTimeout as pause } from "node:timers/promises"
import type { Aim, Figure, Measured, Standing } from "../Figure.ts"
import { ratio, type Series, summarize } from "../Measure.ts"
import type { Profile } from "./Contestant.ts"
import { type ContestantProcess, NotOffered, startContestant } from "./ContestantProcess.ts"
import type { Trial, TrialRound } from "./Trials.ts"

export interface Entrant {
  readonly store: string
  readonly program: URL
  readonly args?: ReadonlyArray<string>
  /** Where it only takes part in some trials. */
  readonly trials?: ReadonlyArray<Trial["kind"]>
  /** Why it can not be measured here at all. */
  readonly missing?: string
  /** Said of it where it could not be asked. */
  readonly ordering: string
}

export interface Contest {
  /** What is done, in words. */
  readonly workload: string
  readonly trial: Trial
  readonly rounds: number
  /** Ours is the first. */
  readonly entrants: ReadonlyArray<Entrant>
  readonly processes: Processes
  /** An empty place to store things in, for each that takes part. */
  readonly place: () => Promise<string>
  readonly aims?: (results: Results) => ReadonlyArray<Aim>
}

/** By the name of the store; those that could not be measured are not in it. */
export type Results = ReadonlyMap<string, Series>

/** Long enough for what a round left behind not to run into the next. */
const betweenRounds = 50

/** The processes of the entrants between two trials, by the name of the store. */
export type Processes = Map<string, ContestantProcess>

export const endAll = async (processes: Processes): Promise<void> => {
  await Promise.all([...processes.values()].map((process) => process.end()))
  processes.clear()
}

/** An entrant on its way through the rounds. */
interface Run {
  readonly entrant: Entrant
  readonly rounds: Array<TrialRound>
  process?: ContestantProcess
  profile?: Profile
  note?: string
}

export const hold = async (contest: Contest): Promise<{ readonly figure: Figure; readonly results: Results }> => {
  const { entrants, processes, rounds, trial } = contest
  const runs = entrants
    .filter(({ trials }) => trials === undefined || trials.includes(trial.kind))
    .map((entrant): Run => ({ entrant, rounds: [] }))
  try {
    await Promise.all(runs.map((run) => begin(run, contest)))
    // One more than counts, to warm up.
    for (let round = 0; round <= rounds; round++) {
      for (const run of round % 2 === 0 ? runs : runs.toReversed()) await doRound(run, round > 0)
    }
  } finally {
    await Promise.all(runs.map((run) => leave(run, processes)))
  }
  return report(contest, runs)
}

const begin = async (run: Run, { place, processes, trial }: Contest): Promise<void> => {
  const { args, missing, program } = run.entrant
  if (missing !== undefined) {
    run.note = missing
    return
  }
  run.process = processes.get(run.entrant.store) ?? startContestant(program, args)
  processes.delete(run.entrant.store)
  await attempt(run, async (process) => {
    run.profile = await process.open(await place(), trial)
  })
}

const leave = async (run: Run, processes: Processes): Promise<void> => {
  const { entrant, process, rounds } = run
  if (process === undefined) return
  await attempt(run, () => process.close())
  if (run.note !== undefined || rounds.some(({ failed }) => failed > 0)) return process.end()
  processes.set(entrant.store, process)
}

const doRound = async (run: Run, counts: boolean): Promise<void> => {
  // One of which nothing worked is not asked again: it would only be waited for.
  if (run.note !== undefined || run.rounds.some(({ operations }) => operations === 0)) return
  await attempt(run, async (process) => {
    const round = await process.round()
    if (counts || round.operations === 0) run.rounds.push(round)
  })
  await pause(betweenRounds)
}

const attempt = async (run: Run, work: (process: ContestantProcess) => Promise<void>): Promise<void> => {
  if (run.process === undefined) return
  try {
    await work(run.process)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    run.note = cause instanceof NotOffered ? reason : `broke: ${reason}`
  }
}

const report = (
  { aims, trial, workload }: Contest,
  runs: ReadonlyArray<Run>
): { readonly figure: Figure; readonly results: Results } => {
  const results = new Map<string, Series>()
  for (const { entrant, rounds } of runs) {
    if (rounds.some(({ operations }) => operations > 0)) results.set(entrant.store, summarize(rounds))
  }
  const [ours] = runs
  const series = ours === undefined ? undefined : results.get(ours.entrant.store)
  if (series === undefined)
    throw new Error(`${workload}: ours gave no figure: ${ours?.note ?? ours?.rounds[0]?.failure}`)
  const figure: Figure = {
    workload,
    ours: toMeasured(series, trial),
    standings: runs.map((run) => toStanding(run, trial, results, series)),
    aims: aims?.(results) ?? []
  }
  return { figure, results }
}

const toStanding = (
  { entrant, note, profile, rounds }: Run,
  trial: Trial,
  results: Results,
  ours: Series
): Standing => {
  const series = results.get(entrant.store)
  const failed = rounds.reduce((sum, round) => sum + round.failed, 0)
  const done = rounds.reduce((sum, round) => sum + round.operations, 0)
  const failure = rounds.findLast((round) => round.failure !== undefined)?.failure
  return {
    store: entrant.store,
    ...(series === undefined ? {} : { measured: toMeasured(series, trial) }),
    ...(series === undefined || series === ours ? {} : { ratio: compare(ours, series, trial) }),
    ...(done + failed === 0 ? {} : { failed: failed / (done + failed) }),
    ordering: profile?.ordering ?? entrant.ordering,
    ...(profile === undefined ? {} : { settings: describe(profile) }),
    ...(note === undefined && failure === undefined ? {} : { note: note ?? `failed: ${failure}` })
  }
}

/** Where something is waited for, the wait is the figure. */
const isWait = ({ kind }: Trial): boolean => kind === "follow"

const toMeasured = ({ p50, p99, rate }: Series, trial: Trial): Measured =>
  isWait(trial) ? { value: p50, unit: "ms", p50, p99 } : { value: rate, unit: "/s", p50, p99 }

/** How many times as good ours is. */
const compare = (ours: Series, other: Series, trial: Trial): number =>
  isWait(trial) ? other.p50 / ours.p50 : ratio(ours, other)

const describe = ({ durability, versions }: Profile): string =>
  `${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")}; ${durability}`
