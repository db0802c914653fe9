/**
 * The SQL of a directory query. Which index answers it is decided here and not by SQLite's planner, which would guess
 * without statistics; a test reads the plans.
 *
 * A query begins with a walk, one range of one index, and drops what the other conditions do not want. All but the
 * shortest walks are left to another thread, so a walk says how its length is asked for.
 */
import type { SQLInputValue } from "node:sqlite"
import type { SenderFilter, SenderQuery } from "@countersign/engine"
import { entryColumns } from "@countersign/engine/storage"
import { everyOwner } from "./SenderRows.ts"

export interface Search {
  readonly sql: string
  readonly values: ReadonlyArray<SQLInputValue>
}

/** The filter's account and owner, as numbers. */
export interface Scope {
  readonly account: number
  readonly owner: number | undefined
  /** Whose senders do not count. */
  readonly except: number | undefined
}

/** What range of what index a query goes through; `domains` is the account's, in the order by domain. */
export type Walk = "address" | "metadata" | "domain" | "owner" | "account" | "domains"

/** Where to begin: an address is nearly unique, metadata are next, then a domain, the owner, the account. */
export const narrowestWalk = ({ canonical, domain, metadata }: SenderFilter, { owner }: Scope): Walk => {
  if (canonical !== undefined) return "address"
  if (Object.keys(metadata ?? {}).length > 0) return "metadata"
  if (domain !== undefined) return "domain"
  return owner === undefined ? "account" : "owner"
}

interface Part {
  readonly from: string
  readonly where: ReadonlyArray<string>
  readonly values: ReadonlyArray<SQLInputValue>
  /** The columns of the walk's own index that name a sender. */
  readonly stream: string
  readonly position: string
}

/** One page: the keys first, from indexes alone where it can be, and only then the rows of the page. */
export const searchPage = (query: SenderQuery, scope: Scope, walk: Walk): Search => {
  const { from, where, values, stream, position } = filtered(query, scope, walk, query.order === "by-domain")
  const [inner, outer] = orders(query.order, position)
  return {
    sql: `SELECT ${entryColumns} FROM (
  SELECT ${stream} AS found FROM ${from} WHERE ${where.join(" AND ")} ORDER BY ${inner} LIMIT ? OFFSET ?
) CROSS JOIN senders s ON s.stream = found
  CROSS JOIN streams t ON t.number = s.stream
ORDER BY ${outer}`,
    values: [...values, query.limit, query.offset]
  }
}

export const searchCount = (filter: SenderFilter, scope: Scope, walk: Walk): Search => {
  const { from, where, values } = filtered(filter, scope, walk, false)
  return { sql: `SELECT count(*) AS senders FROM ${from} WHERE ${where.join(" AND ")}`, values }
}

/** How long the walk is, counted no further than `most`. */
export const searchLength = (filter: SenderFilter, scope: Scope, walk: Walk, most: number): Search => {
  const { from, where, values } = walked(filter, scope, walk)
  return {
    sql: `SELECT count(*) AS senders FROM (SELECT 1 FROM ${from} WHERE ${where.join(" AND ")} LIMIT ?)`,
    values: [...values, most]
  }
}

/**
 * How many senders there are, out of the counts that every commit keeps; for filters by owner, kind and status only.
 */
export const searchKeptCount = ({ kind, statuses }: SenderFilter, { account, owner, except }: Scope): Search => {
  const from = owner ?? everyOwner
  const where = ["account = ?", "owner IN (?, ?)"]
  const values: Array<SQLInputValue> = [from, account, from, except ?? from]
  if (kind !== undefined) {
    where.push("kind = ?")
    values.push(kind)
  }
  if (statuses !== undefined) {
    where.push(`status IN (${statuses.map(() => "?").join(", ")})`)
    values.push(...statuses)
  }
  return {
    sql: `SELECT coalesce(sum(iif(owner = ?, senders, -senders)), 0) AS senders FROM sender_counts WHERE ${where.join(" AND ")}`,
    values
  }
}

/** Whether the walk drops nothing, so that no more of it is read than the page is deep. */
export const dropsNothing = (filter: SenderFilter, scope: Scope, walk: Walk): boolean =>
  conditions(filter, scope, walk, walked(filter, scope, walk)).length === 0

const orders = (order: SenderQuery["order"], position: string): readonly [string, string] => {
  switch (order) {
    case "oldest-first":
      return [position, "s.position"]
    case "newest-first":
      return [`${position} DESC`, "s.position DESC"]
    case "by-domain":
      return ["s.domain, s.canonical, s.position", "s.domain, s.canonical, s.position"]
  }
}

const filtered = (filter: SenderFilter, scope: Scope, walk: Walk, sorted: boolean): Part => {
  const part = walked(filter, scope, walk)
  const added = conditions(filter, scope, walk, part)
  return {
    ...part,
    from: walk === "metadata" ? `${part.from}${joined(added, sorted)}` : part.from,
    where: [...part.where, ...added.map(({ text }) => text)],
    values: [...part.values, ...added.flatMap(({ values }) => values)]
  }
}

/**
 * What the metadata's index does not know, the account's list does, whose entries lie side by side in the order of the
 * walk; the rows do not. Only a short walk is ever sorted by domain, which its rows tell.
 */
const joined = (added: ReadonlyArray<Condition>, sorted: boolean): string => {
  if (sorted) return " CROSS JOIN senders s ON s.stream = m.stream"
  if (!added.some(({ ofSender }) => ofSender)) return ""
  return ` CROSS JOIN senders s INDEXED BY senders_of_account
    ON s.account = m.account AND s.position = m.position AND +s.stream = m.stream`
}

interface Condition {
  readonly text: string
  readonly values: ReadonlyArray<SQLInputValue>
  /** Whether it asks for a column of `senders s`. */
  readonly ofSender: boolean
}

/** Those that the walk does not fulfil by itself. */
const conditions = (filter: SenderFilter, scope: Scope, walk: Walk, part: Part): ReadonlyArray<Condition> => {
  const found: Array<Condition> = []
  // The unary plus keeps a condition from choosing another index than the walk's.
  const add = (text: string, ...values: ReadonlyArray<SQLInputValue>) => {
    found.push({ text: `+s.${text}`, values, ofSender: true })
  }
  if (scope.owner !== undefined && walk !== "owner") add("owner = ?", scope.owner)
  if (scope.except !== undefined) add("owner <> ?", scope.except)
  if (filter.kind !== undefined) add("kind = ?", filter.kind)
  if (filter.statuses !== undefined) {
    add(`status IN (${filter.statuses.map(() => "?").join(", ")})`, ...filter.statuses)
  }
  if (filter.canonical !== undefined && walk !== "address") add("canonical = ?", filter.canonical)
  if (filter.domain !== undefined && walk !== "domain") add("domain = ?", filter.domain)
  for (const [column, bounds] of [
    ["added_at", filter.addedBetween],
    ["updated_at", filter.updatedBetween]
  ] as const) {
    if (bounds?.from !== undefined) add(`${column} >= ?`, bounds.from)
    if (bounds?.to !== undefined) add(`${column} <= ?`, bounds.to)
  }
  for (const [key, value] of Object.entries(filter.metadata ?? {}).slice(walk === "metadata" ? 1 : 0)) {
    found.push({
      text: `EXISTS (SELECT 1 FROM sender_metadata n WHERE n.account = ? AND n.key = ? AND n.value = ?
        AND n.position = ${part.position} AND n.stream = ${part.stream})`,
      values: [scope.account, key, value],
      ofSender: false
    })
  }
  return found
}

/** The range of the walk: from `after` on, since every walk but that of all domains is in the order of the log. */
const walked = (filter: SenderFilter, scope: Scope, walk: Walk): Part => {
  const part = range(filter, scope, walk)
  const { after } = filter
  if (after === undefined) return part
  return { ...part, where: [...part.where, `${part.position} > ?`], values: [...part.values, after] }
}

const range = ({ canonical, domain, metadata }: SenderFilter, { account, owner }: Scope, walk: Walk): Part => {
  const along = (index: string, condition: string, ...values: ReadonlyArray<SQLInputValue>): Part => ({
    from: `senders s INDEXED BY ${index}`,
    where: [condition],
    values,
    stream: "s.stream",
    position: "s.position"
  })
  switch (walk) {
    case "address":
      return along("senders_by_address", "s.account = ? AND s.canonical = ?", account, canonical ?? null)
    case "metadata":
      return {
        from: "sender_metadata m",
        where: ["m.account = ? AND m.key = ? AND m.value = ?"],
        values: [account, ...(Object.entries(metadata ?? {})[0] ?? [null, null])],
        stream: "m.stream",
        position: "m.position"
      }
    case "domain":
      return along("senders_on_domain", "s.account = ? AND s.domain = ?", account, domain ?? null)
    case "owner":
      return along("senders_of_owner", "s.owner = ?", owner ?? null)
    case "account":
      return along("senders_of_account", "s.account = ?", account)
    case "domains":
      return along("senders_on_domain", "s.account = ?", account)
  }
}
