/**
 * Streams with their rows in the directory, to be looked through and put right: of the live store, or of one that is
 * being loaded.
 */
import type { CorrectionOutcome, MaintainedStore } from "@countersign/engine"
import { decodeStream, entryColumns, readArray } from "@countersign/engine/storage"
import { Effect } from "effect"
import { makeEventReads } from "../commit/PostgresEventStore.ts"
import type { Statements } from "../connection/Database.ts"
import { leftJoinEach } from "../connection/JoinEach.ts"
import { integers, longs, texts } from "../connection/Parameters.ts"
import { entryArrays } from "../directory/EntryColumns.ts"
import { makeSenderAudit } from "./SenderAudit.ts"

/** What `correct_entries` answers. */
const outcomes: ReadonlyArray<CorrectionOutcome> = ["Written", "Moved", "Newer"]

export const maintained = (statements: Statements): MaintainedStore => {
  const { schema } = statements.names
  const streams = `SELECT t.version, s.account, s.view_version, ${entryColumns}
    FROM (SELECT * FROM ${schema}.streams WHERE stream > $1 ORDER BY stream LIMIT $2) t
    ${leftJoinEach("s", `SELECT * FROM ${schema}.senders WHERE stream = t.number`)} ORDER BY t.stream`
  const parameters = Array.from({ length: 15 }, (_, index) => `$${index + 1}`).join(", ")
  const correct = `SELECT * FROM ${schema}.correct_entries(${parameters})`

  return {
    ...makeEventReads(statements),
    streams: (after, limit) => Effect.map(statements.read(streams, [after, limit]), (rows) => rows.map(decodeStream)),
    correct: (corrections) => {
      if (corrections.length === 0) return Effect.succeed([])
      const entries = corrections.map(({ entry }) => entry)
      return Effect.map(
        statements.write(correct, [
          texts(corrections.map(({ stream }) => stream)),
          integers(corrections.map(({ version }) => version)),
          integers(corrections.map(({ view }) => view)),
          ...entryArrays(entries),
          longs(entries.map((entry) => entry?.position ?? null))
        ]),
        ([row]) => readArray(row, "outcomes").map((outcome) => outcomes[Number(outcome)] ?? "Moved")
      )
    },
    audit: makeSenderAudit(statements)
  }
}
