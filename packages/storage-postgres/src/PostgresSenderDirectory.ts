/**
 * The directory on PostgreSQL: every question is answered along an index (`SenderSearch.ts`).
 */
import { ownerKey } from "@countersign/core"
import { type ListedSender, SenderDirectory } from "@countersign/engine"
import { Effect, Option } from "effect"
import { indexable, long } from "./Arrays.ts"
import { type Row, readInteger } from "./Columns.ts"
import type { Database } from "./Database.ts"
import { decodeSender, listedColumns } from "./SenderBody.ts"
import { searchCount, searchPage } from "./SenderSearch.ts"

export const makeSenderDirectory = ({ read, names: { schema } }: Database): SenderDirectory["Service"] => {
  const joined = `${schema}.senders s JOIN ${schema}.streams t ON t.number = s.stream`
  const find = `SELECT ${listedColumns} FROM ${joined} WHERE t.stream = $1 AND s.account = $2`
  const current = `SELECT ${listedColumns} FROM ${joined}
    WHERE s.account = $1 AND s.owner = $2 AND s.kind = 'email' ORDER BY s.position DESC LIMIT 1`
  const onDomain = `SELECT ${listedColumns} FROM ${joined}
    WHERE s.account = $1 AND s.domain = $2 AND s.position > $3 ORDER BY s.position LIMIT $4`

  const one =
    (account: string) =>
    ([row]: ReadonlyArray<Row>): Option.Option<ListedSender> =>
      Option.map(Option.fromUndefinedOr(row), (found) => decodeSender(account, found))

  return SenderDirectory.of({
    find: (account, sender) => Effect.map(read(find, [sender, account]), one(account)),
    current: (account, owner) => Effect.map(read(current, [account, indexable(ownerKey(owner))]), one(account)),
    page: (query) => {
      if (contradicts(query)) return Effect.succeed([])
      const { sql, values } = searchPage(schema, query)
      return Effect.map(read(sql, values), (rows) => rows.map((row) => decodeSender(query.account, row)))
    },
    count: (filter) => {
      if (contradicts(filter)) return Effect.succeed(0)
      const { sql, values } = searchCount(schema, filter)
      return Effect.map(read(sql, values), ([row]) => readInteger(row, "senders"))
    },
    onDomain: (account, domain, after, limit) =>
      Effect.map(read(onDomain, [account, domain, long(after), limit]), (rows) =>
        rows.map((row) => decodeSender(account, row))
      )
  })
}

/** The account itself is no organization. */
const contradicts = ({ owner, ownerType }: Parameters<SenderDirectory["Service"]["count"]>[0]): boolean =>
  owner !== undefined && ownerType !== undefined && owner._tag !== ownerType
