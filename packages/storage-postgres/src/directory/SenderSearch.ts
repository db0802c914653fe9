/**
 * The SQL of a directory query: the keys of a page first, along an index, and only then its rows.
 */
import { accountOwner, ownerKey } from "@countersign/core"
import type { SenderFilter, SenderQuery } from "@countersign/engine"
import { entryColumns, isKeptCount } from "@countersign/engine/storage"
import { joinEach } from "../connection/JoinEach.ts"
import { indexable, long, texts } from "../connection/Parameters.ts"

export interface Search {
  readonly sql: string
  readonly values: ReadonlyArray<unknown>
}

/** The owner that stands for all of them in `sender_counts`. */
const everyOwner = ""

/** Collects the values of a statement, and names their places. */
const makeValues = () => {
  const values: Array<unknown> = []
  const add = (value: unknown): string => {
    values.push(value)
    return `$${values.length}`
  }
  return { values, add }
}

const storedOwner = (owner: NonNullable<SenderFilter["owner"]>): string => indexable(ownerKey(owner))

/** One page. */
export const searchPage = (schema: string, query: SenderQuery): Search => {
  const { values, add } = makeValues()
  const { from, where, position } = filtered(schema, query, add)
  const [inner, outer] = orders(query.order, position)
  return {
    sql: `SELECT ${entryColumns} FROM (
  SELECT s.stream FROM ${from} WHERE ${where.join(" AND ")} ORDER BY ${inner} LIMIT ${add(query.limit)} OFFSET ${add(query.offset)}
) f ${joinEach("s", `SELECT * FROM ${schema}.senders WHERE stream = f.stream`)}
  ${joinEach("t", `SELECT stream FROM ${schema}.streams WHERE number = f.stream`)}
ORDER BY ${outer}`,
    values
  }
}

export const searchCount = (schema: string, filter: SenderFilter): Search => {
  const { values, add } = makeValues()
  if (isKeptCount(filter)) return { sql: keptCount(schema, filter, add), values }
  const { from, where } = filtered(schema, filter, add)
  return { sql: `SELECT count(*) AS senders FROM ${from} WHERE ${where.join(" AND ")}`, values }
}

/** Out of the counts that every commit keeps. */
const keptCount = (schema: string, filter: SenderFilter, add: (value: unknown) => string): string => {
  const { account, owner, ownerType, kind, statuses } = filter
  const of = (name: string): string => {
    const where = [`account = ${add(account)}`, `owner = ${add(name)}`]
    if (kind !== undefined) where.push(`kind = ${add(kind)}`)
    if (statuses !== undefined) where.push(`status = ANY (${add(texts([...statuses]))})`)
    return `(SELECT coalesce(sum(senders), 0) FROM ${schema}.sender_counts WHERE ${where.join(" AND ")})`
  }
  if (owner !== undefined) return `SELECT ${of(storedOwner(owner))}::bigint AS senders`
  const all = of(everyOwner)
  return ownerType === undefined
    ? `SELECT ${all}::bigint AS senders`
    : `SELECT (${all} - ${of(storedOwner(accountOwner))})::bigint AS senders`
}

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

interface Part {
  readonly from: string
  readonly where: ReadonlyArray<string>
  /** Whose position column the order of the log is walked along. */
  readonly position: string
}

const filtered = (schema: string, filter: SenderFilter, add: (value: unknown) => string): Part => {
  const { account, owner, ownerType, kind, statuses, canonical, domain, addedBetween, updatedBetween } = filter
  const where = [`s.account = ${add(account)}`]
  const [first, ...others] = Object.entries(filter.metadata ?? {})
  // Metadata begin at their own table, in its order, unless there is an address to begin with: that is nearly unique.
  const walked = canonical === undefined ? first : undefined
  for (const [key, value] of walked === undefined && first !== undefined ? [first, ...others] : others) {
    where.push(
      `EXISTS (SELECT FROM ${schema}.sender_metadata n WHERE n.stream = s.stream AND ${term("n", key, value, add)})`
    )
  }
  if (walked !== undefined) where.push(`m.account = ${add(account)} AND ${term("m", ...walked, add)}`)
  if (owner !== undefined) where.push(`s.owner = ${add(storedOwner(owner))}`)
  else if (ownerType !== undefined) where.push(`s.owner <> ${add(storedOwner(accountOwner))}`)
  if (kind !== undefined) where.push(`s.kind = ${add(kind)}`)
  if (statuses !== undefined) where.push(`s.status = ANY (${add(texts([...statuses]))})`)
  if (canonical !== undefined) where.push(`s.canonical = ${add(canonical)}`)
  if (domain !== undefined) where.push(`s.domain = ${add(domain)}`)
  for (const [column, bounds] of [
    ["added_at", addedBetween],
    ["updated_at", updatedBetween]
  ] as const) {
    if (bounds?.from !== undefined) where.push(`s.${column} >= ${add(long(Math.ceil(bounds.from)))}`)
    if (bounds?.to !== undefined) where.push(`s.${column} <= ${add(long(Math.floor(bounds.to)))}`)
  }
  const position = walked === undefined ? "s.position" : "m.position"
  if (filter.after !== undefined) where.push(`${position} > ${add(long(filter.after))}`)
  return walked === undefined
    ? { from: `${schema}.senders s`, where, position }
    : { from: `${schema}.sender_metadata m JOIN ${schema}.senders s ON s.stream = m.stream`, where, position }
}

/** The digest finds the rows; the texts tell apart what has the same one. */
const term = (table: string, key: string, value: string, add: (value: unknown) => string): string => {
  const [keyAt, valueAt] = [`${add(key)}::text`, `${add(value)}::text`]
  return `md5(${table}.key || '=' || ${table}.value) = md5(${keyAt} || '=' || ${valueAt})
    AND ${table}.key = ${keyAt} AND ${table}.value = ${valueAt}`
}
