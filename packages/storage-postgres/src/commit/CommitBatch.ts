/**
 * A batch of commits as the parameters of `commit_batch`, and its answer as outcomes. One array per column: the wire
 * format of an array is as good as the values themselves, where JSON would be written, escaped, parsed and picked apart
 * again.
 */
import { viewVersion } from "@countersign/core"
import type { Append, Commit, CommitOutcome, StoredEvent } from "@countersign/engine"
import { type Row, readArray, taskNumber } from "@countersign/engine/storage"
import { booleans, indexable, integers, long, longs, texts } from "../connection/Parameters.ts"
import { entryArrays } from "../directory/EntryColumns.ts"
import { layersOf, taskArrays } from "../tasks/TaskColumns.ts"
import { commitRuns } from "./CommitRuns.ts"

/** How many parameters `commit_batch` takes. */
export const commitParameters = 43

interface FlatAppend extends Append {
  /** The number of its commit, from 1. */
  readonly commit: number
  /** How many events of its commit come before it on its stream. */
  readonly before: number
  /** The version of its stream after the whole commit. */
  final: number
  /** How many appends of the commit to the same stream there are before this one. */
  readonly layer: number
  /** Whether the commit leaves anything of the stream behind. */
  kept: boolean
}

const flatten = (batch: ReadonlyArray<Commit>): ReadonlyArray<FlatAppend> => {
  const all: Array<FlatAppend> = []
  for (const [index, { appends }] of batch.entries()) {
    const first = all.length
    for (const append of appends) {
      const earlier = appends.length === 1 ? [] : all.slice(first).filter(({ stream }) => stream === append.stream)
      const before = earlier.reduce((sum, { events }) => sum + events.length, 0)
      const [head] = earlier
      const flat: FlatAppend = {
        ...append,
        commit: index + 1,
        before,
        final: append.expected + append.events.length,
        layer: earlier.length,
        kept: append.expected + append.events.length > 0 || append.entry !== undefined
      }
      if (head !== undefined) {
        head.final = flat.final
        head.kept = head.kept || flat.kept
      }
      all.push(flat)
    }
  }
  return all
}

export const encodeBatch = (
  given: bigint | null,
  forget: number,
  folds: boolean,
  batch: ReadonlyArray<Commit>
): ReadonlyArray<unknown> => {
  const appends = flatten(batch)
  const entries = appends.map(({ entry }) => entry)
  const events = appends.flatMap(({ events }, index) =>
    events.map((event, nth) => ({ ...event, append: index + 1, nth }))
  )
  const tasks = appends.flatMap(({ tasks, commit }) => tasks.map((task) => ({ task, commit })))
  const settling = batch.some(({ settles }) => settles !== undefined)
  const layers = layersOf(
    tasks.map(({ task: { key }, commit }) => (key === undefined ? undefined : `${commit} ${key}`))
  )
  return [
    long(given),
    forget,
    folds,
    viewVersion,
    integers(commitRuns(batch)),
    texts(batch.map(({ account }) => account)),
    texts(batch.map(({ command }) => indexable(command.id))),
    texts(batch.map(({ command }) => command.fingerprint)),
    texts(batch.map(({ command }) => command.result)),
    longs(settling ? batch.map(({ settles }) => (settles === undefined ? null : taskNumber(settles.task))) : null),
    integers(settling ? batch.map(({ settles }) => settles?.fence ?? null) : null),
    integers(appends.map(({ commit }) => commit)),
    texts(appends.map(({ stream }) => stream)),
    integers(appends.map(({ expected }) => expected)),
    integers(appends.map(({ before }) => before)),
    integers(appends.map(({ events }) => events.length)),
    integers(appends.map(({ final }) => final)),
    integers(appends.map(({ layer }) => layer)),
    booleans(appends.map(({ kept }) => kept)),
    ...entryArrays(entries),
    integers(events.map(({ append }) => append)),
    integers(events.map(({ nth }) => nth)),
    texts(events.map(({ type }) => type)),
    integers(events.map(({ schemaVersion }) => schemaVersion)),
    texts(events.map(({ data }) => data)),
    texts(events.map(({ meta }) => meta)),
    integers(tasks.map(({ commit }) => commit)),
    ...taskArrays(
      tasks.map(({ task }) => task),
      layers
    )
  ]
}

/** What the batch does to private keys, as the other parameters of `change_signing_keys`; none when it does nothing. */
export const encodeKeyChanges = (batch: ReadonlyArray<Commit>): ReadonlyArray<unknown> => {
  const all = batch.flatMap(({ keys = [] }, index) => keys.map((change) => ({ change, commit: index + 1 })))
  if (all.length === 0) return []
  return [
    integers(all.map(({ commit }) => commit)),
    texts(all.map(({ change }) => change.keyId)),
    texts(all.map(({ change }) => (change._tag === "Put" ? change.wrapped : null)))
  ]
}

/** What became of each commit of the batch. */
export const decodeOutcomes = (batch: ReadonlyArray<Commit>, row: Row | undefined): ReadonlyArray<CommitOutcome> => {
  const outcomes = readArray(row, "outcomes")
  const results = readArray(row, "texts")
  const conflicts = readArray(row, "conflicts")
  const places = readArray(row, "places")
  let appendsBefore = 0
  return batch.map((commit, index): CommitOutcome => {
    const first = appendsBefore
    appendsBefore += commit.appends.length
    const text = results[index]
    switch (outcomes[index]) {
      case 1:
        return { _tag: "Duplicate", result: String(text) }
      case 2:
        return { _tag: "CommandIdReused" }
      case 3:
        return { _tag: "LeaseLost" }
      case 4: {
        const stream = commit.appends[Number(conflicts[index]) - first - 1]?.stream ?? ""
        return { _tag: "Conflict", stream, newer: typeof text === "string" ? decodeNewer(stream, text) : [] }
      }
      default:
        return {
          _tag: "Committed",
          appends: commit.appends.map(({ expected, events }, nth) => ({
            version: expected + events.length,
            entryPosition: Number(places[first + nth])
          }))
        }
    }
  })
}

/** The events of `commit_batch`, as its JSON has them. */
const decodeNewer = (stream: string, json: string): ReadonlyArray<StoredEvent> =>
  (JSON.parse(json) as ReadonlyArray<readonly [number, number, string, number, string, string, number]>).map(
    ([position, version, type, schemaVersion, data, meta, recordedAt]) => ({
      position,
      stream,
      version,
      type,
      schemaVersion,
      data,
      meta,
      recordedAt
    })
  )
