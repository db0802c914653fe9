/**
 * What the log says of one stream: its state after so many events, the row that the directory should have for it, and
 * what is wrong with the events themselves.
 */
import { createHash, type Hash } from "node:crypto"
import { type Replay, replayOf, viewVersion } from "@countersign/core"
import { Effect } from "effect"
import type { StorageUnavailable, StoredEvent } from "../ports/EventStore.ts"
import type { MaintainedStore, StoredStream } from "../ports/Maintenance.ts"
import type { ListedSender } from "../ports/SenderDirectory.ts"

/** A stream read from its beginning to its version. */
export interface Refolded {
  /**
   * The row that follows from the events; `undefined` for a sender that is not live. Says nothing when there are
   * `problems`.
   */
  readonly entry: ListedSender | undefined
  /** What is wrong with the events, in one sentence each. */
  readonly problems: ReadonlyArray<string>
  /** Which events can be read and do not follow from what they carry. */
  readonly doubts: ReadonlyArray<string>
}

const pageSize = 500

/** Folds the first `version` events of a stream. Later ones, which a commit may add meanwhile, are not read. */
export const refold = Effect.fnUntraced(function* (
  store: Pick<MaintainedStore, "readStream">,
  { stream, version }: Pick<StoredStream, "stream" | "version">
): Effect.fn.Return<Refolded, StorageUnavailable> {
  const problems: Array<string> = []
  const doubts: Array<string> = []
  let replay: Replay | undefined
  let added = 0
  let read = 0
  while (read < version) {
    const { events } = yield* store.readStream(stream, read, Math.min(pageSize, version - read))
    for (const stored of events) {
      if (stored.version > version) break
      if (stored.version !== read + 1)
        problems.push(`stream ${stream} has no event ${versions(read + 1, stored.version - 1)}`)
      read = stored.version
      replay ??= replayOf(stream, stored.type)
      const problem = replay.take(stored)
      if (problem !== undefined) problems.push(unreadable(stored, problem.message))
      else if (stored.type === "SenderAdded") added = stored.position
      const doubt = replay.doubt()
      if (doubt !== undefined) {
        doubts.push(unreadable(stored, `the transition does not follow from its evidence: ${doubt}`))
      }
    }
    if (events.length === 0 || (events.at(-1)?.version ?? 0) > version) break
  }
  if (read < version) problems.push(`stream ${stream} has no event ${versions(read + 1, version)}`)
  const entry = replay?.entry()
  return { entry: entry && { ...entry, position: added }, problems, doubts }
})

const versions = (from: number, to: number): string => (from === to ? `${from}` : `${from} to ${to}`)

/** What is wrong with an event, and where it stands. */
export const unreadable = ({ position, stream, version }: StoredEvent, problem: string): string =>
  `position ${position} (event ${version} of stream ${stream}): ${problem}`

/** Whether a row holds what it should; the order of metadata is not a part of it. */
export const sameEntry = (one: ListedSender | undefined, other: ListedSender | undefined): boolean =>
  canonical(one) === canonical(other)

/** The fields in which two rows differ. */
export const differences = (one: ListedSender, other: ListedSender): ReadonlyArray<string> =>
  Object.entries(other).flatMap(([field, value]) =>
    canonical(value) === canonical(new Map<string, unknown>(Object.entries(one)).get(field)) ? [] : [field]
  )

/** A text that is the same for the same value, whatever the order of its members. */
const canonical = (value: unknown): string => `${JSON.stringify(value, sorted)}`

const sorted = (_: string, part: unknown): unknown =>
  typeof part === "object" && part !== null && !Array.isArray(part)
    ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
    : part

/** The digest of a directory, row by row in the order of the streams' names. */
export const directoryDigest = (): {
  readonly add: (stream: string, entry: ListedSender | undefined) => void
  readonly hex: () => string
} => {
  const hash: Hash = createHash("sha256")
  return {
    add: (stream, entry) => {
      if (entry !== undefined) hash.update(`${stream} ${canonical(entry)}\n`)
    },
    hex: () => hash.digest("hex")
  }
}

/** Whether the row was made by a newer program, which knows better. */
export const isNewer = ({ view }: StoredStream): boolean => view > viewVersion
