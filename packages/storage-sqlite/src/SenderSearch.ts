/**
 * The SQL of a directory query. Which index answers it is decided here and not by SQLite's planner, which would guess without statistics; a test
 * reads the plans.
 */
import type { SQLInputValue } from "node:sqlite"
import type { SenderFilter, SenderQuery } from "@countersign/engine"
import { listedColumns } from "./SenderBody.ts"
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

interface Part {
  readonly from: string
  readonly where: Array<string>
  readonly values: Array<SQLInputValue>
  /** Whose position column the order of the log is walked along. */
  readonly position: string
}

/** One page: the keys first, from an index alone where it can be, and only then the rows of the page. */
export const searchPage = (query: SenderQuery, scope: Scope): Search => {
  const { from, where, values, position } = filtered(query, scope)
  const [inner, outer] = orders(query.order, position)
  return {
    sql: `SELECT ${listedColumns} FROM (
  SELECT s.stream AS found FROM ${from} WHERE ${where.join(" AND ")} ORDER BY ${inner} LIMIT ? OFFSET ?
) CROSS JOIN senders s ON s.stream = found
  CROSS JOIN streams t ON t.number = s.stream
  CROSS JOIN owner_numbers o ON o.number = s.owner
ORDER BY ${outer}`,
    values: [...values, query.limit, query.offset]
  }
}

export const searchCount = (filter: SenderFilter, scope: Scope): Search => {
  const { from, where, values } = filtered(filter, scope)
  return { sql: `SELECT count(*) AS senders FROM ${from} WHERE ${where.join(" AND ")}`, values }
}

/** How many senders there are, out of the counts that every commit keeps; for filters by owner, kind and status only. */
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

/** Whether the kept counts answer the filter. */
export const isKeptCount = ({ canonical, createdBetween, updatedBetween, metadata }: SenderFilter): boolean =>
  canonical === undefined &&
  createdBetween === undefined &&
  updatedBetween === undefined &&
  (metadata === undefined || Object.keys(metadata).length === 0)

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

const filtered = (filter: SenderFilter & { readonly order?: SenderQuery["order"] }, scope: Scope): Part => {
  const part = narrowest(filter, scope)
  const add = (condition: string, ...values: ReadonlyArray<SQLInputValue>) => {
    part.where.push(condition)
    part.values.push(...values)
  }
  // The unary plus keeps a condition from choosing another index than `narrowest` did.
  if (scope.owner !== undefined) add("+s.owner = ?", scope.owner)
  if (scope.except !== undefined) add("+s.owner <> ?", scope.except)
  if (filter.kind !== undefined) add("+s.kind = ?", filter.kind)
  if (filter.statuses !== undefined) {
    add(`+s.status IN (${filter.statuses.map(() => "?").join(", ")})`, ...filter.statuses)
  }
  if (filter.canonical !== undefined) add("+s.canonical = ?", filter.canonical)
  for (const [column, bounds] of [
    ["created_at", filter.createdBetween],
    ["updated_at", filter.updatedBetween]
  ] as const) {
    if (bounds?.from !== undefined) add(`+s.${column} >= ?`, bounds.from)
    if (bounds?.to !== undefined) add(`+s.${column} <= ?`, bounds.to)
  }
  for (const [key, value] of Object.entries(filter.metadata ?? {})) {
    add(
      `EXISTS (SELECT 1 FROM sender_metadata n
        WHERE n.account = ? AND n.key = ? AND n.value = ? AND n.position = s.position AND n.stream = s.stream)`,
      scope.account,
      key,
      value
    )
  }
  return part
}

/** Where to begin: an address is nearly unique, metadata are next, then the owner, then the account. */
const narrowest = (filter: SenderFilter & { readonly order?: SenderQuery["order"] }, scope: Scope): Part => {
  const walk = (index: string, condition: string, ...values: Array<SQLInputValue>): Part => ({
    from: `senders s INDEXED BY ${index}`,
    where: [condition],
    values,
    position: "s.position"
  })
  if (filter.canonical !== undefined) {
    return walk("senders_by_address", "s.account = ? AND s.canonical = ?", scope.account, filter.canonical)
  }
  const [first] = Object.entries(filter.metadata ?? {})
  if (first !== undefined) {
    return {
      from: "sender_metadata m CROSS JOIN senders s ON s.stream = m.stream",
      where: ["m.account = ? AND m.key = ? AND m.value = ?"],
      values: [scope.account, ...first],
      position: "m.position"
    }
  }
  if (scope.owner !== undefined) return walk("senders_of_owner", "s.owner = ?", scope.owner)
  return walk(filter.order === "by-domain" ? "senders_on_domain" : "senders_of_account", "s.account = ?", scope.account)
}
