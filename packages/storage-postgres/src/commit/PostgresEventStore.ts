/**
 * The event store on PostgreSQL: a batch is one call of one function, and one flush to disk.
 */
import { type CommitOutcome, EventStore, type StoredEvent } from "@countersign/engine"
import {
  decodeEvent,
  makeReceiptForgetting,
  type Row,
  readInteger,
  readText,
  receiptLifetime
} from "@countersign/engine/storage"
import { Effect, Option } from "effect"
import type { Changes } from "../connection/Changes.ts"
import type { Database, Statements } from "../connection/Database.ts"
import { databaseNow } from "../connection/DatabaseClock.ts"
import { joinEach } from "../connection/JoinEach.ts"
import { indexable, long } from "../connection/Parameters.ts"
import { commitParameters, decodeOutcomes, encodeBatch, encodeKeyChanges } from "./CommitBatch.ts"

/**
 * Every so many batches the rows of a count become one. A count is the sum of about as many rows, and a snapshot that
 * is held costs a sixty-fourth.
 */
const foldEvery = 64

export const makeEventStore = (database: Database, changes: Changes): EventStore["Service"] => {
  const { schema } = database.names
  const parameters = Array.from({ length: commitParameters }, (_, index) => `$${index + 1}`).join(", ")
  const commit = `SELECT * FROM ${schema}.commit_batch(${parameters})`
  // The rare batch that changes private keys: the same call, and its outcomes given to another.
  const [first, second, third] = [1, 2, 3].map((more) => `$${commitParameters + more}`)
  const commitWithKeys = `SELECT b.*, ${schema}.change_signing_keys(b.outcomes, ${first}, ${second}, ${third})
    FROM ${schema}.commit_batch(${parameters}) b`
  const receiptsToForget = makeReceiptForgetting()
  let batches = 0

  return EventStore.of({
    commit: (batch) =>
      batch.length === 0
        ? Effect.succeed([])
        : Effect.flatMap(database.given, (given) => {
            const keys = encodeKeyChanges(batch)
            const commits = encodeBatch(given, receiptsToForget(batch.length), ++batches % foldEvery === 0, batch)
            return database.commit(keys.length === 0 ? commit : commitWithKeys, [...commits, ...keys])
          }).pipe(
            Effect.map(([row]) => decodeOutcomes(batch, row)),
            Effect.tap((outcomes) => (outcomes.some(isCommitted) ? changes.hint : Effect.void))
          ),
    ...makeEventReads(database),
    ...makeReceiptAndHead(database),
    changes: changes.stream
  })
}

/** Each statement is a transaction of its own, and so sees whatever was committed before it began. */
const makeReceiptAndHead = ({
  given,
  read,
  names: { schema }
}: Database): Pick<EventStore["Service"], "receipt" | "head"> => {
  const findReceipt = `SELECT fingerprint, result FROM ${schema}.receipts
    WHERE account = $1 AND command = $2 AND at > ${databaseNow("$3")} - ${receiptLifetime}`
  const readHead = `SELECT coalesce(max(position), 0) AS head FROM ${schema}.events`
  return {
    receipt: (account, command) =>
      Effect.flatMap(given, (given) => read(findReceipt, [account, indexable(command), long(given)])).pipe(
        Effect.map(([row]) =>
          Option.map(Option.fromUndefinedOr(row), (found) => ({
            fingerprint: readText(found, "fingerprint"),
            result: readText(found, "result")
          }))
        )
      ),
    head: Effect.map(read(readHead), ([row]) => readInteger(row, "head"))
  }
}

/** Reads of events. */
export const makeEventReads = ({
  given,
  read,
  names: { schema }
}: Statements): Pick<EventStore["Service"], "readStream" | "readLog"> => {
  // The time comes with every answer, also with one that has no events.
  const eventsOf = (events: string, given: string): string => `
    SELECT n.now, e.* FROM (SELECT greatest(${databaseNow(given)},
      (SELECT l.recorded_at FROM ${schema}.events l ORDER BY l.position DESC LIMIT 1)) AS now) n LEFT JOIN LATERAL (${events}) e ON true ORDER BY e.position`
  const readStream = eventsOf(
    `SELECT e.position, e.version, e.type, e.schema_version, e.data, e.meta, e.recorded_at FROM ${schema}.events e
      WHERE e.stream = (SELECT s.number FROM ${schema}.streams s WHERE s.stream = $1) AND e.version > $2
      ORDER BY e.version LIMIT $3`,
    "$4"
  )
  const readLog = eventsOf(
    `SELECT e.position, s.stream, e.version, e.type, e.schema_version, e.data, e.meta, e.recorded_at
      FROM (SELECT * FROM ${schema}.events WHERE position > $1 ORDER BY position LIMIT $2) e
      ${joinEach("s", `SELECT stream FROM ${schema}.streams WHERE number = e.stream`)}`,
    "$3"
  )
  return {
    readStream: (stream, after, limit) =>
      Effect.flatMap(given, (given) => read(readStream, [stream, after, limit, long(given)])).pipe(
        Effect.map((rows) => decodePage(rows, () => stream))
      ),
    readLog: (after, limit) =>
      Effect.flatMap(given, (given) => read(readLog, [long(after), limit, long(given)])).pipe(
        Effect.map((rows) => decodePage(rows, (row) => readText(row, "stream")))
      )
  }
}

const isCommitted = ({ _tag }: CommitOutcome): boolean => _tag === "Committed"

const decodePage = (rows: ReadonlyArray<Row>, streamOf: (row: Row) => string) => ({
  now: readInteger(rows[0], "now"),
  events: rows.filter(({ position }) => position !== null).map((row): StoredEvent => decodeEvent(streamOf(row), row))
})
