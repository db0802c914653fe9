/**
 * The raw contender on PostgreSQL: one statement that writes the rows of a group of commits, one round trip and one
 * flush. It takes no lock, looks nothing up, checks nothing and answers nothing.
 *
 * The database is one that the storage adapter made, so the schema and its indexes are the same. The smoke test
 * compares what both wrote, row by row.
 */
import { ownerKey, type SenderEntry, viewVersion } from "@countersign/core"
import type { Commit } from "@countersign/engine"
import { PgTypes } from "@effect/sql-pg"
import { Result } from "effect"
import type { Round } from "../Measure.ts"
import { openRawConnection } from "../raw/RawConnection.ts"

export interface RawPostgres {
  /** Groups of `size` commits, one statement each. */
  readonly inGroups: (commits: ReadonlyArray<Commit>, size: number) => Promise<Round>
  readonly close: () => Promise<void>
}

const array = (oid: number, values: ReadonlyArray<unknown>) => Result.getOrThrow(PgTypes.array(values, oid))
const texts = (values: ReadonlyArray<string | null>) => array(PgTypes.OID.text, values)
const integers = (values: ReadonlyArray<number>) => array(PgTypes.OID.int4, values)
const longs = (values: ReadonlyArray<number>) => array(PgTypes.OID.int8, values.map(BigInt))

const now = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

/** The parameters in the order of `columnsOf`. Data-modifying parts all run, whether or not something reads them. */
const write = `
  WITH added_streams AS (
    INSERT INTO countersign.streams (number, stream, version) SELECT * FROM unnest($1::bigint[], $2::text[], $3::integer[])
  ), added_events AS (
    INSERT INTO countersign.events (position, stream, version, type, schema_version, data, meta, recorded_at)
      SELECT e.*, ${now} FROM unnest($4::bigint[], $5::bigint[], $6::integer[], $7::text[], $8::integer[], $9::text[], $10::text[]) AS e
  ), added_senders AS (
    INSERT INTO countersign.senders (stream, account, owner, position, kind, status, domain, canonical, incarnation,
        added_at, updated_at, metadata, body, view_version)
      SELECT s.*, ${viewVersion} FROM unnest($1::bigint[], $11::text[], $12::text[], $13::bigint[], $14::text[], $15::text[], $16::text[], $17::text[],
        $18::integer[], $19::bigint[], $20::bigint[], $21::text[], $22::text[]) AS s
  ), added_metadata AS (
    INSERT INTO countersign.sender_metadata (account, key, value, position, stream)
      SELECT * FROM unnest($23::text[], $24::text[], $25::text[], $26::bigint[], $27::bigint[])
  ), counted AS (
    INSERT INTO countersign.sender_counts (account, owner, kind, status, senders)
      SELECT s.account, o.owner, s.kind, s.status, count(*)
      FROM unnest($11::text[], $12::text[], $14::text[], $15::text[]) AS s(account, owner, kind, status),
        LATERAL (VALUES (''), (s.owner)) AS o(owner)
      GROUP BY s.account, o.owner, s.kind, s.status
  ), added_tasks AS (
    INSERT INTO countersign.tasks (kind, key, state, due, attempts, payload, fence)
      SELECT t.kind, t.key, 0, t.due, 0, t.payload, 0
      FROM unnest($28::text[], $29::text[], $30::bigint[], $31::text[]) AS t(kind, key, due, payload)
  )
  INSERT INTO countersign.receipts (account, command, fingerprint, result, at)
    SELECT r.*, ${now} FROM unnest($32::text[], $33::text[], $34::text[], $35::text[]) AS r`

/** The last numbers given in the database. */
interface Last {
  stream: number
  position: number
}

const columnsOf = (group: ReadonlyArray<Commit>, last: Last): ReadonlyArray<unknown> => {
  const rows = group.map((commit) => {
    const [append] = commit.appends
    if (append?.entry === undefined) throw new Error("the raw contender knows only how a sender is added")
    const { entry, events, stream, tasks } = append
    const position = last.position + 1
    last.position += events.length
    return { commit, entry, events, name: stream, tasks, number: ++last.stream, position }
  })
  const events = rows.flatMap(({ events, number, position }) =>
    events.map((event, index) => ({ ...event, number, position: position + index, version: index + 1 }))
  )
  const metadata = rows.flatMap(({ entry, number, position }) =>
    Object.entries(entry.metadata).map(([key, value]) => ({
      account: entry.account,
      key,
      value: typeof value === "string" ? value : JSON.stringify(value),
      number,
      position
    }))
  )
  const tasks = rows.flatMap(({ tasks }) => tasks)
  const ofRows = (column: (entry: SenderEntry) => string) => texts(rows.map(({ entry }) => column(entry)))
  return [
    longs(rows.map(({ number }) => number)),
    texts(rows.map(({ name }) => name)),
    integers(rows.map(({ events }) => events.length)),
    longs(events.map(({ position }) => position)),
    longs(events.map(({ number }) => number)),
    integers(events.map(({ version }) => version)),
    texts(events.map(({ type }) => type)),
    integers(events.map(({ schemaVersion }) => schemaVersion)),
    texts(events.map(({ data }) => data)),
    texts(events.map(({ meta }) => meta)),
    ofRows(({ account }) => account),
    ofRows(({ owner }) => ownerKey(owner)),
    longs(rows.map(({ position }) => position)),
    ofRows(({ kind }) => kind),
    ofRows(({ status }) => status),
    ofRows(({ domain }) => domain),
    ofRows(({ canonical }) => canonical),
    integers(rows.map(({ entry }) => entry.incarnation)),
    longs(rows.map(({ entry }) => entry.addedAt)),
    longs(rows.map(({ entry }) => entry.updatedAt)),
    ofRows(({ metadata }) => JSON.stringify(metadata)),
    ofRows(bodyOf),
    texts(metadata.map(({ account }) => account)),
    texts(metadata.map(({ key }) => key)),
    texts(metadata.map(({ value }) => value)),
    longs(metadata.map(({ position }) => position)),
    longs(metadata.map(({ number }) => number)),
    texts(tasks.map(({ kind }) => kind)),
    texts(tasks.map(({ key }) => key ?? null)),
    longs(tasks.map(({ due }) => Math.ceil(due))),
    texts(tasks.map(({ payload }) => JSON.stringify(payload))),
    texts(group.map(({ account }) => account)),
    texts(group.map(({ command }) => command.id)),
    texts(group.map(({ command }) => command.fingerprint)),
    texts(group.map(({ command }) => command.result))
  ]
}

const bodyOf = ({ owner, address, mailbox, domainState, domainSince, verdicts, plan }: SenderEntry): string =>
  JSON.stringify({
    owner,
    address,
    mailbox,
    domainState,
    domainSince,
    verdicts,
    plan: { shape: plan.shape, zone: plan.zone, tokens: plan.tokens }
  })

export const openRawPostgres = async (url: string): Promise<RawPostgres> => {
  const connection = await openRawConnection(url)
  return {
    inGroups: async (commits, size) => {
      const [row] = await connection.query(`
        SELECT (SELECT coalesce(max(number), 0) FROM countersign.streams)::text AS stream,
          (SELECT coalesce(max(position), 0) FROM countersign.events)::text AS position`)
      const last: Last = { stream: Number(row?.stream), position: Number(row?.position) }
      const groups = Array.from({ length: Math.ceil(commits.length / size) }, (_, at) =>
        columnsOf(commits.slice(at * size, (at + 1) * size), last)
      )
      const latencies = new Float64Array(commits.length)
      const began = performance.now()
      for (const [index, columns] of groups.entries()) {
        const since = performance.now()
        await connection.query(write, columns)
        latencies.fill(performance.now() - since, index * size, (index + 1) * size)
      }
      return { operations: commits.length, seconds: (performance.now() - began) / 1_000, latencies }
    },
    close: connection.close
  }
}
