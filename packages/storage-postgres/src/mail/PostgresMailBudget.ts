/**
 * The mail budget on PostgreSQL: the engine's own rule over the mails granted lately. Looked at and taken in two calls;
 * when another mail came in between, both are done again.
 */
import {
  allowance,
  type Budget,
  budgetWindow,
  type GrantedMail,
  MailBudget,
  type MailLimits
} from "@countersign/engine"
import { readBoolean, readInteger, readOptionalInteger, readText } from "@countersign/engine/storage"
import { Effect, Semaphore } from "effect"
import type { Database } from "../connection/Database.ts"
import { long } from "../connection/Parameters.ts"

const hour = 60 * 60 * 1_000

export const makeMailBudget = (database: Database, limits: MailLimits): Effect.Effect<MailBudget["Service"]> =>
  // The mails of this process wait for each other here, so that only those of other processes can come in between.
  Effect.map(Semaphore.make(1), (turn) => {
    const { schema } = database.names
    const look = `SELECT at, granted, to_address::text AS to_address, of_account, oldest, newest_to_address,
        newest_of_account FROM ${schema}.look_at_mails($1, $2, $3, $4, $5, $6)`
    const take = `SELECT ${schema}.take_mail($1, $2, $3, $4, $5, $6, $7, $8, $9) AS taken`

    const attempt = Effect.fnUntraced(function* (mail: string, addressHash: string, account: string) {
      const given = yield* database.given
      const windows = [long(budgetWindow), long(hour)]
      const [seen] = yield* database.read(look, [long(given), mail, addressHash, account, ...windows])
      const now = readInteger(seen, "at")
      if (readBoolean(seen, "granted")) return granted
      const { budget, first } = allowance(
        {
          // JSON of `look_at_mails`.
          toAddress: JSON.parse(readText(seen, "to_address")) as ReadonlyArray<GrantedMail>,
          ofAccount: { count: readInteger(seen, "of_account"), oldest: seen && readOptionalInteger(seen, "oldest") }
        },
        account,
        now,
        limits
      )
      if (budget._tag !== "Granted") return budget
      const [row] = yield* database.write(take, [
        long(now),
        mail,
        addressHash,
        account,
        ...windows,
        first,
        long(readInteger(seen, "newest_to_address")),
        long(readInteger(seen, "newest_of_account"))
      ])
      return readBoolean(row, "taken") ? granted : undefined
    })

    return MailBudget.of({
      take: ({ mail, addressHash, account }) =>
        turn.withPermit(
          Effect.gen(function* () {
            while (true) {
              const budget = yield* attempt(mail, addressHash, account)
              if (budget !== undefined) return budget
            }
          })
        )
    })
  })

const granted: Budget = { _tag: "Granted" }
