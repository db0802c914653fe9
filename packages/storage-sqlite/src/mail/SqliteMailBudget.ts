/**
 * The mail budget on SQLite: the engine's own rule over the mails granted lately, in one transaction.
 */
import { allowance, type Budget, budgetWindow, MailBudget, type MailLimits } from "@countersign/engine"
import { readBoolean, readInteger, readOptionalInteger, readText } from "@countersign/engine/storage"
import type { Database } from "../connection/Database.ts"

const hour = 60 * 60 * 1_000
/** Mails out of the window are deleted so many at a time: more than one comes in, so the rest shrinks. */
const forgetAtMost = 8

export const makeMailBudget = ({ write, writer }: Database, limits: MailLimits): MailBudget["Service"] => {
  const forget = writer.prepare(`
    DELETE FROM granted_mails
    WHERE at <= ? AND number IN (SELECT number FROM granted_mails ORDER BY number LIMIT ${forgetAtMost})`)
  const find = writer.prepare("SELECT number, at FROM granted_mails WHERE mail = ?")
  const remove = writer.prepare("DELETE FROM granted_mails WHERE number = ?")
  const toAddress = writer.prepare(`
    SELECT account, at, first FROM granted_mails WHERE address_hash = ? AND at > ? ORDER BY at, number`)
  const ofAccount = writer.prepare(`
    SELECT count(*) AS count, min(at) AS oldest FROM granted_mails WHERE account = ? AND at > ?`)
  const add = writer.prepare(`
    INSERT INTO granted_mails (mail, address_hash, account, at, first) VALUES (?, ?, ?, ?, ?)`)

  return MailBudget.of({
    take: ({ mail, addressHash, account }) =>
      write(({ now }): Budget => {
        forget.run(now - budgetWindow)
        const granted = find.get(mail)
        if (granted !== undefined) {
          if (readInteger(granted, "at") > now - budgetWindow) return { _tag: "Granted" }
          remove.run(readInteger(granted, "number"))
        }
        const lately = ofAccount.get(account, now - hour)
        const { budget, first } = allowance(
          {
            toAddress: toAddress.all(addressHash, now - budgetWindow).map((row) => ({
              account: readText(row, "account"),
              at: readInteger(row, "at"),
              first: readBoolean(row, "first")
            })),
            ofAccount: {
              count: readInteger(lately, "count"),
              oldest: lately && readOptionalInteger(lately, "oldest")
            }
          },
          account,
          now,
          limits
        )
        if (budget._tag === "Granted") add.run(mail, addressHash, account, now, first ? 1 : 0)
        return budget
      })
  })
}
