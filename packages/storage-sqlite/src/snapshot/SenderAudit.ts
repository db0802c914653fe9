/**
 * Compares what this adapter keeps beside the directory's rows with the rows: the side table of metadata, and the
 * counts. Rows of no stream are found here too, because nobody asks for them by name.
 *
 * Slice by slice, each looked at in one read transaction, and put right in one write transaction when something is
 * wrong. In this order, because what one part repairs the next one counts.
 */
import type { DatabaseSync } from "node:sqlite"
import type { AuditSlice, MaintainedStore } from "@countersign/engine"
import { Effect } from "effect"
import type { Database } from "../connection/Database.ts"
import type { AuditPart } from "./audit/AuditPart.ts"
import { auditAccountCounts, auditOwnerCounts } from "./audit/Counts.ts"
import { auditMetadata } from "./audit/Metadata.ts"
import { auditRows } from "./audit/Rows.ts"

const parts: ReadonlyArray<(db: DatabaseSync) => AuditPart> = [
  auditRows,
  auditMetadata,
  auditOwnerCounts,
  auditAccountCounts
]

/** Where a slice begins: a part, and its own words for a place. */
type Place = readonly [part: number, after?: ReadonlyArray<number | string>]

export const makeSenderAudit = (database: Database): MaintainedStore["audit"] => {
  const { reader, writer } = database
  const toRead = parts.map((part) => part(reader))
  const toWrite = reader === writer ? toRead : parts.map((part) => part(writer))

  const audit = (audits: ReadonlyArray<AuditPart>, [part, after]: Place, repair: boolean): AuditSlice => {
    const found = audits[part]?.(after, repair)
    const next: Place | undefined =
      found?.next !== undefined ? [part, found.next] : part + 1 < parts.length ? [part + 1] : undefined
    return { faults: found?.faults ?? [], next: next && JSON.stringify(next) }
  }

  return (slice, { repair }) => {
    // Written below.
    const place: Place = slice === undefined ? [0] : JSON.parse(slice)
    const looked = database.read(() => inOneMoment(reader, () => audit(toRead, place, false)))
    if (!repair) return looked
    // What is right, nearly always everything, takes no lock.
    return Effect.flatMap(looked, (seen) =>
      seen.faults.length === 0 ? Effect.succeed(seen) : database.write(() => audit(toWrite, place, true))
    )
  }
}

/** Several statements that see the same store. */
const inOneMoment = <A>(db: DatabaseSync, body: () => A): A => {
  // Of a load, which is one transaction from end to end.
  if (db.isTransaction) return body()
  db.exec("BEGIN")
  try {
    return body()
  } finally {
    db.exec("COMMIT")
  }
}
