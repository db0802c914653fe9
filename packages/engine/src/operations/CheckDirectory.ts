/**
 * Compares the directory with the log, stream by stream, while others commit: a row and the version of its stream are
 * read at one moment, and the events up to that version never change. So whatever differs is wrong.
 */
import { Effect } from "effect"
import type { StorageUnavailable } from "../ports/EventStore.ts"
import type { MaintainedStore, StoredStream } from "../ports/Maintenance.ts"
import type { ListedSender } from "../ports/SenderDirectory.ts"
import { differences, directoryDigest, isNewer, type Refolded, refold, sameEntry } from "./Refold.ts"

/** How many streams are compared in one go. */
export const streamsPerPage = 100

/** What was compared. */
export interface CheckedDirectory {
  readonly streams: number
  readonly senders: number
  /** Rows of a newer view, which this program cannot judge. */
  readonly newer: number
  /** SHA-256 over the rows as they are stored, and over those that follow from the log. */
  readonly stored: string
  readonly rebuilt: string
}

/**
 * Says every difference, and what is wrong with a stream's events. `onLive` sees every sender that is live by the log.
 */
export const checkDirectory = Effect.fnUntraced(function* <E, R>(
  store: MaintainedStore,
  say: (problem: string) => Effect.Effect<void, E, R>,
  onLive: (entry: ListedSender) => void = () => {}
): Effect.fn.Return<CheckedDirectory, StorageUnavailable | E, R> {
  const stored = directoryDigest()
  const rebuilt = directoryDigest()
  let [after, streams, senders, newer] = ["", 0, 0, 0]
  while (true) {
    const page = yield* store.streams(after, streamsPerPage)
    for (const found of page) {
      after = found.stream
      streams += 1
      if (found.entry !== undefined) senders += 1
      const refolded = yield* refold(store, found)
      if (refolded.entry !== undefined) onLive(refolded.entry)
      for (const problem of [...refolded.problems, ...refolded.doubts]) yield* say(problem)
      if (isNewer(found)) newer += 1
      else {
        stored.add(found.stream, found.entry)
        rebuilt.add(found.stream, refolded.entry)
        const difference = differenceOf(found, refolded)
        if (difference !== undefined) yield* say(difference)
      }
    }
    if (page.length < streamsPerPage) return { streams, senders, newer, stored: stored.hex(), rebuilt: rebuilt.hex() }
  }
})

const differenceOf = ({ stream, version, entry }: StoredStream, refolded: Refolded): string | undefined => {
  // The row cannot be judged by events that cannot be read.
  if (refolded.problems.length > 0 || sameEntry(entry, refolded.entry)) return undefined
  const which = `sender ${stream} (version ${version})`
  if (entry === undefined) return `the directory has no row of ${which}, which is live`
  if (refolded.entry === undefined) return `the directory has a row of ${which}, which is not live`
  const fields = differences(entry, refolded.entry).join(", ")
  return `the directory's row of ${which} differs from the log in ${fields}`
}
