/**
 * Compares what this adapter keeps beside the directory's rows with the rows: the side table of metadata, and the
 * counts. Rows of no stream are found here too, because nobody asks for them by name.
 *
 * First the metadata, by numbers of streams, because what it repairs the counts count; then the counts, account by
 * account. What is right, nearly always everything, takes no lock.
 */
import type { AuditSlice, MaintainedStore, StorageUnavailable } from "@countersign/engine"
import {
  countFault,
  extraTermFault,
  missingTermFault,
  orphanFault,
  type Row,
  readInteger,
  readOptionalText,
  readText
} from "@countersign/engine/storage"
import { Effect } from "effect"
import type { Statements } from "../connection/Database.ts"
import { long } from "../connection/Parameters.ts"

/** How many streams a slice has. */
const sliceSize = 500

/** Where a slice begins. */
type Place = readonly [part: "entries", after: string] | readonly [part: "counts", after: string]

const token = (place: Place): string => JSON.stringify(place)

export const makeSenderAudit = ({ read, write, names: { schema } }: Statements): MaintainedStore["audit"] => {
  const endOfSlice = `SELECT max(f.number) AS upto, count(*) AS streams
    FROM (SELECT number FROM ${schema}.streams WHERE number > $1 ORDER BY number LIMIT ${sliceSize}) f`
  const nextAccount = `SELECT min(f.account) AS account FROM (
      (SELECT account FROM ${schema}.senders WHERE account > $1 ORDER BY account LIMIT 1)
      UNION ALL
      (SELECT account FROM ${schema}.sender_counts WHERE account > $1 ORDER BY account LIMIT 1)
    ) f`
  const entries = `SELECT * FROM ${schema}.audit_entries($1, $2, $3)`
  const counts = `SELECT * FROM ${schema}.audit_counts($1, $2)`

  /** Looks, and once more with the repair when that is wanted and something is wrong. */
  const compare = (
    sql: string,
    values: ReadonlyArray<unknown>,
    repair: boolean
  ): Effect.Effect<ReadonlyArray<Row>, StorageUnavailable> =>
    Effect.flatMap(read(sql, [...values, false]), (found) =>
      repair && found.length > 0 ? write(sql, [...values, true]) : Effect.succeed(found)
    )

  const auditEntries = Effect.fnUntraced(function* (after: string, repair: boolean) {
    const [end] = yield* read(endOfSlice, [long(BigInt(after))])
    const isLast = readInteger(end, "streams") < sliceSize
    // The last one goes on for ever, for rows that have no stream.
    const upto = isLast ? lastNumber : BigInt(readInteger(end, "upto"))
    const found = yield* compare(entries, [long(BigInt(after)), long(upto)], repair)
    return {
      faults: found.map(entryFault),
      next: token(isLast ? ["counts", ""] : ["entries", String(upto)])
    } satisfies AuditSlice
  })

  const auditCounts = Effect.fnUntraced(function* (after: string, repair: boolean) {
    const [row] = yield* read(nextAccount, [after])
    const account = row && readOptionalText(row, "account")
    if (account === undefined) return { faults: [], next: undefined } satisfies AuditSlice
    const found = yield* compare(counts, [account], repair)
    return {
      faults: found.map((difference) => faultOfCount(account, difference)),
      next: token(["counts", account])
    } satisfies AuditSlice
  })

  return (slice, { repair }) => {
    // Written by `token`.
    const [part, after]: Place = slice === undefined ? ["entries", "0"] : JSON.parse(slice)
    return part === "entries" ? auditEntries(after, repair) : auditCounts(after, repair)
  }
}

const lastNumber = 2n ** 63n - 1n

const entryFault = (row: Row): string => {
  switch (readText(row, "fault")) {
    case "missing":
      return missingTermFault(readText(row, "name"), readText(row, "key"))
    case "extra":
      return extraTermFault(readInteger(row, "number"), readText(row, "key"))
    default:
      return orphanFault(readInteger(row, "number"))
  }
}

const faultOfCount = (account: string, row: Row): string => {
  const owner = readText(row, "owner")
  return countFault({
    whose: owner === "" ? `account ${account}` : `${owner} of account ${account}`,
    kind: readText(row, "kind"),
    status: readText(row, "status"),
    kept: readInteger(row, "kept"),
    counted: readInteger(row, "counted")
  })
}
