/**
 * Whole commits on PostgreSQL: one at a time and 50-way, beside one statement that writes the same rows; from four
 * processes instead of one; and while another connection holds a snapshot, as pg_dump does, so that nothing dead is
 * cleared away.
 */
import { PostgresCluster } from "@countersign/testkit/postgres"
import { makeAddCommits } from "../commit/AddCommits.ts"
import { openOurPostgres } from "../commit/OurStore.ts"
import { openRawPostgres } from "../commit/RawPostgres.ts"
import { type ContestantProcess, startContestant } from "../contest/ContestantProcess.ts"
import { type Aim, atLeast, atMost, type Figure } from "../Figure.ts"
import { alternate, perSecond, type Round, ratio, type Series, summarize } from "../Measure.ts"
import { openRawConnection } from "../raw/RawConnection.ts"
import type { Scale, Workload } from "../Workload.ts"

/** Callers of one process. */
const width = 50

export const postgres: Workload = {
  name: "postgres",
  onRequest: true,
  run: async ({ progress, scale }) => {
    await using cluster = await PostgresCluster.make({ settings: { shared_buffers: "256MB" } })
    progress("postgres: whole commits beside raw statements")
    const beside = await besideRaw(cluster, scale)
    progress("postgres: four processes, and a snapshot that is held")
    return [...beside, ...(await fromProcesses(cluster, scale))]
  }
}

const besideRaw = async (cluster: PostgresCluster, { commits, rounds }: Scale): Promise<ReadonlyArray<Figure>> => {
  const urls = { ours: await cluster.createDatabase("ours"), raw: await cluster.createDatabase("raw") }
  // The adapter makes the schema of both.
  const maker = openOurPostgres(urls.raw)
  await maker.fill([])
  await maker.close()
  const ours = openOurPostgres(urls.ours)
  const raw = await openRawPostgres(urls.raw)
  try {
    let made = 0
    const more = (count: number) => {
      made += count
      return makeAddCommits(made - count, count)
    }
    const single = Math.ceil(commits.oneAtATime / 2)
    const oneAtATime = await alternate(
      { ours: () => ours.oneAtATime(more(single)), raw: () => raw.inGroups(more(single), 1) },
      rounds
    )
    let groupSize = width
    const together = await alternate(
      {
        ours: async (): Promise<Round> => {
          const round = await ours.together(more(commits.together), width)
          groupSize = ours.groupSize()
          return round
        },
        raw: () => raw.inGroups(more(commits.together), Math.round(groupSize))
      },
      rounds
    )
    return [
      toFigure(`PostgreSQL ${cluster.version}: commit, one at a time`, oneAtATime),
      toFigure(`PostgreSQL ${cluster.version}: commit, ${width}-way (groups of ${Math.round(groupSize)})`, together)
    ]
  } finally {
    await ours.close()
    await raw.close()
  }
}

const toFigure = (workload: string, series: { readonly ours: Series; readonly raw: Series }): Figure => {
  const quotient = ratio(series.ours, series.raw)
  return {
    workload,
    ours: perSecond(series.ours),
    raw: perSecond(series.raw),
    ratio: quotient,
    aims: [atLeast(quotient, 0.8, "ratio >= 0.8")]
  }
}

/** Senders that each process may add before it meets another's. */
const senders = 10_000_000

const fromProcesses = async (cluster: PostgresCluster, { held, processes }: Scale): Promise<ReadonlyArray<Figure>> => {
  const url = await cluster.createDatabase("shared")
  const program = new URL("../contest/OurPostgres.ts", import.meta.url)
  const all = Array.from({ length: 4 }, (_, index) =>
    startContestant(program, ["--whole", `--first=${index * senders}`])
  )
  try {
    const [first] = all
    if (first === undefined) throw new Error("no process was started")
    const turn = { one: [first], four: all }
    const round = async (which: ReadonlyArray<ContestantProcess>): Promise<Round> =>
      sum(await Promise.all(which.map((process) => process.round())))
    const during = async (millis: number) => {
      for (const process of all) await process.open(url, { kind: "create", width, millis })
    }

    await during(processes.millis)
    const { one, four } = await alternate(
      { one: () => round(turn.one), four: () => round(turn.four) },
      processes.rounds
    )
    // Half of the time before and half of it after, so that what grows meanwhile is in both.
    await during((held.seconds * 1_000) / 2)
    const before = await round(all)
    await during(held.seconds * 1_000)
    const holder = await openRawConnection(url)
    await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ")
    await holder.query("SELECT count(*) FROM countersign.senders")
    const holding = await round(all)
    await holder.query("COMMIT")
    await holder.close()
    await during((held.seconds * 1_000) / 2)
    const free = summarize([before, await round(all)])
    return [
      compared(`PostgreSQL: commits of four processes, ${width}-way each; "raw" is one such process`, four, one, [
        (quotient) => atLeast(quotient, 1, "ratio >= 1.0"),
        () => atMost(four.p99 / one.p99, 5, `p99 <= 5 x (${(four.p99 / one.p99).toFixed(1)})`)
      ]),
      compared(
        `PostgreSQL: the same with a snapshot held for ${held.seconds} s; "raw" is without`,
        summarize([holding]),
        { ...free, rates: [free.rate] },
        [(quotient) => atLeast(quotient, 0.9, "ratio >= 0.9")]
      )
    ]
  } finally {
    await Promise.all(all.map((process) => process.end()))
  }
}

const compared = (
  workload: string,
  ours: Series,
  other: Series,
  aims: ReadonlyArray<(quotient: number) => Aim>
): Figure => {
  const quotient = ratio(ours, other)
  return {
    workload,
    ours: perSecond(ours),
    raw: perSecond(other),
    ratio: quotient,
    aims: aims.map((aim) => aim(quotient))
  }
}

/** What several processes did at the same time. */
const sum = (
  rounds: ReadonlyArray<Round & { readonly failed: number; readonly failure: string | undefined }>
): Round => {
  const failed = rounds.find((round) => round.failed > 0)
  if (failed !== undefined) throw new Error(`a commit failed: ${failed.failure}`)
  return {
    operations: rounds.reduce((all, { operations }) => all + operations, 0),
    seconds: Math.max(...rounds.map(({ seconds }) => seconds)),
    latencies: Float64Array.from(rounds.flatMap(({ latencies }) => [...latencies]))
  }
}
