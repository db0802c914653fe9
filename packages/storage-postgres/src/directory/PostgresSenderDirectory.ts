/**
 * The directory on PostgreSQL: every question is answered along an index (`SenderSearch.ts`).
 */
import { ownerKey } from "@countersign/core"
import { type ListedSender, SenderDirectory } from "@countersign/engine"
import { decodeEntry, entryColumns, type Row, readInteger } from "@countersign/engine/storage"
import { Effect, Option } from "effect"
import type { Database } from "../connection/Database.ts"
import { joinEach } from "../connection/JoinEach.ts"
import { indexable, long } from "../connection/Parameters.ts"
import { searchCount, searchPage } from "./SenderSearch.ts"

export const makeSenderDirectory = ({ read, search, names: { schema } }: Database): SenderDirectory["Service"] => {
  const joined = `${schema}.senders s JOIN ${schema}.streams t ON t.number = s.stream`
  const find = `SELECT ${entryColumns} FROM ${joined} WHERE t.stream = $1 AND s.account = $2`
  const current = `SELECT ${entryColumns} FROM (
      SELECT * FROM ${schema}.senders
      WHERE account = $1 AND owner = $2 AND kind = 'email' ORDER BY position DESC LIMIT 1
    ) s ${joinEach("t", `SELECT stream FROM ${schema}.streams WHERE number = s.stream`)}`
  const onDomain = `SELECT ${entryColumns} FROM (
      SELECT * FROM ${schema}.senders
      WHERE account = $1 AND domain = $2 AND position > $3 ORDER BY position LIMIT $4
    ) s ${joinEach("t", `SELECT stream FROM ${schema}.streams WHERE number = s.stream`)} ORDER BY s.position`

  const one =
    (account: string) =>
    ([row]: ReadonlyArray<Row>): Option.Option<ListedSender> =>
      Option.map(Option.fromUndefinedOr(row), (found) => decodeEntry(account, found))

  return SenderDirectory.of({
    find: (account, sender) => Effect.map(read(find, [sender, account]), one(account)),
    current: (account, owner) => Effect.map(read(current, [account, indexable(ownerKey(owner))]), one(account)),
    page: (query) => {
      if (contradicts(query)) return Effect.succeed([])
      const { sql, values } = searchPage(schema, query)
      return Effect.map(search(sql, values), (rows) => rows.map((row) => decodeEntry(query.account, row)))
    },
    count: (filter) => {
      if (contradicts(filter)) return Effect.succeed(0)
      const { sql, values } = searchCount(schema, filter)
      return Effect.map(search(sql, values), ([row]) => readInteger(row, "senders"))
    },
    onDomain: (account, domain, after, limit) =>
      Effect.map(read(onDomain, [account, domain, long(after), limit]), (rows) =>
        rows.map((row) => decodeEntry(account, row))
      )
  })
}

/** The account itself is no organization. */
const contradicts = ({ owner, ownerType }: Parameters<SenderDirectory["Service"]["count"]>[0]): boolean =>
  owner !== undefined && ownerType !== undefined && owner._tag !== ownerType
