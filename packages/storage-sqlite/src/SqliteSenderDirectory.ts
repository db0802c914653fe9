/**
 * The directory on SQLite: every question is answered from an index (`SenderSearch.ts`).
 */

import type { StatementSync } from "node:sqlite"
import { accountOwner } from "@countersign/core"
import { type ListedSender, SenderDirectory, type SenderFilter } from "@countersign/engine"
import { Option } from "effect"
import { readInteger } from "./Columns.ts"
import type { Connection } from "./Connection.ts"
import { makeNumberReader } from "./Numbers.ts"
import { decodeSender, listedColumns } from "./SenderBody.ts"
import { isKeptCount, type Scope, type Search, searchCount, searchKeptCount, searchPage } from "./SenderSearch.ts"

const joined = `senders s CROSS JOIN streams t ON t.number = s.stream CROSS JOIN owner_numbers o ON o.number = s.owner`

/** The statements that do not depend on a filter. */
const directoryStatements = {
  find: `SELECT ${listedColumns} FROM streams t CROSS JOIN senders s ON s.stream = t.number
    CROSS JOIN owner_numbers o ON o.number = s.owner WHERE t.stream = ? AND s.account = ?`,
  current: `SELECT ${listedColumns} FROM senders s INDEXED BY senders_of_owner CROSS JOIN streams t ON t.number = s.stream
    CROSS JOIN owner_numbers o ON o.number = s.owner
    WHERE s.owner = ? AND s.kind = 'email' ORDER BY s.position DESC LIMIT 1`,
  onDomain: `SELECT ${listedColumns} FROM ${joined.replace("senders s", "senders s INDEXED BY senders_on_domain")}
    WHERE s.account = ? AND s.domain = ? AND s.position > ? ORDER BY s.position LIMIT ?`
} as const

/** How many shapes of queries are kept prepared; metadata keys are the caller's, so there is no end to them. */
const preparedShapes = 200

export const makeSenderDirectory = ({ read, reader }: Connection): SenderDirectory["Service"] => {
  const numbers = makeNumberReader(reader)
  const find = reader.prepare(directoryStatements.find)
  const current = reader.prepare(directoryStatements.current)
  const onDomain = reader.prepare(directoryStatements.onDomain)
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
    const accountNumber = numbers.ofAccount(account)
    if (accountNumber === undefined || statuses?.length === 0) return undefined
    if (owner === undefined) {
      const except = ownerType === undefined ? undefined : numbers.ofOwner(accountNumber, accountOwner)
      return { account: accountNumber, owner: undefined, except }
    }
    if (ownerType !== undefined && owner._tag !== ownerType) return undefined
    const ownerNumber = numbers.ofOwner(accountNumber, owner)
    return ownerNumber === undefined ? undefined : { account: accountNumber, owner: ownerNumber, except: undefined }
  }

  const one = (account: string, row: ReturnType<StatementSync["get"]>): Option.Option<ListedSender> =>
    row === undefined ? Option.none() : Option.some(decodeSender(account, row))

  return SenderDirectory.of({
    find: (account, sender) =>
      read(() => {
        const number = numbers.ofAccount(account)
        return number === undefined ? Option.none() : one(account, find.get(sender, number))
      }),
    current: (account, owner) =>
      read(() => {
        const scope = scopeOf({ account, owner })
        return scope?.owner === undefined ? Option.none() : one(account, current.get(scope.owner))
      }),
    page: (query) =>
      read(() => {
        const scope = scopeOf(query)
        return scope === undefined ? [] : run(searchPage(query, scope)).map((row) => decodeSender(query.account, row))
      }),
    count: (filter) =>
      read(() => {
        const scope = scopeOf(filter)
        if (scope === undefined) return 0
        const search = isKeptCount(filter) ? searchKeptCount(filter, scope) : searchCount(filter, scope)
        return readInteger(run(search)[0], "senders")
      }),
    onDomain: (account, domain, after, limit) =>
      read(() => {
        const number = numbers.ofAccount(account)
        return number === undefined
          ? []
          : onDomain.all(number, domain, after, limit).map((row) => decodeSender(account, row))
      })
  })
}
