/**
 * The directory on SQLite: every question is answered from an index (`SenderSearch.ts`).
 *
 * What is short is answered at once. SQLite answers within the call, so the process does nothing else meanwhile; a
 * question that goes through more than `LongLists.atOnce` entries of an index, or reads more rows, is left to a thread
 * (`Scanner.ts`). Which is which follows from how long the walk is, never from how fast the disk is.
 */

import type { StatementSync } from "node:sqlite"
import { accountOwner, type Owner } from "@countersign/core"
import {
  type ListedSender,
  SenderDirectory,
  type SenderFilter,
  type SenderQuery,
  type StorageUnavailable
} from "@countersign/engine"
import { decodeEntry, entryColumns, isKeptCount, type Row, readInteger } from "@countersign/engine/storage"
import { Effect, Option } from "effect"
import type { Database } from "../connection/Database.ts"
import type { Scanner } from "./Scanner.ts"
import {
  dropsNothing,
  narrowestWalk,
  type Scope,
  type Search,
  searchCount,
  searchKeptCount,
  searchLength,
  searchPage,
  type Walk
} from "./SenderSearch.ts"
import { makeSurrogateKeyReader } from "./SurrogateKeys.ts"

/** The statements that do not depend on a filter. */
const directoryStatements = {
  find: `SELECT ${entryColumns} FROM streams t CROSS JOIN senders s ON s.stream = t.number WHERE t.stream = ? AND s.account = ?`,
  newest: `SELECT ${entryColumns} FROM senders s INDEXED BY senders_of_owner CROSS JOIN streams t ON t.number = s.stream
    WHERE s.owner = ? ORDER BY s.position DESC LIMIT 1`,
  onDomain: `SELECT ${entryColumns} FROM senders s INDEXED BY senders_on_domain CROSS JOIN streams t ON t.number = s.stream
    WHERE s.account = ? AND s.domain = ? AND s.position > ? ORDER BY s.position LIMIT ?`,
  lengthOnDomain: `SELECT count(*) AS senders FROM (SELECT 1 FROM senders s INDEXED BY senders_on_domain
    WHERE s.account = ? AND s.domain = ? AND s.position > ? LIMIT ?)`
} as const

/** How many shapes of queries are kept prepared; metadata keys are the caller's, so there is no end to them. */
const preparedShapes = 200

/** From where on a list is long. */
export interface LongLists {
  /**
   * So many entries or rows are read at once. A row without long metadata is up to two pages: 30 ms when each comes
   * from a disk that takes 0.3 ms.
   */
  readonly atOnce: number
  /**
   * So many senders of an owner, or with some metadata, are sorted by domain; with more, the account's domains are gone
   * through in order.
   */
  readonly sorted: number
}

const defaultLongLists: LongLists = { atOnce: 50, sorted: 1_000 }

/** Where the rows come from: they are there already, or the thread finds them. */
type Found =
  | { readonly _tag: "AtOnce"; readonly rows: ReadonlyArray<Row> }
  | { readonly _tag: "Long"; readonly search: Search }

const nothing: Found = { _tag: "AtOnce", rows: [] }

export const makeSenderDirectory = (
  { read, reader }: Database,
  scanner: Scanner,
  { atOnce, sorted }: LongLists = defaultLongLists
): SenderDirectory["Service"] => {
  const keys = makeSurrogateKeyReader(reader)
  const find = reader.prepare(directoryStatements.find)
  const newest = reader.prepare(directoryStatements.newest)
  const onDomain = reader.prepare(directoryStatements.onDomain)
  const lengthOnDomain = reader.prepare(directoryStatements.lengthOnDomain)
  const prepared = new Map<string, StatementSync>()

  const run = ({ sql, values }: Search) => {
    const statement = prepared.get(sql) ?? reader.prepare(sql)
    if (!prepared.has(sql)) {
      if (prepared.size >= preparedShapes) prepared.clear()
      prepared.set(sql, statement)
    }
    return statement.all(...values)
  }

  /** `undefined` when nothing can match: an account or owner that never had a sender. */
  const scopeOf = ({ account, owner, ownerType, statuses }: SenderFilter): Scope | undefined => {
    const accountNumber = keys.ofAccount(account)
    if (accountNumber === undefined || statuses?.length === 0) return undefined
    if (owner === undefined) {
      const except = ownerType === undefined ? undefined : keys.ofOwner(accountNumber, accountOwner)
      return { account: accountNumber, owner: undefined, except }
    }
    if (ownerType !== undefined && owner._tag !== ownerType) return undefined
    const ownerNumber = keys.ofOwner(accountNumber, owner)
    return ownerNumber === undefined ? undefined : { account: accountNumber, owner: ownerNumber, except: undefined }
  }

  const one = (account: string, row: ReturnType<StatementSync["get"]>): Option.Option<ListedSender> =>
    row === undefined ? Option.none() : Option.some(decodeEntry(account, row))

  /** How long the walk is; more than `most` is all the same. */
  const lengthOf = (filter: SenderFilter, scope: Scope, walk: Walk, most: number): number =>
    readInteger(run(searchLength(filter, scope, walk, most + 1))[0], "senders")

  const pageWalk = (query: SenderQuery, scope: Scope): Walk => {
    const walk = narrowestWalk(query, scope)
    if (query.order !== "by-domain" || walk === "domain") return walk
    return walk === "account" || lengthOf(query, scope, walk, sorted) > sorted ? "domains" : walk
  }

  const findPage = (query: SenderQuery): Found => {
    const scope = scopeOf(query)
    if (scope === undefined) return nothing
    const walk = pageWalk(query, scope)
    const search = searchPage(query, scope, walk)
    // Within a domain even a list without conditions has to be sorted.
    const goesNoFurther = query.order !== "by-domain" && dropsNothing(query, scope, walk)
    const isShort =
      (goesNoFurther && query.offset + query.limit <= atOnce) || lengthOf(query, scope, walk, atOnce) <= atOnce
    return isShort ? { _tag: "AtOnce", rows: run(search) } : { _tag: "Long", search }
  }

  const findCount = (filter: SenderFilter): Found => {
    const scope = scopeOf(filter)
    if (scope === undefined) return nothing
    if (isKeptCount(filter)) return { _tag: "AtOnce", rows: run(searchKeptCount(filter, scope)) }
    const walk = narrowestWalk(filter, scope)
    const search = searchCount(filter, scope, walk)
    const isShort = lengthOf(filter, scope, walk, atOnce) <= atOnce
    return isShort ? { _tag: "AtOnce", rows: run(search) } : { _tag: "Long", search }
  }

  const findOnDomain = (account: string, domain: string, after: number, limit: number): Found => {
    const number = keys.ofAccount(account)
    if (number === undefined) return nothing
    const isShort =
      limit <= atOnce || readInteger(lengthOnDomain.get(number, domain, after, atOnce + 1), "senders") <= atOnce
    const values = [number, domain, after, limit]
    return isShort
      ? { _tag: "AtOnce", rows: onDomain.all(...values) }
      : { _tag: "Long", search: { sql: directoryStatements.onDomain, values } }
  }

  const answer = <A>(
    account: string,
    find: () => Found,
    decode: (row: Row) => A
  ): Effect.Effect<ReadonlyArray<A>, StorageUnavailable> =>
    Effect.flatMap(
      read(() => {
        const found = find()
        return found._tag === "Long" ? found : { _tag: found._tag, decoded: found.rows.map(decode) }
      }),
      (found) => (found._tag === "Long" ? scanner.scan(account, found.search, decode) : Effect.succeed(found.decoded))
    )

  const page = (query: SenderQuery) =>
    answer(
      query.account,
      () => findPage(query),
      (row) => decodeEntry(query.account, row)
    )

  const findNewest = (account: string, owner: Owner): Option.Option<ListedSender> => {
    const scope = scopeOf({ account, owner })
    return scope?.owner === undefined ? Option.none() : one(account, newest.get(scope.owner))
  }

  return SenderDirectory.of({
    find: (account, sender) =>
      read(() => {
        const number = keys.ofAccount(account)
        return number === undefined ? Option.none() : one(account, find.get(sender, number))
      }),
    current: (account, owner) =>
      Effect.flatMap(
        read(() => findNewest(account, owner)),
        (found) =>
          // Nearly every owner's newest is an address; of one that has added domains since, there may be any number.
          Option.isNone(found) || found.value.kind === "email"
            ? Effect.succeed(found)
            : Effect.map(
                page({ account, owner, kind: "email", order: "newest-first", offset: 0, limit: 1 }),
                ([first]) => Option.fromUndefinedOr(first)
              )
      ),
    page,
    count: (filter) =>
      Effect.map(
        answer(
          filter.account,
          () => findCount(filter),
          (row) => readInteger(row, "senders")
        ),
        ([senders = 0]) => senders
      ),
    onDomain: (account, domain, after, limit) =>
      answer(
        account,
        () => findOnDomain(account, domain, after, limit),
        (row) => decodeEntry(account, row)
      )
  })
}
