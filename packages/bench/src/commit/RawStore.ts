/**
 * The raw contender: a loop over `node:sqlite` that writes the rows of a commit, and nothing else. It looks nothing up,
 * checks nothing and answers nothing.
 *
 * The file is a copy of one that the storage adapter made, so the schema, its indexes and the fill level are the same
 * by construction.
 */
import type { Commit } from "@countersign/engine"
import type { Round } from "../Measure.ts"
import { openRawDatabase } from "../raw/RawDatabase.ts"
import { type Known, type LastNumbers, type RawRows, toRawRows } from "./RawRows.ts"

export interface RawStore {
  /** Groups of `size` commits, one transaction each. */
  readonly inGroups: (commits: ReadonlyArray<Commit>, size: number) => Round
  /** One event each, and no row else: what a bare event log would cost. */
  readonly eventsOnly: (commits: ReadonlyArray<Commit>, size: number) => Round
  readonly close: () => Promise<void>
}

export const openRawStore = (file: string): RawStore => {
  const { close, db, written } = openRawDatabase(file)
  const begin = db.prepare("BEGIN IMMEDIATE")
  const end = db.prepare("COMMIT")
  const addStream = db.prepare("INSERT INTO streams (number, stream, version) VALUES (?, ?, ?)")
  const addEvent = db.prepare(`
    INSERT INTO events (position, stream, version, type, schema_version, data, meta, recorded_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
  const addSender = db.prepare(`
    INSERT INTO senders (stream, account, owner, position, kind, status, domain, canonical, incarnation,
      added_at, updated_at, metadata, body, view_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const addMetadata = db.prepare(`
    INSERT INTO sender_metadata (account, key, value, position, stream) VALUES (?, ?, ?, ?, ?)`)
  const changeCount = db.prepare(`
    INSERT INTO sender_counts (account, owner, kind, status, senders) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET senders = senders + excluded.senders`)
  const addTask = db.prepare(`
    INSERT INTO tasks (number, kind, key, state, due, attempts, payload, fence) VALUES (?, ?, ?, 0, ?, 0, ?, 0)`)
  const setLastTask = db.prepare("UPDATE task_numbers SET last = ?")
  const addReceipt = db.prepare(
    "INSERT INTO receipts (account, command, fingerprint, result, at) VALUES (?, ?, ?, ?, ?)"
  )

  const lastOf = (sql: string) => Number(db.prepare(sql).get()?.last ?? 0)
  const last: LastNumbers = {
    stream: lastOf("SELECT max(number) AS last FROM streams"),
    position: lastOf("SELECT max(position) AS last FROM events"),
    task: lastOf("SELECT last FROM task_numbers")
  }

  /** The one account and owner there is; they are made when the store is empty. */
  const readKnown = (commit: Commit): Known => {
    db.prepare("INSERT OR IGNORE INTO account_numbers (account) VALUES (?)").run(commit.account)
    const account = lastOf("SELECT number AS last FROM account_numbers")
    db.prepare("INSERT OR IGNORE INTO owner_numbers (account, owner_key) VALUES (?, 'account')").run(account)
    return { account, owner: lastOf("SELECT number AS last FROM owner_numbers") }
  }

  const writeRows = (rows: RawRows, now: number): void => {
    addStream.run(...rows.stream)
    for (const event of rows.events) addEvent.run(...event, now)
    addSender.run(...rows.sender)
    for (const metadata of rows.metadata) addMetadata.run(...metadata)
    for (const task of rows.tasks) addTask.run(...task)
    addReceipt.run(...rows.receipt, now)
  }

  const writeGroup = (group: ReadonlyArray<RawRows>): void => {
    const now = Date.now()
    begin.run()
    for (const rows of group) writeRows(rows, now)
    // As the adapter does: counted up for all of the transaction, then written once.
    const [first] = group
    if (first !== undefined) {
      const [account, owner, kind, status] = first.count
      changeCount.run(account, 0, kind, status, group.length)
      changeCount.run(account, owner, kind, status, group.length)
    }
    setLastTask.run(Number(group.at(-1)?.tasks.at(-1)?.[0]))
    end.run()
    written()
  }

  const writeEvents = (group: ReadonlyArray<RawRows>): void => {
    const now = Date.now()
    begin.run()
    for (const { events } of group) for (const event of events) addEvent.run(...event, now)
    end.run()
    written()
  }

  const measure = (
    commits: ReadonlyArray<Commit>,
    size: number,
    write: (group: ReadonlyArray<RawRows>) => void
  ): Round => {
    const [first] = commits
    if (first === undefined) throw new Error("there is nothing to write")
    const known = readKnown(first)
    const rows = commits.map((commit) => toRawRows(commit, last, known))
    const groups = Array.from({ length: Math.ceil(rows.length / size) }, (_, at) =>
      rows.slice(at * size, (at + 1) * size)
    )
    const latencies = new Float64Array(rows.length)
    const began = performance.now()
    for (const [index, group] of groups.entries()) {
      const since = performance.now()
      write(group)
      latencies.fill(performance.now() - since, index * size, (index + 1) * size)
    }
    return { operations: rows.length, seconds: (performance.now() - began) / 1_000, latencies }
  }

  return {
    inGroups: (commits, size) => measure(commits, size, writeGroup),
    eventsOnly: (commits, size) => measure(commits, size, writeEvents),
    close
  }
}
