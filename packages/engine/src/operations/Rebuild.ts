/**
 * Rebuilds the directory from the log, while servers commit: stream by stream, in short transactions, in place.
 *
 * A row is written only while its stream has the version it was made from, and only when it is not already right. So a
 * rebuild that was stopped is run again, and two at a time do no harm. At the end everything is compared with the log
 * once more, by digest.
 */
import { viewVersion } from "@countersign/core"
import { Effect } from "effect"
import { EventStore, type StorageUnavailable } from "../ports/EventStore.ts"
import { type EntryCorrection, type MaintainedStore, Maintenance } from "../ports/Maintenance.ts"
import { type CheckedDirectory, checkDirectory, streamsPerPage } from "./CheckDirectory.ts"
import { isNewer, refold, sameEntry } from "./Refold.ts"

/** What a rebuild did. */
export interface Rebuilt extends CheckedDirectory {
  /** Rows that were written or deleted. */
  readonly corrected: number
  /** What was put right of counts and side tables. */
  readonly repaired: number
  /** What is still wrong: nothing, unless events cannot be read or somebody else writes wrong rows. */
  readonly problems: number
}

/** How often a page is done again for streams that were committed to in between. */
const attempts = 10

/** Corrects what differs from the log, without verifying that it worked. */
export const correctStore = Effect.fnUntraced(function* (store: MaintainedStore) {
  const corrected = yield* correctAll(store)
  return { corrected, repaired: yield* repairAll(store) }
})

/** Says what could not be rebuilt, a sentence each, as it is found. */
const rebuildStore = Effect.fnUntraced(function* <E, R>(
  store: MaintainedStore,
  say: (problem: string) => Effect.Effect<void, E, R>
): Effect.fn.Return<Rebuilt, StorageUnavailable | E, R> {
  const corrections = yield* correctStore(store)
  let problems = 0
  const checked = yield* checkDirectory(store, (problem) => {
    problems += 1
    return say(problem)
  })
  return { ...checked, ...corrections, problems }
})

const correctAll = Effect.fnUntraced(function* (store: MaintainedStore) {
  let [after, corrected] = ["", 0]
  while (true) {
    let page = yield* correctPage(store, after)
    corrected += page.written
    for (let attempt = 1; page.moved > 0 && attempt < attempts; attempt++) {
      page = yield* correctPage(store, after)
      corrected += page.written
    }
    if (page.last === undefined) return corrected
    after = page.last
  }
})

const correctPage = Effect.fnUntraced(function* (store: MaintainedStore, after: string) {
  const page = yield* store.streams(after, streamsPerPage)
  const corrections: Array<EntryCorrection> = []
  for (const found of page) {
    if (isNewer(found)) continue
    const { entry, problems } = yield* refold(store, found)
    const isRight = sameEntry(found.entry, entry) && (entry === undefined || found.view === viewVersion)
    if (problems.length > 0 || isRight) continue
    corrections.push({ stream: found.stream, version: found.version, entry, view: viewVersion })
  }
  const outcomes = corrections.length === 0 ? [] : yield* store.correct(corrections)
  return {
    written: outcomes.filter((outcome) => outcome === "Written").length,
    moved: outcomes.filter((outcome) => outcome === "Moved").length,
    last: page.length < streamsPerPage ? undefined : page.at(-1)?.stream
  }
})

const repairAll = Effect.fnUntraced(function* (store: MaintainedStore) {
  let repaired = 0
  let slice: string | undefined
  do {
    const audited = yield* store.audit(slice, { repair: true })
    repaired += audited.faults.length
    slice = audited.next
  } while (slice !== undefined)
  return repaired
})

/** Rebuilds the directory of the store. */
export const rebuild = Effect.fn("Rebuild")(function* <E, R>(say: (problem: string) => Effect.Effect<void, E, R>) {
  return yield* rebuildStore({ ...(yield* Maintenance), ...(yield* EventStore) }, say)
})
