/**
 * Cuts a batch into runs of commits that do not touch each other: no stream, no command, no task's key and no claim
 * twice. Within a run the order does not matter, so the database may do all of it at once; and each run sees what those
 * before it wrote.
 *
 * Not to be seen from here is the key of a task that a commit settles; the database looks at that one itself, and cuts
 * the run where it must.
 */
import type { Commit } from "@countersign/engine"

/** For each commit the number of the last one in its run, from 1. */
export const commitRuns = (batch: ReadonlyArray<Commit>): ReadonlyArray<number> => {
  const ends: Array<number> = []
  let touched = new Set<string>()
  let from = 0
  const close = (until: number) => {
    for (let index = from; index < until; index++) ends[index] = until
    from = until
    touched = new Set()
  }
  for (const [index, commit] of batch.entries()) {
    const names = namesOf(commit)
    if (names.some((name) => touched.has(name))) close(index)
    for (const name of names) touched.add(name)
  }
  close(batch.length)
  return ends
}

/** Everything that two commits may not have in common. */
const namesOf = ({ account, command, appends, settles }: Commit): ReadonlyArray<string> => {
  const names = [`c${JSON.stringify([account, command.id])}`]
  if (settles !== undefined) names.push(`f${settles.task}`)
  for (const { stream, tasks } of appends) {
    names.push(`s${stream}`)
    for (const { key } of tasks) if (key !== undefined) names.push(`k${key}`)
  }
  return names
}
