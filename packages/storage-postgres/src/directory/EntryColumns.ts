/**
 * Entries of the directory as parameters: one array per column, with NULL where there is no entry.
 */
import { ownerKey, type SenderEntry } from "@countersign/core"
import { encodeEntryJson } from "@countersign/engine/storage"
import type { PgTypes } from "@effect/sql-pg"
import { indexable, integers, longs, texts } from "../connection/Parameters.ts"

type Entries = ReadonlyArray<SenderEntry | undefined>

/** The parameters whose names begin with `e_`; all NULL when there is no entry at all. */
export const entryArrays = (entries: Entries): ReadonlyArray<PgTypes.Parameter> => {
  const some = entries.some((entry) => entry !== undefined)
  const of = <A>(column: (entry: SenderEntry) => A): ReadonlyArray<A | null> | null =>
    some ? entries.map((entry) => (entry === undefined ? null : column(entry))) : null
  return [
    texts(of(({ account }) => account)),
    texts(of(({ owner }) => indexable(ownerKey(owner)))),
    texts(of(({ kind }) => kind)),
    texts(of(({ status }) => status)),
    texts(of(({ domain }) => domain)),
    texts(of(({ canonical }) => canonical)),
    integers(of(({ incarnation }) => incarnation)),
    longs(of(({ addedAt }) => addedAt)),
    longs(of(({ updatedAt }) => updatedAt)),
    texts(of(({ metadata }) => JSON.stringify(metadata))),
    texts(of(encodeEntryJson))
  ]
}
