/**
 * The counts of live senders by kind and status: those of each owner, and those of each account, which are of all its
 * owners.
 */
import type { DatabaseSync } from "node:sqlite"
import { countFault, type Row, readInteger, readText } from "@countersign/engine/storage"
import { everyOwner } from "../../directory/SenderRows.ts"
import type { AuditPart } from "./AuditPart.ts"

/**
 * A slice ends after so many senders, and with the owner or account it is at. Counting them takes a few milliseconds.
 */
const enough = 20_000
const sliceSize = 200

/** Whose counts: all numbers of `sender_counts` but the last. */
interface Whose {
  readonly number: number
  readonly account: number
  readonly owner: number
  readonly name: string
}

export const auditOwnerCounts = (db: DatabaseSync): AuditPart =>
  auditCounts(
    db,
    `SELECT o.number, o.number AS owner, o.account, o.owner_key || ' of account ' || a.account AS name
     FROM owner_numbers o CROSS JOIN account_numbers a ON a.number = o.account
     WHERE o.number > ? ORDER BY o.number LIMIT ${sliceSize}`,
    "SELECT kind, status, count(*) AS senders FROM senders INDEXED BY senders_of_owner WHERE owner = ? GROUP BY kind, status"
  )

export const auditAccountCounts = (db: DatabaseSync): AuditPart =>
  auditCounts(
    db,
    `SELECT number, ${everyOwner} AS owner, number AS account, 'account ' || account AS name
     FROM account_numbers WHERE number > ? ORDER BY number LIMIT ${sliceSize}`,
    "SELECT kind, status, count(*) AS senders FROM senders INDEXED BY senders_of_account WHERE account = ? GROUP BY kind, status"
  )

const auditCounts = (db: DatabaseSync, pageSql: string, countSql: string): AuditPart => {
  const page = db.prepare(pageSql)
  const count = db.prepare(countSql)
  const kept = db.prepare("SELECT kind, status, senders FROM sender_counts WHERE account = ? AND owner = ?")
  const set = db.prepare(`
    INSERT INTO sender_counts (account, owner, kind, status, senders) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET senders = excluded.senders`)

  const compare = ({ account, owner, name }: Whose, right: Counts, repair: boolean): ReadonlyArray<string> => {
    const stored = countsOf(kept.all(account, owner))
    return [...new Set([...right.keys(), ...stored.keys()])].sort().flatMap((key) => {
      const [is, shouldBe] = [stored.get(key) ?? 0, right.get(key) ?? 0]
      if (is === shouldBe) return []
      const [kind = "", status = ""] = key.split(" ")
      if (repair) set.run(account, owner, kind, status, shouldBe)
      return [countFault({ whose: name, kind, status, kept: is, counted: shouldBe })]
    })
  }

  return (after, repair) => {
    const faults: Array<string> = []
    let counted = 0
    const some = page.all(after?.[0] ?? 0).map(decodeWhose)
    for (const whose of some) {
      const right = countsOf(count.all(whose.number))
      faults.push(...compare(whose, right, repair))
      for (const each of right.values()) counted += each
      if (counted > enough) return { faults, next: [whose.number] }
    }
    const last = some.at(-1)
    return { faults, next: some.length < sliceSize || last === undefined ? undefined : [last.number] }
  }
}

const decodeWhose = (row: Row): Whose => ({
  number: readInteger(row, "number"),
  account: readInteger(row, "account"),
  owner: readInteger(row, "owner"),
  name: readText(row, "name")
})

/** By kind and status. */
type Counts = ReadonlyMap<string, number>

const countsOf = (rows: ReadonlyArray<Row>): Counts =>
  new Map(rows.map((row) => [`${readText(row, "kind")} ${readText(row, "status")}`, readInteger(row, "senders")]))
